/*
 * The addresses that a name has: a list that is shared and never changes.
 * Whoever holds it can go through it while a newer one is already in use
 * elsewhere.
 */
#ifndef VCAT_NAMES_H
#define VCAT_NAMES_H

#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/* IPv4's or IPv6's, as any.sa_family says. The port is 0. */
union names_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

struct names {
	unsigned users;
	int count; /* 1 or more */
	union names_address list[];
};

/* A copy of that list, with one user. Returns NULL with errno. */
struct names *names_make(const union names_address *list, int count);

/* The addresses of a result of getaddrinfo(3), with one user. Returns NULL with
 * errno. */
struct names *names_from(const struct addrinfo *found);

/* One user more, and one less, who may have been the last. NULL is no list. */
struct names *names_hold(struct names *names);
void names_drop(struct names *names);

/* The same address with that port; its length for connect(2) in *length. */
union names_address names_with_port(
    const union names_address *address, uint32_t port, socklen_t *length);

#endif
