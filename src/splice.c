#include "splice.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fd.h"

/* /proc/sys/fs/pipe-max-size, as it is by default. A pipe holds no memory of
 * its own but for a slot of 40 bytes for each page. */
#define PIPE_SIZE (1024 * 1024)

static const struct splice_pipe no_pipe = { .in = -1, .out = -1 };

void splice_pool_init(struct splice_pool *pool)
{
	*pool = (struct splice_pool){ .idles = 0 };
}

static void close_pipe(struct splice_pool *pool, struct splice_pipe *pipe)
{
	close(pipe->in);
	close(pipe->out);
	*pipe = no_pipe;
	pool->made--;
}

void splice_pool_free(struct splice_pool *pool)
{
	while (pool->idles > 0)
		close_pipe(pool, &pool->idle[--pool->idles]);
}

static int make_pipe(struct splice_pool *pool, struct splice_pipe *made)
{
	int ends[2];
	int size;

	if (pool->made == SPLICE_PIPES ||
	    pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0)
		return -1;
	/* refused beyond a user's share: then it is smaller, and works */
	fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE);
	size = fcntl(ends[1], F_GETPIPE_SZ);
	*made = (struct splice_pipe){
		.out = ends[0],
		.in = ends[1],
		.size = size > 0 ? (size_t)size : 1,
	};
	pool->made++;
	return 0;
}

void splice_init(struct splice *way, struct splice_pool *pool, size_t most)
{
	*way = (struct splice){ .pool = pool, .most = most, .pipe = no_pipe };
}

/* What the pipe has room for, and may be put into it. */
static size_t room(const struct splice *way)
{
	size_t size = way->pipe.size < way->most ? way->pipe.size : way->most;

	return size - way->used;
}

/* The domain of a socket that splice(2) does not wait for, or -1. */
static int domain_of(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || (flags & O_NONBLOCK) == 0)
		return -1;
	return fd_socket_number(fd, SO_DOMAIN);
}

static bool is_tcp(int domain)
{
	return domain == AF_INET || domain == AF_INET6;
}

bool splice_pays(int from, int to)
{
	int source = domain_of(from);
	int target = domain_of(to);

	return (is_tcp(source) && (is_tcp(target) || target == AF_UNIX)) ||
	       (source == AF_UNIX && target == AF_UNIX);
}

bool splice_begin(struct splice *way)
{
	struct splice_pool *pool = way->pool;

	if (pool == NULL)
		return false;
	if (pool->idles > 0) {
		way->pipe = pool->idle[--pool->idles];
		return true;
	}
	return make_pipe(pool, &way->pipe) == 0;
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
	splice_init(way, pool, way->most);
}

bool splice_on(const struct splice *way)
{
	return way->pipe.in >= 0;
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

	if (n > 0)
		way->used += (size_t)n;
	else if (n < 0 && errno == EAGAIN)
		way->stuffed = way->used > 0;
	return n;
}

bool splice_refused(int error)
{
	return error == ENOSYS || error == EPERM || error == EINVAL ||
	       error == EOPNOTSUPP;
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
