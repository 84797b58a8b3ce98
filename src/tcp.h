/*
 * TCP over IPv4 and IPv6: tcp(7), getaddrinfo(3). Without a host, loopback.
 * Nagle's algorithm is off: a byte goes out at once.
 */
#ifndef VCAT_TCP_H
#define VCAT_TCP_H

#include "socket.h"

extern const struct family tcp_family;

#endif
