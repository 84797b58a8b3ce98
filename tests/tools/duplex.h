/* Receiving and sending at the same time. */
#ifndef DUPLEX_H
#define DUPLEX_H

#include "session.h"

/*
 * Sends back everything that arrives until the end of stream.
 * Streams: up to 64 MiB are queued while the other side does not read.
 * Messages: each is sent back before the next is received, since a send that
 * does not block can tear a message. Returns 0, or -1 with errno.
 */
int duplex_echo(struct session *s);

/*
 * Sends count bytes of the pseudorandom stream and half-closes, while receiving
 * until the end of stream. Returns 0, or -1 with errno when either failed.
 */
int duplex_both(struct session *s, uint64_t count);

#endif
