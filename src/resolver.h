/*
 * Names that are looked up again, in another process, while connections to them
 * are made for months. When a name cannot be looked up, or not in time, the
 * last addresses that it had will do.
 *
 * Nothing here waits. Whoever begins a connection calls resolver_ask(), and
 * then resolver_take() until it has the addresses.
 */
#ifndef VCAT_RESOLVER_H
#define VCAT_RESOLVER_H

#include <stdbool.h>

#include "address.h"
#include "names.h"
#include "socket.h"

struct resolver;
struct resolver_name;

/*
 * Starts that process; before the sandbox, which lets nobody do so. It enters
 * one of its own, if it is to be confined. One serves for all names. Returns
 * NULL with errno.
 */
struct resolver *resolver_start(bool confined);

/* The same with a process behind that socket, which it then owns. */
struct resolver *resolver_on(int fd);

/* Ends the process, frees all names, and sets *resolver to NULL, which is none.
 */
void resolver_end(struct resolver **resolver);

/*
 * Follows the name in that address, whose addresses are `known`, if they are;
 * they stay the caller's. With once, those that are known first stay for ever.
 * Returns what resolver_end() will free, or NULL with errno.
 */
struct resolver_name *resolver_follow(struct resolver *resolver,
    const struct address *address, struct names *known, bool once);

/* Has the name looked up, if its addresses are not new. */
void resolver_ask(struct resolver_name *name);

/*
 * Returns its addresses, for the caller to drop. NULL with errno: EAGAIN if an
 * answer may come, for which whoever is asked for addresses that are known
 * waits no longer than `patience`, in seconds since the question; or why it has
 * none, for fault->step, and in fault->said.
 */
struct names *resolver_take(
    struct resolver_name *name, double patience, struct socket_fault *fault);

#endif
