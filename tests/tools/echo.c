#include "echo.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"

enum { EVENTS = 64, MESSAGE_MOST = 64 * 1024 };

static void watch(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

/* What is asked is small: it fits into the socket's buffer. */
static void answer(int fd)
{
	static char message[MESSAGE_MOST];
	ssize_t got = recv(fd, message, sizeof(message), MSG_DONTWAIT);

	if (got < 0 && errno == EAGAIN)
		return;
	if (got <= 0 || send(fd, message, (size_t)got, MSG_NOSIGNAL) < got)
		close(fd);
}

static void *serve(void *argument)
{
	int listener = (int)(intptr_t)argument;
	struct epoll_event events[EVENTS];
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	fcntl(listener, F_SETFL, O_NONBLOCK);
	watch(epoll, listener);
	for (;;) {
		int ready = epoll_wait(epoll, events, EVENTS, -1);

		for (int i = 0; i < ready; i++) {
			int fd = events[i].data.fd;

			if (fd != listener)
				answer(fd);
			else if ((fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC)) >=
				 0)
				watch(epoll, fd);
		}
	}
	return NULL;
}

void echo_start(int listener)
{
	pthread_t thread;

	pthread_create(&thread, NULL, serve, (void *)(intptr_t)listener);
	pthread_detach(thread);
}

bool echo_ask(int fd, size_t bytes)
{
	char message[MESSAGE_MOST];
	size_t back = 0;

	memset(message, 'm', bytes);
	if (send(fd, message, bytes, MSG_NOSIGNAL) != (ssize_t)bytes)
		return false;
	while (back < bytes) {
		ssize_t got = recv(fd, message, sizeof(message), 0);

		if (got <= 0)
			return false;
		back += (size_t)got;
	}
	return true;
}

static int compare(const void *a, const void *b)
{
	double one = *(const double *)a, other = *(const double *)b;

	return (one > other) - (one < other);
}

bool echo_time(int fd, size_t bytes, double *seconds, int rounds)
{
	for (int i = 0; i < rounds; i++) {
		double began = load_now();

		if (!echo_ask(fd, bytes))
			return false;
		seconds[i] = load_now() - began;
	}
	qsort(seconds, (size_t)rounds, sizeof(*seconds), compare);
	return true;
}
