/*
 * TCP over IPv4 and IPv6: tcp(7), getaddrinfo(3). Without a host, loopback.
 * Nagle's algorithm is off: a byte goes out at once.
 */
#ifndef VCAT_TCP_H
#define VCAT_TCP_H

#include "address.h"
#include "deadline.h"
#include "socket.h"

/*
 * A connected, non-blocking socket, or -1 with errno and what failed in
 * *fault. The name is looked up once; all its addresses are tried in turn,
 * each for a fair part of the time that is left.
 */
int tcp_dial(const struct address *peer, const struct socket_choice *choice,
    struct deadline limit, struct socket_fault *fault);

/*
 * A listening, non-blocking socket, or -1 with errno and *fault. The address
 * and port that it is bound to are left in *bound.
 */
int tcp_listen(const struct address *address,
    const struct socket_choice *choice, struct address *bound,
    struct socket_fault *fault);

/* Makes an accepted socket ready, and tells who its peer is. */
void tcp_accepted(int fd, struct address *peer);

#endif
