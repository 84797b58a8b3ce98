/* One connection of a peer, and a count of its bytes. */
#ifndef SESSION_H
#define SESSION_H

#include <sha2.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "prng.h"

/* The longest message that can be received. */
enum { SESSION_MESSAGE_MAX = 8 * 1024 * 1024 };

struct tally {
	uint64_t bytes;
	SHA2_CTX hash;
};

struct session {
	int fd;   /* -1 once it is closed */
	int type; /* SOCK_STREAM or SOCK_SEQPACKET */
	int save; /* received data is written here too; -1: nowhere */
	struct tally received, sent;
	struct prng prng;
	char why[128]; /* of a failure that has no errno */
};

/*
 * All functions return 0, or a count, or -1 with why filled in or else errno.
 * Receiving and sending at the same time, in two threads, is allowed.
 */

/* Begins a session on fd, which it owns. */
void session_begin(struct session *s, int fd, int type);

/* Closes what is still open. */
void session_end(struct session *s);

/*
 * One recv(2). A message that does not fit is an error, EMSGSIZE; the whole
 * of a message is always received, so size must be big enough for any.
 */
ssize_t session_receive(struct session *s, void *data, size_t size, int flags);

/* Receives exactly count bytes; an earlier end of stream is an error. */
int session_receive_exactly(struct session *s, uint64_t count);

/* Receives until the end, at most step bytes at a time, with pauses between. */
int session_receive_all(struct session *s, size_t step, double pause);

/* One send(2), which may send less than size. */
ssize_t session_send_some(
    struct session *s, const void *data, size_t size, int flags);

/* Sends all of data. */
int session_send(struct session *s, const void *data, size_t size);

/* Sends the next count bytes of the pseudorandom stream. */
int session_send_random(struct session *s, uint64_t count);

/* Sends the contents of the file at path. */
int session_send_file(struct session *s, const char *path);

#endif
