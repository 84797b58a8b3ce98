#include "outbox.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fd.h"

/* An eventfd at this count has no room for 1 more: it is not writable. */
#define EVENT_FULL (UINT64_MAX - 1)

/*
 * The message belongs to the user while `room` is writable, and to the thread
 * from the user's write to `room` until the thread's read from it.
 */
struct outbox {
	pthread_t thread;
	int socket;
	int room;   /* eventfd: writable while the message is empty */
	sem_t work; /* posted for each message, and for `closing` */
	atomic_bool closing;
	atomic_int error; /* errno of the first send that failed */
	size_t length;
	size_t size;
	char message[];
};

/* All of the message in one send: a shorter count would be a cut message. */
static void outbox_send_now(struct outbox *outbox)
{
	ssize_t n =
	    send(outbox->socket, outbox->message, outbox->length, MSG_NOSIGNAL);

	if (n != (ssize_t)outbox->length)
		outbox->error = n < 0 ? errno : EMSGSIZE;
}

/* After a failed message the next may not follow: it might be joined to it. */
static void *outbox_run(void *arg)
{
	struct outbox *outbox = arg;
	eventfd_t count;

	for (;;) {
		while (sem_wait(&outbox->work) < 0)
			continue;
		if (outbox->closing)
			return NULL;
		if (outbox->error == 0)
			outbox_send_now(outbox);
		eventfd_read(outbox->room, &count);
	}
}

/* The thread inherits the mask: no signal may interrupt its send(2). */
static int outbox_start(struct outbox *outbox)
{
	sigset_t all;
	sigset_t before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	errno = pthread_create(&outbox->thread, NULL, outbox_run, outbox);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return errno == 0 ? 0 : -1;
}

struct outbox *outbox_open(int fd, size_t size)
{
	struct outbox *outbox = calloc(1, sizeof *outbox + size);

	if (outbox == NULL)
		return NULL;
	outbox->socket = fd;
	outbox->size = size;
	sem_init(&outbox->work, 0, 0);
	outbox->room = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (outbox->room < 0)
		goto err_free;
	/* ours alone: readers of the same socket use MSG_DONTWAIT */
	if (fd_set_blocking(fd) < 0 || outbox_start(outbox) < 0)
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

ssize_t outbox_send(struct outbox *outbox, const struct iovec *piece, int n)
{
	size_t length = 0;
	char *end = outbox->message;

	for (int i = 0; i < n; i++)
		length += piece[i].iov_len;
	errno = length > outbox->size ? EMSGSIZE : outbox->error;
	if (errno != 0)
		return -1;
	if (eventfd_write(outbox->room, EVENT_FULL) < 0)
		return -1; /* EAGAIN: the message before is on its way */
	for (int i = 0; i < n; i++)
		end = mempcpy(end, piece[i].iov_base, piece[i].iov_len);
	outbox->length = length;
	sem_post(&outbox->work);
	return (ssize_t)length;
}

int outbox_flushed(struct outbox *outbox)
{
	errno = fd_poll(outbox->room, POLLOUT, 0) == 0 ? EAGAIN : outbox->error;
	return errno == 0 ? 0 : -1;
}

void outbox_close(struct outbox *outbox)
{
	outbox->closing = true;
	if (outbox_flushed(outbox) < 0 && errno == EAGAIN)
		shutdown(outbox->socket, SHUT_RDWR);
	sem_post(&outbox->work);
	pthread_join(outbox->thread, NULL);
	close(outbox->room);
	sem_destroy(&outbox->work);
	free(outbox);
}
