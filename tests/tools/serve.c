#include "serve.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 64 };

static void watch(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void take_one(int epoll, int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0)
		watch(epoll, fd);
}

void serve_run(int listener, bool (*ready)(int fd, void *context),
    void *context, int count)
{
	struct epoll_event events[EVENTS];
	int epoll = epoll_create1(EPOLL_CLOEXEC), ended = 0;

	fcntl(listener, F_SETFL, O_NONBLOCK);
	watch(epoll, listener);
	while (count == 0 || ended < count) {
		int got = epoll_wait(epoll, events, EVENTS, -1);

		for (int i = 0; i < got; i++) {
			int fd = events[i].data.fd;

			if (fd == listener) {
				take_one(epoll, listener);
			} else if (!ready(fd, context)) {
				close(fd);
				ended++;
			}
		}
	}
	close(epoll);
}
