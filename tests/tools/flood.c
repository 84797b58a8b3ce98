/*
 * Sends through a forwarder, on all connections at once, as fast as it takes
 * the bytes. One thread sends on all of them, another receives.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "load.h"
#include "serve.h"
#include "timing.h"

enum { EVENTS = 64 };

struct sink {
	int listener, wanted; /* number of connections to receive */
	uint64_t bytes;
	double ended;
};

struct source {
	int fd;
	uint64_t left;
	size_t piece;
};

/* Reads once; false when the connection has ended. */
static bool receive(int fd, void *argument)
{
	static char block[LOAD_BLOCK];
	struct sink *sink = argument;
	ssize_t got = read(fd, block, sizeof(block));

	if (got > 0)
		sink->bytes += (uint64_t)got;
	return got > 0 || (got < 0 && errno == EAGAIN);
}

static void *run_sink(void *argument)
{
	struct sink *sink = argument;

	serve_run(sink->listener, receive, sink, sink->wanted);
	sink->ended = timing_now();
	return NULL;
}

/* Writes once; true if everything is sent or sending fails. */
static bool send_some(struct source *source)
{
	static char block[LOAD_PIECE_MOST];
	size_t size = source->piece;
	ssize_t sent;

	if (source->left < size)
		size = (size_t)source->left;
	sent = write(source->fd, block, size);
	if (sent < 0)
		return errno != EAGAIN;
	source->left -= (uint64_t)sent;
	return source->left == 0;
}

static void watch(int epoll, struct source *source)
{
	struct epoll_event event = { .events = EPOLLOUT, .data.ptr = source };

	fcntl(source->fd, F_SETFL, O_NONBLOCK);
	epoll_ctl(epoll, EPOLL_CTL_ADD, source->fd, &event);
}

static void run_sources(struct source *sources, int count)
{
	struct epoll_event events[EVENTS];
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	for (int i = 0; i < count; i++)
		watch(epoll, &sources[i]);
	while (count > 0) {
		int ready = epoll_wait(epoll, events, EVENTS, -1);

		for (int i = 0; i < ready; i++) {
			struct source *source = events[i].data.ptr;

			if (!send_some(source))
				continue;
			epoll_ctl(epoll, EPOLL_CTL_DEL, source->fd, NULL);
			shutdown(source->fd, SHUT_WR);
			count--;
		}
	}
	close(epoll);
}

static bool connect_all(const struct load *load, struct source *sources)
{
	for (int i = 0; i < load->count; i++) {
		sources[i].left = load->bytes;
		sources[i].piece = load->piece > 0 ? load->piece : LOAD_BLOCK;
		sources[i].fd =
		    place_connect(&load->near, SOCK_STREAM, VMADDR_PORT_ANY);
		if (sources[i].fd < 0) {
			perror("connect");
			return false;
		}
	}
	return true;
}

const char *flood_run(struct load *load)
{
	struct sink sink = { .wanted = load->count };
	struct source *sources = calloc((size_t)load->count, sizeof(*sources));
	pthread_t thread;
	double began;

	sink.listener = load_open(load);
	if (sources == NULL || sink.listener < 0 || !connect_all(load, sources))
		return "failed";
	pthread_create(&thread, NULL, run_sink, &sink);
	began = timing_now();
	run_sources(sources, load->count);
	pthread_join(thread, NULL);
	load_say("seconds", sink.ended - began);
	load_say("bytes", (double)sink.bytes);
	for (int i = 0; i < load->count; i++)
		close(sources[i].fd);
	free(sources);
	return sink.bytes < load->bytes * (uint64_t)load->count ? "lost" : "ok";
}
