#include "outbox.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* An eventfd at this count has no room for 1 more: it is not writable. */
#define EVENT_FULL (UINT64_MAX - 1)

struct outbox {
	pthread_t thread;
	pthread_mutex_t lock; /* guards the fields below */
	pthread_cond_t wake;  /* busy or closing has become true */
	int socket;
	int room; /* eventfd: writable while there is room for a message */
	bool busy;
	bool closing;
	int error; /* errno of the first send that failed */
	size_t length;
	size_t size;
	char message[];
};

/* All of the message in one send: a shorter count would be a cut message. */
static int outbox_send_now(struct outbox *outbox)
{
	ssize_t n =
	    send(outbox->socket, outbox->message, outbox->length, MSG_NOSIGNAL);

	if (n < 0)
		return errno;
	return (size_t)n == outbox->length ? 0 : EMSGSIZE;
}

static void outbox_make_room(struct outbox *outbox)
{
	uint64_t count;

	if (read(outbox->room, &count, sizeof count) < 0)
		outbox->error = errno;
}

static void *outbox_run(void *arg)
{
	struct outbox *outbox = arg;

	pthread_mutex_lock(&outbox->lock);
	while (!outbox->closing) {
		int error;

		if (!outbox->busy) {
			pthread_cond_wait(&outbox->wake, &outbox->lock);
			continue;
		}
		pthread_mutex_unlock(&outbox->lock);
		error = outbox_send_now(outbox);
		pthread_mutex_lock(&outbox->lock);
		if (outbox->error == 0)
			outbox->error = error;
		outbox->busy = false;
		outbox_make_room(outbox);
	}
	pthread_mutex_unlock(&outbox->lock);
	return NULL;
}

/* The thread inherits the mask: no signal may interrupt its send(2). */
static int outbox_start(struct outbox *outbox)
{
	sigset_t all;
	sigset_t before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&outbox->thread, NULL, outbox_run, outbox);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return error == 0 ? 0 : -1;
}

struct outbox *outbox_open(int fd, size_t size)
{
	struct outbox *outbox = calloc(1, sizeof *outbox + size);
	int flags = fcntl(fd, F_GETFL);

	if (outbox == NULL)
		return NULL;
	outbox->socket = fd;
	outbox->size = size;
	pthread_mutex_init(&outbox->lock, NULL);
	pthread_cond_init(&outbox->wake, NULL);
	outbox->room = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (outbox->room < 0)
		goto err_free;
	/* ours alone: readers of the same socket use MSG_DONTWAIT */
	if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0)
		goto err_close;
	if (outbox_start(outbox) < 0)
		goto err_close;
	return outbox;
err_close:
	close(outbox->room);
err_free:
	free(outbox);
	return NULL;
}

int outbox_fd(const struct outbox *outbox)
{
	return outbox->room;
}

/* With the lock held: 0 when the next message may come, or errno. */
static int outbox_state(const struct outbox *outbox)
{
	if (outbox->busy)
		return EAGAIN;
	return outbox->error;
}

/* With the lock held and room for it: takes the message, wakes the thread. */
static int outbox_take(struct outbox *outbox, const struct iovec *piece, int n)
{
	const uint64_t full = EVENT_FULL;

	outbox->length = 0;
	for (int i = 0; i < n; i++) {
		if (piece[i].iov_len > outbox->size - outbox->length)
			return EMSGSIZE;
		memcpy(outbox->message + outbox->length, piece[i].iov_base,
		    piece[i].iov_len);
		outbox->length += piece[i].iov_len;
	}
	if (write(outbox->room, &full, sizeof full) < 0)
		return errno;
	outbox->busy = true;
	pthread_cond_signal(&outbox->wake);
	return 0;
}

ssize_t outbox_send(struct outbox *outbox, const struct iovec *piece, int n)
{
	ssize_t result = -1;
	int error;

	pthread_mutex_lock(&outbox->lock);
	error = outbox_state(outbox);
	if (error == 0)
		error = outbox_take(outbox, piece, n);
	if (error == 0)
		result = (ssize_t)outbox->length;
	pthread_mutex_unlock(&outbox->lock);
	errno = error;
	return result;
}

int outbox_flushed(struct outbox *outbox)
{
	int error;

	pthread_mutex_lock(&outbox->lock);
	error = outbox_state(outbox);
	pthread_mutex_unlock(&outbox->lock);
	errno = error;
	return error == 0 ? 0 : -1;
}

void outbox_close(struct outbox *outbox)
{
	pthread_mutex_lock(&outbox->lock);
	outbox->closing = true;
	if (outbox->busy)
		shutdown(outbox->socket, SHUT_RDWR);
	pthread_cond_signal(&outbox->wake);
	pthread_mutex_unlock(&outbox->lock);
	pthread_join(outbox->thread, NULL);
	close(outbox->room);
	pthread_cond_destroy(&outbox->wake);
	pthread_mutex_destroy(&outbox->lock);
	free(outbox);
}
