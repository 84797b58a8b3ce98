/*
 * VM sockets of another network namespace, network_namespaces(7). Since Linux
 * 7.0 one whose ns_mode is "local" has CIDs and ports of its own, see
 * /proc/sys/net/vsock/ns_mode.
 *
 * A socket belongs to the namespace in which it was made, whoever binds or
 * connects it. So a helper process enters the namespace, makes all VM sockets
 * and passes them to us; we never enter it, and our other sockets stay in ours.
 * The helper can do nothing else, and ends when all that have its descriptor
 * have.
 */
#ifndef VCAT_NETNS_H
#define VCAT_NETNS_H

#include <stdbool.h>

/*
 * Starts a helper for the namespace of that path, in a sandbox if `confined`.
 * Returns the descriptor to reach it, above 2 and for the caller to close, or
 * -1 after a message: also where the kernel has one vsock for all namespaces.
 */
int netns_open(const char *path, bool confined);

/* As socket(2) of AF_VSOCK, in the helper's namespace; ECHILD: it has ended. */
int netns_socket(int helper, int type);

#endif
