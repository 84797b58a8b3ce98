/*
 * Bytes that vcat passes on without reading them, by splice(2) and sendfile(2):
 *
 *	through		from a socket into a pipe of ours, and from there to a
 *			socket or a file
 *	straight	between a socket and an inherited pipe, or from a file
 *			to a socket, in one call: nothing is held
 *
 * Our pipes are shared: a direction has one only while it moves much, and as
 * long as bytes are in it.
 */
#ifndef VCAT_SPLICE_H
#define VCAT_SPLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

/* The most pipes that a pool makes; a flow that gets none copies. */
#define SPLICE_PIPES 64

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

enum splice_path {
	SPLICE_OFF,     /* bytes are copied */
	SPLICE_THROUGH, /* a pipe of ours */
	SPLICE_STRAIGHT,
	SPLICE_SENDFILE, /* straight, from a file */
};

/* One direction. To begin with, the pool and `most` are set, the rest is 0. */
struct splice {
	struct splice_pool *pool; /* borrowed; NULL: always copy */
	size_t most; /* bytes that it may hold, or move in a call */
	enum splice_path path;
	enum splice_path best; /* SPLICE_OFF: not yet known, or none */
	bool outward;          /* a socket is the sink, not the source */
	int poor;              /* calls that have moved next to nothing */
	struct splice_pipe pipe;
	size_t used;  /* bytes in the pipe */
	bool stuffed; /* the pipe took no more, though it has room for more
			 bytes */
};

/* Closes the pipes that are idle. */
void splice_pool_free(struct splice_pool *pool);

/*
 * Chooses a path for bytes from one descriptor to the other, if there is one
 * that costs less than a copy on this kernel, does not wait, and a pipe for it
 * if it needs one. If there is none, `pool` is NULL from then on.
 */
void splice_begin(struct splice *way, int from, int to);

/* Leaves the path. Gives the pipe back, or closes it with the bytes in it. */
void splice_end(struct splice *way);

/* Leaves the path for good: from now on bytes are copied. */
void splice_refuse(struct splice *way);

/* Whether bytes go straight, or through a pipe of ours. */
bool splice_straight(const struct splice *way);
bool splice_through(const struct splice *way);

/*
 * Moves bytes straight, as much as is there and fits. Returns how much, 0 at
 * the end of the stream, or -1 with errno: EAGAIN if one of both is not ready,
 * or another, for splice_blames(); then nothing has moved.
 */
ssize_t splice_pass(struct splice *way, int from, int to);

/* Where an error of splice_pass() comes from. */
enum splice_blame {
	SPLICE_SOURCE,
	SPLICE_SINK,
	SPLICE_ITSELF, /* copying does better, or meets the error again */
};
enum splice_blame splice_blames(const struct splice *way, int error);

/*
 * Notes that a call has moved n bytes, although both ends would go on. A path
 * on which the kernel does that time and again is refused.
 */
void splice_note_poor(struct splice *way, size_t n);

/* Whether the pipe may take more. */
bool splice_has_room(const struct splice *way);

/*
 * Moves what there is from a non-blocking socket into the pipe. Returns how
 * much, 0 at the end of the stream, or -1 with errno: EAGAIN when nothing is
 * there, or the pipe takes no more for now, or splice(2) does not work here;
 * then the path is refused, and reading can tell.
 */
ssize_t splice_fill(struct splice *way, int from);

/*
 * Moves from the pipe to a file, or to a non-blocking socket what that takes.
 * Returns how much, or -1 with errno. SIGPIPE must be ignored.
 */
ssize_t splice_drain(struct splice *way, int to);

/*
 * If splice(2) to the target does not work, as errno says: reads what is in
 * the pipe into memory with room for it, and refuses the path. Returns how
 * much it was, or -1 with errno unchanged if the error is another.
 */
ssize_t splice_recover(struct splice *way, const struct iovec *room, int n);

#endif
