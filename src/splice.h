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

/* As many pipes as there are at most; who finds none free copies. */
#define SPLICE_PIPES 16

struct splice_pipe {
	int in, out; /* write to in, read from out; -1: no pipe */
	size_t size; /* bytes that it may hold */
};

struct splice_pool {
	struct splice_pipe idle[SPLICE_PIPES];
	int idles; /* are free */
	int made;  /* and this many there are in all */
};

struct splice {
	struct splice_pool *pool; /* borrowed; NULL: always copy */
	size_t most;              /* bytes that it may hold */
	struct splice_pipe pipe;
	size_t used;  /* bytes in the pipe */
	bool stuffed; /* it took no more, though it has room for more bytes */
};

void splice_pool_init(struct splice_pool *pool);
void splice_pool_free(struct splice_pool *pool);

/* A way that holds at most so many bytes, and has no pipe yet. */
void splice_init(struct splice *way, struct splice_pool *pool, size_t most);

/* Takes a pipe, if one is to be had. Returns whether there is one now. */
bool splice_begin(struct splice *way);

/* Gives the pipe back, or closes it with the bytes that are in it. */
void splice_end(struct splice *way);

/*
 * Whether splice(2) moves bytes from socket to socket without waiting, and for
 * less than a copy costs. VM sockets copy anyway; from AF_UNIX to TCP the pages
 * of the one are too small for the other.
 */
bool splice_pays(int from, int to);

/* Whether there is a pipe. */
bool splice_on(const struct splice *way);

/* Whether the pipe may take more. */
bool splice_has_room(const struct splice *way);

/*
 * Moves what there is from a non-blocking socket into the pipe. Returns how
 * much, 0 at the end of the stream, or -1 with errno: EAGAIN when nothing is
 * there, or the pipe takes no more for now.
 */
ssize_t splice_fill(struct splice *way, int from);

/*
 * Whether the errno of splice_fill() says that this cannot be spliced: by a
 * filter of system calls, or a kernel that does not know how.
 */
bool splice_refused(int error);

/*
 * Moves from the pipe to a non-blocking socket what that takes. Returns how
 * much, or -1 with errno. SIGPIPE must be ignored.
 */
ssize_t splice_drain(struct splice *way, int to);

#endif
