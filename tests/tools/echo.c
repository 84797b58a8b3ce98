#include "echo.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "serve.h"
#include "timing.h"

enum { MESSAGE_MOST = 64 * 1024 };

/* A message is small, so it fits into the socket's buffer. */
static bool answer(int fd, void *unused)
{
	static char message[MESSAGE_MOST];
	ssize_t got = recv(fd, message, sizeof(message), 0);

	(void)unused;
	if (got < 0 && errno == EAGAIN)
		return true;
	return got > 0 && send(fd, message, (size_t)got, MSG_NOSIGNAL) == got;
}

static void *serve(void *argument)
{
	serve_run((int)(intptr_t)argument, answer, NULL, 0);
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

bool echo_time(int fd, size_t bytes, double *seconds, int rounds)
{
	for (int i = 0; i < rounds; i++) {
		double began = timing_now();

		if (!echo_ask(fd, bytes))
			return false;
		seconds[i] = timing_now() - began;
	}
	timing_sort(seconds, rounds);
	return true;
}
