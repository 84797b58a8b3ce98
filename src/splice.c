#include "splice.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"

/* All pipes of a pool take a quarter of /proc/sys/fs/pipe-user-pages-soft, as
 * it is by default. A pipe holds no memory of its own but for a slot of 40
 * bytes for each page. */
#define PIPE_SIZE (256 * 1024)

/* What a call is to move at least, and how often it may be less. */
#define POOR      16384
#define POOR_MOST 16

static void close_pipe(struct splice_pool *pool, struct splice_pipe *pipe)
{
	close(pipe->in);
	close(pipe->out);
	pool->made--;
}

void splice_pool_free(struct splice_pool *pool)
{
	while (pool->idles > 0)
		close_pipe(pool, &pool->idle[--pool->idles]);
}

/* An idle pipe, or a new one; none if there are too many. */
static struct splice_pipe take_pipe(struct splice_pool *pool)
{
	int ends[2];

	if (pool->idles > 0)
		return pool->idle[--pool->idles];
	if (pool->made == SPLICE_PIPES ||
	    pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0)
		return (struct splice_pipe){ .size = 0 };
	pool->made++;
	/* refused beyond a user's share: then it is smaller, and works */
	fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE);
	return (struct splice_pipe){
		.out = ends[0],
		.in = ends[1],
		.size = (size_t)fcntl(ends[1], F_GETPIPE_SZ),
	};
}

/* A filter of system calls, or a kernel that does not know how. */
static bool is_refusal(int error)
{
	return error == ENOSYS || error == EPERM || error == EINVAL ||
	       error == EOPNOTSUPP;
}

/* What a descriptor is, as far as it matters here. */
enum end {
	END_OTHER,
	END_PIPE,
	END_FILE,
	END_UNIX,
	END_TCP,
	END_VSOCK,
	ENDS,
};

/* splice(2) waits for a socket that may block, and refuses a file opened for
 * appending. A socket for messages would lose their boundaries. */
static enum end end_of(int fd)
{
	struct stat st = { .st_mode = 0 };
	int flags = fcntl(fd, F_GETFL);

	fstat(fd, &st);
	if (S_ISFIFO(st.st_mode))
		return END_PIPE;
	if (S_ISREG(st.st_mode))
		return (flags & O_APPEND) == 0 ? END_FILE : END_OTHER;
	if (!S_ISSOCK(st.st_mode) || (flags & O_NONBLOCK) == 0 ||
	    fd_socket_number(fd, SO_TYPE) != SOCK_STREAM)
		return END_OTHER;
	switch (fd_socket_number(fd, SO_DOMAIN)) {
	case AF_UNIX:
		return END_UNIX;
	case AF_INET:
	case AF_INET6:
		return END_TCP;
	case AF_VSOCK:
		return END_VSOCK;
	default:
		return END_OTHER;
	}
}

/*
 * Where it costs less than a copy, see tests/bench/MEASUREMENTS.md. From
 * AF_UNIX to TCP the pages of the one are too small for the other. A file goes
 * without a copy only where the kernel makes one: AF_UNIX and TCP would lend
 * its pages until the peer has read them, and what is written into the file
 * meanwhile, even after we have ended, would reach the peer.
 */
static const enum splice_path paths[ENDS][ENDS] = {
	[END_VSOCK] = { [END_UNIX] = SPLICE_THROUGH,
	    [END_TCP] = SPLICE_THROUGH,
	    [END_PIPE] = SPLICE_STRAIGHT,
	    [END_FILE] = SPLICE_THROUGH },
	[END_UNIX] = { [END_UNIX] = SPLICE_THROUGH,
	    [END_VSOCK] = SPLICE_THROUGH,
	    [END_PIPE] = SPLICE_STRAIGHT },
	[END_TCP] = { [END_UNIX] = SPLICE_THROUGH,
	    [END_TCP] = SPLICE_THROUGH,
	    [END_VSOCK] = SPLICE_THROUGH,
	    [END_PIPE] = SPLICE_STRAIGHT },
	[END_PIPE] = { [END_VSOCK] = SPLICE_STRAIGHT,
	    [END_UNIX] = SPLICE_STRAIGHT },
	[END_FILE] = { [END_VSOCK] = SPLICE_SENDFILE },
};

/*
 * Whether a VM socket splices many pages at a time. Before Linux 6.5 it made a
 * packet of each page that it sent, which takes twice as long as a copy, and
 * got each page that it received by itself, which costs more than it saves if
 * the page is then copied into a file. A kernel that can do MSG_ZEROCOPY for
 * it, from 6.7 on, no longer does.
 */
static bool splices_well(int fd)
{
	const int on = 1;

	return setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof on) == 0;
}

/* Chooses the path, once for all. */
static void choose(struct splice *way, int from, int to)
{
	enum end source = end_of(from);
	enum end target = end_of(to);
	bool vsock_to_file = source == END_VSOCK && target == END_FILE;

	way->best = paths[source][target];
	way->outward = source == END_PIPE || source == END_FILE;
	if ((target == END_VSOCK && !splices_well(to)) ||
	    (vsock_to_file && !splices_well(from)))
		way->best = SPLICE_OFF;
	if (way->best == SPLICE_OFF)
		splice_refuse(way);
}

void splice_begin(struct splice *way, int from, int to)
{
	if (way->best == SPLICE_OFF)
		choose(way, from, to);
	if (way->best == SPLICE_THROUGH) {
		way->pipe = take_pipe(way->pool);
		if (way->pipe.size == 0)
			return; /* all are in use now */
	}
	way->path = way->best;
}

void splice_end(struct splice *way)
{
	struct splice_pool *pool = way->pool;

	if (way->used > 0)
		close_pipe(pool, &way->pipe);
	else if (splice_through(way))
		pool->idle[pool->idles++] = way->pipe;
	*way = (struct splice){
		.pool = pool,
		.most = way->most,
		.best = way->best,
		.outward = way->outward,
	};
}

void splice_refuse(struct splice *way)
{
	splice_end(way);
	way->best = SPLICE_OFF;
	way->pool = NULL;
}

bool splice_straight(const struct splice *way)
{
	return way->path == SPLICE_STRAIGHT || way->path == SPLICE_SENDFILE;
}

bool splice_through(const struct splice *way)
{
	return way->path == SPLICE_THROUGH;
}

ssize_t splice_pass(struct splice *way, int from, int to)
{
	if (way->path == SPLICE_SENDFILE)
		return sendfile(to, from, NULL, way->most);
	return splice(
	    from, NULL, to, NULL, way->most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
}

/*
 * A socket may say only once what has happened to it. A VM socket and a file
 * say it again to whoever copies, who knows which of both it was. ENOTCONN may
 * be an end, see stream_read().
 */
enum splice_blame splice_blames(const struct splice *way, int error)
{
	if (way->path == SPLICE_SENDFILE || is_refusal(error) ||
	    error == ENOMEM || error == ENOBUFS)
		return SPLICE_ITSELF;
	if (way->outward)
		return SPLICE_SINK;
	if (error == ENOTCONN)
		return SPLICE_ITSELF;
	return error == EPIPE ? SPLICE_SINK : SPLICE_SOURCE;
}

void splice_note_poor(struct splice *way, size_t n)
{
	way->poor = n < POOR ? way->poor + 1 : 0;
	if (way->poor == POOR_MOST)
		splice_refuse(way);
}

/* What the pipe has room for, and may be put into it. */
static size_t room(const struct splice *way)
{
	size_t size = way->pipe.size < way->most ? way->pipe.size : way->most;

	return size - way->used;
}

bool splice_has_room(const struct splice *way)
{
	return !way->stuffed && room(way) > 0;
}

/*
 * A packet of a few bytes takes a whole slot of the pipe, so it can be full
 * before it is by its bytes. Then EAGAIN means the pipe, or the socket: which,
 * does not matter, as draining the pipe comes first.
 */
ssize_t splice_fill(struct splice *way, int from)
{
	ssize_t n = splice(from, NULL, way->pipe.in, NULL, room(way),
	    SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (n > 0) {
		way->used += (size_t)n;
	} else if (n < 0 && errno == EAGAIN) {
		way->stuffed = way->used > 0;
	} else if (n < 0 && way->used == 0 && is_refusal(errno)) {
		splice_refuse(way);
		errno = EAGAIN;
	}
	return n;
}

ssize_t splice_drain(struct splice *way, int to)
{
	ssize_t n = splice(way->pipe.out, NULL, to, NULL, way->used,
	    SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (n > 0) {
		way->used -= (size_t)n;
		way->stuffed = false;
	}
	return n;
}

ssize_t splice_recover(struct splice *way, const struct iovec *room, int n)
{
	ssize_t got;

	if (!is_refusal(errno))
		return -1;
	got = readv(way->pipe.out, room, n);
	way->used -= got > 0 ? (size_t)got : 0;
	splice_refuse(way);
	return got;
}
