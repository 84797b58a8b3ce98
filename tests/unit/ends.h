/*
 * What stands at the ends of a stream in a test: sockets and pipes, and
 * threads that write or read a pattern there.
 */
#ifndef VCAT_TEST_ENDS_H
#define VCAT_TEST_ENDS_H

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include "stream.h"
#include "test.h"

#define KIB          1024UL
#define MIB          (1024UL * 1024)
#define ENDS_CHUNK   (64 * KIB)
#define ENDS_WAIT_MS 5000

/* No failure is expected of these: a test without its ends is none. */
static inline int ends_must(int result, const char *what)
{
	if (result >= 0)
		return result;
	printf("# %s: %s\n", what, strerror(errno));
	exit(1);
}

static inline void ends_nonblocking(int fd)
{
	int flags = ends_must(fcntl(fd, F_GETFL), "F_GETFL");

	ends_must(fcntl(fd, F_SETFL, flags | O_NONBLOCK), "F_SETFL");
}

static inline bool ends_is_nonblocking(int fd)
{
	return (ends_must(fcntl(fd, F_GETFL), "F_GETFL") & O_NONBLOCK) != 0;
}

/* A pair of AF_UNIX sockets; the first is the program's, and non-blocking. */
static inline void ends_sockets(int type, int fd[2])
{
	ends_must(socketpair(AF_UNIX, type, 0, fd), "socketpair");
	ends_nonblocking(fd[0]);
}

/* A pipe whose end number `ours` is the program's, and non-blocking. */
static inline void ends_pipe(int fd[2], int ours)
{
	ends_must(pipe(fd), "pipe");
	ends_nonblocking(fd[ours]);
}

/*
 * A new terminal: returns its master, and its slave in *slave. Ends the test
 * as skipped where there are no terminals.
 */
static inline int ends_terminal(int *slave)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);

	if (master < 0) {
		printf(
		    "# no terminal can be opened here: %s\n", strerror(errno));
		exit(TEST_SKIPPED);
	}
	ends_must(grantpt(master), "grantpt");
	ends_must(unlockpt(master), "unlockpt");
	*slave = ends_must(open(ptsname(master), O_RDWR | O_NOCTTY), "open");
	return master;
}

/* A stream on a socket, and the peer's socket. */
static inline int ends_stream(int type, struct stream *stream, size_t size)
{
	int fd[2];

	ends_sockets(type, fd);
	ends_must(stream_from_socket(stream, fd[0], size), "stream");
	return fd[1];
}

/* The same over TCP, on this machine. */
static inline int ends_tcp(struct stream *stream, size_t size)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct sockaddr *name = (struct sockaddr *)&in;
	socklen_t length = sizeof in;
	int listener = ends_must(socket(AF_INET, SOCK_STREAM, 0), "socket");
	int peer = ends_must(socket(AF_INET, SOCK_STREAM, 0), "socket");
	int fd;

	ends_must(bind(listener, name, length), "bind");
	ends_must(listen(listener, 1), "listen");
	ends_must(getsockname(listener, name, &length), "getsockname");
	ends_must(connect(peer, name, length), "connect");
	fd = ends_must(accept4(listener, NULL, NULL, SOCK_NONBLOCK), "accept");
	ends_must(stream_from_socket(stream, fd, size), "stream");
	stream->resets = true;
	close(listener);
	return peer;
}

static inline ssize_t ends_read_stream(
    struct stream *stream, char *text, size_t size)
{
	struct iovec piece = { .iov_base = text, .iov_len = size };

	return stream_read(stream, &piece, 1);
}

static inline ssize_t ends_write_stream(
    struct stream *stream, const char *text, size_t size)
{
	struct iovec piece = { .iov_base = (char *)text, .iov_len = size };

	return stream_write(stream, &piece, 1);
}

static inline void ends_sleep(double seconds)
{
	poll(NULL, 0, (int)(seconds * 1000));
}

static inline double ends_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Whether fd has these events, now or soon. */
static inline bool ends_ready(int fd, short events, int wait_ms)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, wait_ms) == 1 && (p.revents & events) != 0;
}

static inline size_t ends_waiting(int fd)
{
	int waiting = 0;

	ends_must(ioctl(fd, FIONREAD, &waiting), "FIONREAD");
	return (size_t)waiting;
}

/* Writes the text whole. */
static inline bool ends_say(int fd, const char *text)
{
	return write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

/*
 * One read, once something is there. Returns the text: "" at the end, "?" when
 * nothing came, "!" after an error. Valid until the next call.
 */
static inline const char *ends_hear(int fd)
{
	static char text[4096];
	ssize_t got;

	if (!ends_ready(fd, POLLIN | POLLHUP | POLLERR, ENDS_WAIT_MS))
		return "?";
	got = read(fd, text, sizeof text - 1);
	if (got < 0)
		return "!";
	text[got] = '\0';
	return text;
}

/* Whether nothing at all comes for a while: no byte, no end. */
static inline bool ends_silent(int fd, int ms)
{
	return !ends_ready(fd, POLLIN | POLLHUP | POLLERR, ms);
}

/* Writes to a non-blocking fd until nothing more goes in for a while. */
static inline size_t ends_stuff(int fd)
{
	static const char zeros[4096];
	size_t total = 0;

	while (ends_ready(fd, POLLOUT, 200)) {
		ssize_t put = write(fd, zeros, sizeof zeros);

		if (put < 0 && errno != EAGAIN)
			break;
		total += put > 0 ? (size_t)put : 0;
	}
	return total;
}

/* Byte number `offset` of pattern number `seed`. */
static inline char ends_pattern(unsigned seed, size_t offset)
{
	return (
	    char)((offset * 0x9E3779B97F4A7C15U + seed * 0x85EBCA6BU) >> 27);
}

/* A thread that writes or reads a pattern, on a blocking descriptor. */
struct pump {
	int fd;
	unsigned seed;
	size_t bytes; /* to write; reading goes on to the end */
	int pause_ms; /* before each write or read */
	size_t chunk; /* at most, each; 0: ENDS_CHUNK */
	size_t done;  /* bytes moved */
	size_t wrong; /* read and not as the pattern has them */
	int error;    /* errno of the failure that ended it */
	bool at_end;  /* an end was read */
	pthread_t thread;
};

static inline void *pump_write(void *arg)
{
	struct pump *pump = arg;
	size_t chunk = pump->chunk != 0 ? pump->chunk : ENDS_CHUNK;
	char data[ENDS_CHUNK];

	while (pump->done < pump->bytes) {
		size_t n = pump->bytes - pump->done;
		ssize_t put;

		n = n < chunk ? n : chunk;
		for (size_t i = 0; i < n; i++)
			data[i] = ends_pattern(pump->seed, pump->done + i);
		poll(NULL, 0, pump->pause_ms);
		put = write(pump->fd, data, n);
		if (put < 0) {
			pump->error = errno;
			break;
		}
		pump->done += (size_t)put;
	}
	return NULL;
}

static inline void *pump_read(void *arg)
{
	struct pump *pump = arg;
	size_t chunk = pump->chunk != 0 ? pump->chunk : ENDS_CHUNK;
	char data[ENDS_CHUNK];

	for (;;) {
		ssize_t got;

		poll(NULL, 0, pump->pause_ms);
		got = read(pump->fd, data, chunk);
		if (got <= 0) {
			pump->error = got < 0 ? errno : 0;
			pump->at_end = got == 0;
			break;
		}
		for (size_t i = 0; i < (size_t)got; i++)
			pump->wrong +=
			    data[i] != ends_pattern(pump->seed, pump->done + i);
		pump->done += (size_t)got;
	}
	return NULL;
}

static inline void pump_start(struct pump *pump, void *(*run)(void *))
{
	errno = pthread_create(&pump->thread, NULL, run, pump);
	ends_must(errno == 0 ? 0 : -1, "pthread_create");
}

static inline void pump_join(struct pump *pump)
{
	pthread_join(pump->thread, NULL);
}

/* A reader that must have got these bytes, and then the end. */
#define CHECK_PUMPED(pump, count)                                              \
	do {                                                                   \
		CHECK_INT((pump).done, (count));                               \
		CHECK_INT((pump).wrong, 0);                                    \
		CHECK_INT((pump).error, 0);                                    \
		CHECK((pump).at_end);                                          \
	} while (0)

#endif
