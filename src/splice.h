/*
 * Bytes that go from one socket to another through a pipe, by splice(2): the
 * kernel passes pages on, and copies none. Pipes are shared: a direction has
 * one only while it moves much, and as long as bytes are in it.
 */
#ifndef VCAT_SPLICE_H
#define VCAT_SPLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The most pipes that a pool makes; a flow that gets none copies. */
#define SPLICE_PIPES 16

struct splice_pipe {
	int in, out; /* write to in, read from out */
	size_t size; /* bytes that it can hold; 0: no pipe */
};

/* All zeros is a pool that has made no pipe yet. */
struct splice_pool {
	struct splice_pipe idle[SPLICE_PIPES];
	int idles; /* pipes in `idle` */
	int made;  /* pipes in all */
};

/* One direction. To begin with, the pool and `most` are set, the rest is 0. */
struct splice {
	struct splice_pool *pool; /* borrowed; NULL: always copy */
	size_t most;              /* bytes that it may hold */
	struct splice_pipe pipe;
	size_t used;  /* bytes in the pipe */
	bool stuffed; /* the pipe took no more, though it has room for more
			 bytes */
};

/* Closes the pipes that are idle. */
void splice_pool_free(struct splice_pool *pool);

/*
 * Takes a pipe for bytes from one socket to another, if the pool has one, and
 * if splice(2) then moves the bytes without waiting and for less than a copy
 * costs. If it does not, `pool` is NULL from then on.
 */
void splice_begin(struct splice *way, int from, int to);

/* Gives the pipe back, or closes it with the bytes that are in it. */
void splice_end(struct splice *way);

/* Whether there is a pipe. */
bool splice_on(const struct splice *way);

/* Whether the pipe may take more. */
bool splice_has_room(const struct splice *way);

/*
 * Moves what there is from a non-blocking socket into the pipe. Returns how
 * much, 0 at the end of the stream, or -1 with errno: EAGAIN when nothing is
 * there, or the pipe takes no more for now, or splice(2) does not work here;
 * then the pipe and the pool are gone, and reading can tell.
 */
ssize_t splice_fill(struct splice *way, int from);

/*
 * Moves from the pipe to a non-blocking socket what that takes. Returns how
 * much, or -1 with errno. SIGPIPE must be ignored.
 */
ssize_t splice_drain(struct splice *way, int to);

#endif
