/*
 * The header of the PROXY protocol, which tells a server behind a relay who
 * its client is: doc/proxy-protocol.txt of HAProxy, sections 2.1 (version 1),
 * 2.2 (version 2) and 2.2.8 (types that applications may define).
 *
 * The protocol knows TCP clients. All others are UNKNOWN in version 1 and LOCAL
 * in version 2, which every receiver has to accept: of PROXY with AF_UNSPEC,
 * which says the same, "the receiver is free to accept the connection", and
 * Dovecot and go-proxyproto are not so free. A VM socket's peer is in a TLV of
 * our own behind it: PROXY_TYPE_VSOCK, a length of 8, and the CID and the port,
 * 32 bits each, all in network byte order.
 */
#ifndef VCAT_PROXY_H
#define VCAT_PROXY_H

#include <stddef.h>

#include "address.h"
#include "flow.h"

/* Application-specific types are 0xE0 to 0xEF; Google Cloud has 0xE0, AWS 0xEA,
 * Azure 0xEE. */
#define PROXY_TYPE_VSOCK 0xE8

/* The longest header, of version 1, with a NUL. */
#define PROXY_SIZE 108

/*
 * Writes the header of that version for a connection from peer, which was
 * accepted at local. Returns its length. Addresses of TCP are numeric.
 */
size_t proxy_header(int version, const struct address *peer,
    const struct address *local, char header[PROXY_SIZE]);

/*
 * Has the flow, which has moved nothing yet, begin with the header for the
 * accepted socket fd; the flow counts only what follows it. Version 0 is no
 * header.
 */
void proxy_introduce(
    int version, int fd, const struct address *peer, struct flow *flow);

#endif
