/*
 * AF_VSOCK: vsock(7). Errors as the kernel gives them, but for one: a refused
 * connection is ECONNREFUSED here, where the kernel says ECONNRESET.
 */
#ifndef VCAT_VSOCK_H
#define VCAT_VSOCK_H

#include "address.h"
#include "socket.h"

/*
 * Begins to connect. Returns 0, or -1 with errno, in attempt->fault what
 * failed, and no socket.
 */
int vsock_begin(struct socket_attempt *attempt, const struct address *peer);

/* As socket_outcome(). */
int vsock_outcome(int fd);

/*
 * A listening, non-blocking socket, or -1 with errno and *fault. The CID and
 * port that it is bound to are left in *bound.
 */
int vsock_listen(const struct address *address,
    const struct socket_choice *choice, struct address *bound,
    struct socket_fault *fault);

/*
 * The CID of this machine: a guest's own, else 2 on a host of virtual machines,
 * else 1 with the loopback alone. No packet is sent. Returns 0, or -1 with
 * errno: EAFNOSUPPORT without vsock, ENODEV without a transport; EACCES, ENOENT
 * and so on if only /dev/vsock knows, and it cannot be asked.
 */
int vsock_local_cid(uint32_t *cid);

/*
 * Whether a socket can be bound to that CID, ADDRESS_ANY included: binds one to
 * a free port and closes it. Returns 0, or -1 with errno.
 */
int vsock_try_bind(uint32_t cid);

/* Our own end of a socket; a connected one's CID is asked for. */
void vsock_local(int fd, struct address *local);

/* The peer of an accepted socket. Only before its first shutdown(2). */
void vsock_peer(int fd, struct address *peer);

#endif
