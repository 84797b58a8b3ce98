/*
 * A banner: the first bytes that a service sends by itself, such as
 * "SSH-2.0-OpenSSH_9.2". A connection that is accepted proves little where a
 * VMM accepts for a guest that does not listen yet; bytes of the service do.
 */
#ifndef VCAT_BANNER_H
#define VCAT_BANNER_H

#include <stddef.h>

#include "socket.h"

/* What is kept of it, to be shown. */
#define BANNER_SIZE 256

struct banner {
	const char *wanted; /* how it must begin, borrowed; "": any bytes */
	size_t heard;       /* bytes so far of the latest attempt */
	char first[BANNER_SIZE]; /* of these; the last is always NUL */
};

/* A new attempt begins. */
void banner_begin(struct banner *banner, struct socket_attempt *attempt);

/*
 * Reads from the socket of the attempt, as far as is needed to know. Returns 0
 * when what has come is as wanted; else -1 with errno, and in the fault what
 * to say: EAGAIN while more must come; ECONNRESET if the peer closed and sent
 * nothing; EPROTO if what it sent is not as wanted.
 */
int banner_hear(struct banner *banner, struct socket_attempt *attempt);

/*
 * What has come of an attempt that ended with that errno at the step "banner":
 * "silent", "closed" or "other banner"; NULL for all other errors.
 */
const char *banner_outcome(int error);
#define BANNER_OUTCOMES 3

/* Its first line, as far as it was heard, fit for a terminal. Returns text. */
const char *banner_line(const struct banner *banner, char text[BANNER_SIZE]);

#endif
