/*
 * Through a forwarder: as much as it takes in, on all connections at once.
 * One thread sends on all of them, one receives.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "load.h"

enum { EVENTS = 64 };

struct sink {
	int listener, wanted; /* connections that are to come, and to end */
	uint64_t bytes;
	double ended;
};

struct source {
	int fd;
	uint64_t left;
};

static void watch(int epoll, int fd, uint32_t events, void *data)
{
	struct epoll_event event = { .events = events };

	if (data == NULL)
		event.data.fd = fd;
	else
		event.data.ptr = data;
	fcntl(fd, F_SETFL, O_NONBLOCK);
	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

/* Reads once; true when the connection has ended. */
static bool receive(struct sink *sink, int fd)
{
	static char block[LOAD_BLOCK];
	ssize_t got = read(fd, block, sizeof(block));

	if (got < 0 && errno == EAGAIN)
		return false;
	if (got > 0) {
		sink->bytes += (uint64_t)got;
		return false;
	}
	close(fd);
	return true;
}

static void *run_sink(void *argument)
{
	struct sink *sink = argument;
	struct epoll_event events[EVENTS];
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	watch(epoll, sink->listener, EPOLLIN, NULL);
	while (sink->wanted > 0) {
		int ready = epoll_wait(epoll, events, EVENTS, -1);

		for (int i = 0; i < ready; i++) {
			int fd = events[i].data.fd;

			if (fd != sink->listener) {
				if (receive(sink, fd))
					sink->wanted--;
			} else if ((fd = accept4(
					fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
				watch(epoll, fd, EPOLLIN, NULL);
			}
		}
	}
	sink->ended = load_now();
	close(epoll);
	return NULL;
}

/* Writes once; true when nothing more can be sent, or nothing is left. */
static bool send_some(struct source *source)
{
	static char block[LOAD_BLOCK];
	size_t size = sizeof(block);
	ssize_t sent;

	if (source->left < size)
		size = (size_t)source->left;
	sent = write(source->fd, block, size);
	if (sent < 0)
		return errno != EAGAIN;
	source->left -= (uint64_t)sent;
	return source->left == 0;
}

static void run_sources(struct source *sources, int count)
{
	struct epoll_event events[EVENTS];
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	for (int i = 0; i < count; i++)
		watch(epoll, sources[i].fd, EPOLLOUT, &sources[i]);
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
	began = load_now();
	run_sources(sources, load->count);
	pthread_join(thread, NULL);
	load_say("seconds", sink.ended - began);
	load_say("bytes", (double)sink.bytes);
	for (int i = 0; i < load->count; i++)
		close(sources[i].fd);
	free(sources);
	return sink.bytes < load->bytes * (uint64_t)load->count ? "lost" : "ok";
}
