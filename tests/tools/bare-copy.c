/*
 * bare-copy: the simplest copying between descriptors and a socket, to learn
 * what the kernel allows. Each direction is a blocking loop of read and write
 * in its own thread, without messages, hints or time limits.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <unistd.h>

#include "number.h"
#include "place.h"

struct settings {
	size_t block;
	uint64_t socket_buffer; /* 0: the kernel's own choice */
	int pipe_size;          /* 0: left alone */
	uint64_t from_memory;   /* send this many bytes instead of stdin */
	bool to_nothing;        /* drop what comes instead of writing it */
	bool one_way;           /* only from the connecting side */
	bool handshake;         /* of the hybrid sockets */
};

/* One direction. When forwarding, the last one to end closes both sockets. */
struct direction {
	const struct settings *settings;
	int from, to;
	uint64_t from_memory;
	bool to_nothing;
	struct pair *pair;
};

struct pair {
	struct direction there, back;
	atomic_int running;
	int listening_side, far_side;
};

static const char usage_text[] =
    "usage: bare-copy [options] connect ADDR\n"
    "       bare-copy [options] listen ADDR\n"
    "       bare-copy [options] forward ADDR ADDR\n"
    "ADDR is vsock:CID:PORT, unix:PATH or tcp:ADDRESS:PORT.\n"
    "  -b BYTES  read and write so many at once (256 KiB)\n"
    "  -s BYTES  the sockets' buffers\n"
    "  -p BYTES  the size of stdin and stdout where they are pipes\n"
    "  -m BYTES  send so many from memory, not what stdin has\n"
    "  -n        read what comes and drop it\n"
    "  -u        one way: from the one that connects to the one that listens\n"
    "  -H        the hybrid sockets' handshake comes first\n";

static int usage(FILE *out)
{
	fputs(usage_text, out);
	return out == stdout ? 0 : 2;
}

static bool write_all(int fd, const char *bytes, size_t count)
{
	while (count > 0) {
		ssize_t written = write(fd, bytes, count);

		if (written < 0)
			return false;
		bytes += written;
		count -= (size_t)written;
	}
	return true;
}

static bool copy(const struct direction *way, char *block)
{
	size_t size = way->settings->block;
	ssize_t got;

	while ((got = read(way->from, block, size)) > 0)
		if (!way->to_nothing && !write_all(way->to, block, (size_t)got))
			return false;
	return got == 0;
}

static bool send_memory(const struct direction *way, char *block)
{
	uint64_t left = way->from_memory;

	memset(block, 'm', way->settings->block);
	while (left > 0) {
		size_t size = way->settings->block;

		if (left < size)
			size = (size_t)left;
		if (!write_all(way->to, block, size))
			return false;
		left -= size;
	}
	return true;
}

/* Returns NULL for success. */
static void *run_direction(void *argument)
{
	struct direction *way = argument;
	char *block = malloc(way->settings->block);
	bool ok =
	    block != NULL &&
	    (way->from_memory > 0 ? send_memory(way, block) : copy(way, block));

	shutdown(way->to, SHUT_WR);
	free(block);
	if (way->pair != NULL &&
	    atomic_fetch_sub(&way->pair->running, 1) == 1) {
		close(way->pair->listening_side);
		close(way->pair->far_side);
		free(way->pair);
	}
	return ok ? NULL : "failed";
}

/* For vsock the maximum must be raised before the size. */
static void enlarge_socket(int fd, const struct settings *settings)
{
	uint64_t size = settings->socket_buffer;
	int short_size = (int)size;

	if (size == 0)
		return;
	setsockopt(
	    fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_MAX_SIZE, &size, sizeof(size));
	setsockopt(
	    fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &short_size, sizeof(short_size));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &short_size, sizeof(short_size));
}

static int failed(const char *what)
{
	perror(what);
	return 1;
}

/* A vsock connection keeps the buffer sizes that it was made with. */
static int dial(const union place *place, const struct settings *settings)
{
	int fd = socket(place->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	enlarge_socket(fd, settings);
	if (connect(fd, &place->any, place_size(place)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Reads up to the newline, and no further. */
static bool skip_line(int fd)
{
	char byte;

	while (read(fd, &byte, 1) == 1)
		if (byte == '\n')
			return true;
	return false;
}

static bool shake_hands(int fd, bool listening)
{
	if (listening)
		return skip_line(fd) && write_all(fd, "OK 1073741824\n", 14);
	return write_all(fd, "CONNECT 1234\n", 13) && skip_line(fd);
}

static int copy_stdio(int fd, bool listening, const struct settings *settings)
{
	struct direction send = { settings, STDIN_FILENO, fd,
		settings->from_memory, false, NULL };
	struct direction receive = { settings, fd, STDOUT_FILENO, 0,
		settings->to_nothing, NULL };
	pthread_t sender;
	void *sent = NULL, *received = NULL;

	if (settings->handshake && !shake_hands(fd, listening))
		return failed("handshake");
	if (settings->pipe_size > 0) {
		fcntl(STDIN_FILENO, F_SETPIPE_SZ, settings->pipe_size);
		fcntl(STDOUT_FILENO, F_SETPIPE_SZ, settings->pipe_size);
	}
	if (settings->one_way)
		return run_direction(listening ? &receive : &send) ? 1 : 0;
	if (pthread_create(&sender, NULL, run_direction, &send) != 0)
		return failed("thread");
	received = run_direction(&receive);
	pthread_join(sender, &sent);
	return sent != NULL || received != NULL ? 1 : 0;
}

static int run_connect(
    const union place *place, const struct settings *settings)
{
	int fd = dial(place, settings);

	return fd < 0 ? failed("connect") : copy_stdio(fd, false, settings);
}

static int run_listen(const union place *place, const struct settings *settings)
{
	int listener = place_listen(place, SOCK_STREAM);
	int fd;

	if (listener < 0)
		return failed("listen");
	enlarge_socket(listener, settings);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	close(listener);
	place_forget(place);
	return fd < 0 ? failed("accept") : copy_stdio(fd, true, settings);
}

static bool start(struct direction *way)
{
	pthread_attr_t attributes;
	pthread_t thread;
	bool ok;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, 64 * 1024);
	ok = pthread_create(&thread, &attributes, run_direction, way) == 0;
	pthread_attr_destroy(&attributes);
	return ok;
}

/* The pair frees itself when both directions have ended. */
static bool forward_one(int near, int far, const struct settings *settings)
{
	struct pair *pair = malloc(sizeof(*pair));

	if (pair == NULL)
		return false;
	*pair = (struct pair){
		.there = { settings, near, far, 0, false, pair },
		.back = { settings, far, near, 0, false, pair },
		.running = 2,
		.listening_side = near,
		.far_side = far,
	};
	return start(&pair->there) && start(&pair->back);
}

static int run_forward(const union place *place, const union place *target,
    const struct settings *settings)
{
	int listener = place_listen(place, SOCK_STREAM);

	if (listener < 0)
		return failed("listen");
	enlarge_socket(listener, settings);
	for (;;) {
		int near = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		int far = near < 0 ? -1 : dial(target, settings);

		if (far < 0 || !forward_one(near, far, settings))
			return failed("forward");
	}
}

static uint64_t size_of(const char *text)
{
	return (uint64_t)number_of(text, 1, 1LL << 40);
}

static bool parse(struct settings *settings, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "+hb:s:p:m:nuH")) != -1) {
		if (c == 'b')
			settings->block = size_of(optarg);
		else if (c == 's')
			settings->socket_buffer = size_of(optarg);
		else if (c == 'p')
			settings->pipe_size = (int)size_of(optarg);
		else if (c == 'm')
			settings->from_memory = size_of(optarg);
		else if (c == 'n')
			settings->to_nothing = true;
		else if (c == 'u')
			settings->one_way = true;
		else if (c == 'H')
			settings->handshake = true;
		else
			exit(usage(c == 'h' ? stdout : stderr));
	}
	return argc - optind >= 2;
}

int main(int argc, char **argv)
{
	struct settings settings = { .block = 256 * 1024 };
	union place place, target;
	const char *what;

	signal(SIGPIPE, SIG_IGN);
	if (!parse(&settings, argc, argv))
		return usage(stderr);
	argv += optind;
	what = argv[0];
	if (!place_parse(argv[1], &place))
		return usage(stderr);
	if (strcmp(what, "connect") == 0)
		return run_connect(&place, &settings);
	if (strcmp(what, "listen") == 0)
		return run_listen(&place, &settings);
	if (strcmp(what, "forward") == 0 && argv[2] != NULL &&
	    place_parse(argv[2], &target))
		return run_forward(&place, &target, &settings);
	return usage(stderr);
}
