/*
 * TCP over IPv4 and IPv6: tcp(7), getaddrinfo(3). Without a host, loopback.
 * Nagle's algorithm is off: a byte goes out at once.
 */
#ifndef VCAT_TCP_H
#define VCAT_TCP_H

#include <netdb.h>

#include "address.h"
#include "deadline.h"
#include "socket.h"

/*
 * Looks the name up, which may take long. Returns its addresses, for
 * freeaddrinfo(3), or NULL with errno and in *fault what failed: ETIMEDOUT
 * when no name server answers, ENXIO when there is no such name.
 */
struct addrinfo *tcp_resolve(const struct address *peer,
    const struct socket_choice *choice, struct socket_fault *fault);

/*
 * Begins to connect to the port at the first address of the list, of which
 * the port does not count. Returns 0, or -1 with errno, in attempt->fault what
 * failed, and no socket.
 */
int tcp_begin(
    struct socket_attempt *attempt, const struct addrinfo *to, uint32_t port);

/*
 * When the attempt with the first address of the list is to give up, so that
 * each has an equal part of the time until `whole`.
 */
struct deadline tcp_share(const struct addrinfo *list, struct deadline whole);

/*
 * A listening, non-blocking socket, or -1 with errno and *fault. The address
 * and port that it is bound to are left in *bound.
 */
int tcp_listen(const struct address *address,
    const struct socket_choice *choice, struct address *bound,
    struct socket_fault *fault);

/* Our own end of a socket. */
void tcp_local(int fd, struct address *local);

/*
 * Makes an accepted socket ready, and tells who its peer is. Returns 0, or -1
 * with errno, ENOTCONN, if it was reset already: the peer has no name then.
 */
int tcp_accepted(int fd, struct address *peer);

#endif
