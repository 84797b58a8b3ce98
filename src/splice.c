#include "splice.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fd.h"

/* /proc/sys/fs/pipe-max-size, as it is by default. A pipe holds no memory of
 * its own but for a slot of 40 bytes for each page. */
#define PIPE_SIZE (1024 * 1024)

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

/*
 * The domain of a socket for which splice(2) does not wait, AF_INET for both
 * of TCP's; or -1. A socket for messages, which would lose their boundaries,
 * is none.
 */
static int domain_of(int fd)
{
	int domain = fd_socket_number(fd, SO_DOMAIN);

	if ((fcntl(fd, F_GETFL) & O_NONBLOCK) == 0 ||
	    fd_socket_number(fd, SO_TYPE) != SOCK_STREAM)
		return -1;
	return domain == AF_INET6 ? AF_INET : domain;
}

/*
 * Whether it costs less than a copy. VM sockets copy anyway; from AF_UNIX to
 * TCP the pages of the one are too small for the other.
 */
static bool pays(int from, int to)
{
	int source = domain_of(from);
	int target = domain_of(to);

	return target == AF_UNIX ? source == AF_UNIX || source == AF_INET
				 : target == AF_INET && source == AF_INET;
}

void splice_begin(struct splice *way, int from, int to)
{
	if (pays(from, to))
		way->pipe = take_pipe(way->pool);
	else
		way->pool = NULL;
}

void splice_end(struct splice *way)
{
	struct splice_pool *pool = way->pool;

	if (!splice_on(way))
		return;
	if (way->used > 0)
		close_pipe(pool, &way->pipe);
	else
		pool->idle[pool->idles++] = way->pipe;
	*way = (struct splice){ .pool = pool, .most = way->most };
}

bool splice_on(const struct splice *way)
{
	return way->pipe.size > 0;
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

/* A filter of system calls, or a kernel that does not know how. */
static bool is_refusal(int error)
{
	return error == ENOSYS || error == EPERM || error == EINVAL ||
	       error == EOPNOTSUPP;
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
		splice_end(way);
		way->pool = NULL;
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
