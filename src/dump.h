/*
 * The hex dump of -x: what connections carry in both directions, in blocks, for
 * people and for xxd -r. A block is what one read has brought, so with
 * SOCK_SEQPACKET a message. Its first line has the direction as the far peer
 * sees it (> to it, < from it), the peer, the number of the connection, the
 * time of day in UTC, and the length; the others are as xxd(1) writes them,
 *with the offset in that direction:
 *
 *	> 3:1234 #1 09:06:13.123456Z 6 bytes
 *	00000000: 6865 6c6c 6f0a                           hello.
 *
 * The handshake of a hybrid socket comes first. What vcat itself puts before a
 * client's bytes is not there.
 */
#ifndef VCAT_DUMP_H
#define VCAT_DUMP_H

#include <stdbool.h>

#include "address.h"
#include "dial.h"
#include "relay.h"
#include "status.h"

/* Where to, and what is to be written. */
struct dump;

/* One connection. */
struct dump_pair;

/*
 * Creates the file, which only its owner may read, or empties it; "" is stderr.
 * With NULL for the file, *opened is NULL, too. Returns 0, or -1 after a
 * message.
 */
int dump_open(struct dump **opened, const char *file);

/*
 * Ends a dump, which may be NULL. Returns the status, or STATUS_FAILED if it
 * was STATUS_OK but not all could be dumped, which has been said.
 */
enum status dump_close(struct dump *dump, enum status status);

/*
 * A connection with that far peer begins, whose address must outlive the pair.
 * For the caller to free(3); NULL if dump is NULL, and if there is no memory:
 * then the dump has failed, with a message.
 */
struct dump_pair *dump_begin(struct dump *dump, const struct address *far);

/* A dial has ended: shows its handshake, if it has one. These do nothing for a
 * pair that is NULL. */
void dump_dial(struct dump_pair *pair, const struct dial *dial, bool far);

/* Shows what the relay, which has moved nothing yet, reads from both sides. */
void dump_watch(struct dump_pair *pair, struct relay *relay);

#endif
