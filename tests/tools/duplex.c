#include "duplex.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	QUEUE_SIZE = 64 * 1024 * 1024, /* touched only as far as it is used */
};

struct queue {
	char *data;
	size_t begin, end, size;
	bool finished; /* nothing more will come in */
};

static bool queue_is_empty(const struct queue *q)
{
	return q->begin == q->end;
}

static bool queue_is_full(const struct queue *q)
{
	return q->begin == 0 && q->end == q->size;
}

/* Makes room at the end, when there is any. */
static void queue_settle(struct queue *q)
{
	if (!queue_is_empty(q) && q->end < q->size)
		return;
	memmove(q->data, q->data + q->begin, q->end - q->begin);
	q->end -= q->begin;
	q->begin = 0;
}

static int queue_receive(struct queue *q, struct session *s)
{
	ssize_t n = session_receive(
	    s, q->data + q->end, q->size - q->end, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN ? 0 : -1;
	q->end += (size_t)n;
	q->finished = n == 0;
	return 0;
}

static int queue_send(struct queue *q, struct session *s)
{
	ssize_t n = session_send_some(
	    s, q->data + q->begin, q->end - q->begin, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN ? 0 : -1;
	q->begin += (size_t)n;
	return 0;
}

static int echo_stream(struct session *s, struct queue *q)
{
	while (!q->finished || !queue_is_empty(q)) {
		struct pollfd pfd = { .fd = s->fd };
		bool in, out;

		queue_settle(q);
		in = !q->finished && !queue_is_full(q);
		out = !queue_is_empty(q);
		pfd.events = (short)((in ? POLLIN : 0) | (out ? POLLOUT : 0));
		if (poll(&pfd, 1, -1) < 0)
			return -1;
		if (in && (pfd.revents & ~POLLOUT) && queue_receive(q, s) < 0)
			return -1;
		if (out && (pfd.revents & ~POLLIN) && queue_send(q, s) < 0)
			return -1;
	}
	return 0;
}

static int echo_messages(struct session *s, char *buffer)
{
	ssize_t n;

	while ((n = session_receive(s, buffer, SESSION_MESSAGE_MAX, 0)) > 0)
		if (session_send(s, buffer, (size_t)n) < 0)
			return -1;
	return (int)n;
}

int duplex_echo(struct session *s)
{
	struct queue q = { .size = QUEUE_SIZE };
	int result;

	q.data = malloc(q.size);
	if (q.data == NULL)
		return -1;
	if (s->type == SOCK_SEQPACKET)
		result = echo_messages(s, q.data);
	else
		result = echo_stream(s, &q);
	free(q.data);
	return result;
}

struct sender {
	struct session *session;
	uint64_t count;
	int error;
};

static void *sender_run(void *argument)
{
	struct sender *sender = argument;
	struct session *s = sender->session;

	if (session_send_random(s, sender->count) < 0 ||
	    shutdown(s->fd, SHUT_WR) < 0)
		sender->error = errno;
	return NULL;
}

int duplex_both(struct session *s, uint64_t count)
{
	struct sender sender = { .session = s, .count = count };
	pthread_t thread;
	int received, receive_error;

	errno = pthread_create(&thread, NULL, sender_run, &sender);
	if (errno != 0)
		return -1;
	received = session_receive_all(s, 0, 0);
	receive_error = errno;
	pthread_join(thread, NULL);
	errno = received < 0 ? receive_error : sender.error;
	return received < 0 || sender.error != 0 ? -1 : 0;
}
