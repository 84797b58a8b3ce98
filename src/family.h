/*
 * The families, one row a kind of address. Whoever wants something of an
 * address asks its row, and never which kind it is.
 */
#ifndef VCAT_FAMILY_H
#define VCAT_FAMILY_H

#include <stdbool.h>

#include "address.h"
#include "socket.h"

/* The row of that kind. That of ADDRESS_STDIO can do nothing. */
const struct family *family_of(enum address_kind kind);

/* The kind of a socket of that domain; ADDRESS_STDIO if it is none of ours. */
enum address_kind family_of_domain(int domain);

/*
 * Our own end of a socket: *local is the address that it was opened for, and
 * becomes its own where it has one. Returns 0, or -1 with errno.
 */
int family_local(int fd, struct address *local);

/*
 * Makes an accepted socket ready. *peer is the listener's address, and becomes
 * the peer's, unless both meet at a file. Returns 0, or -1 with errno if the
 * peer has gone. Only before the first shutdown(2). With passed, the socket is
 * of a listener that vcat has not made.
 */
int family_accepted(int fd, const struct socket_choice *choice, bool passed,
    struct address *peer);

#endif
