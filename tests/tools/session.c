#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "timing.h"

enum {
	STREAM_STEP = 256 * 1024, /* received and sent at a time */
	PACKET_STEP = 64 * 1024,  /* sent as one message */
};

void session_begin(struct session *s, int fd, int type)
{
	memset(s, 0, sizeof(*s));
	s->fd = fd;
	s->type = type;
	s->save = -1;
	SHA256Init(&s->received.hash);
	SHA256Init(&s->sent.hash);
	prng_init(&s->prng, 1);
}

void session_end(struct session *s)
{
	if (s->fd >= 0)
		close(s->fd);
	if (s->save >= 0)
		close(s->save);
}

static void tally_add(struct tally *tally, const void *data, size_t size)
{
	tally->bytes += size;
	SHA256Update(&tally->hash, data, size);
}

static int save_all(int fd, const char *data, size_t size)
{
	while (fd >= 0 && size > 0) {
		ssize_t n = write(fd, data, size);

		if (n < 0)
			return -1;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

ssize_t session_receive(struct session *s, void *data, size_t size, int flags)
{
	ssize_t n;

	if (s->type == SOCK_SEQPACKET)
		flags |= MSG_TRUNC; /* so n is the message's own length */
	n = recv(s->fd, data, size, flags);
	if (n <= 0)
		return n;
	if ((size_t)n > size) {
		errno = EMSGSIZE;
		return -1;
	}
	tally_add(&s->received, data, (size_t)n);
	return save_all(s->save, data, (size_t)n) < 0 ? -1 : n;
}

static int too_early(struct session *s, uint64_t wanted, uint64_t missing)
{
	snprintf(s->why, sizeof(s->why),
	    "end of stream after %" PRIu64 " of %" PRIu64 " bytes",
	    wanted - missing, wanted);
	return -1;
}

static int receive_exactly(
    struct session *s, uint64_t count, char *buffer, size_t size)
{
	uint64_t left = count;

	while (left > 0) {
		size_t step =
		    left < size && s->type == SOCK_STREAM ? left : size;
		ssize_t n = session_receive(s, buffer, step, 0);

		if (n < 0)
			return -1;
		if (n == 0)
			return too_early(s, count, left);
		if ((uint64_t)n > left) { /* a message crosses the border */
			errno = EMSGSIZE;
			return -1;
		}
		left -= (uint64_t)n;
	}
	return 0;
}

/* Messages must be received whole, so steps have no meaning for them. */
static size_t buffer_size(const struct session *s, size_t step)
{
	return s->type == SOCK_SEQPACKET ? SESSION_MESSAGE_MAX : step;
}

int session_receive_exactly(struct session *s, uint64_t count)
{
	size_t size = buffer_size(s, STREAM_STEP);
	char *buffer = malloc(size);
	int result;

	if (buffer == NULL)
		return -1;
	result = receive_exactly(s, count, buffer, size);
	free(buffer);
	return result;
}

int session_receive_all(struct session *s, size_t step, double pause)
{
	size_t size = buffer_size(s, step ? step : STREAM_STEP);
	char *buffer = malloc(size);
	ssize_t n;

	if (buffer == NULL)
		return -1;
	while ((n = session_receive(s, buffer, size, 0)) > 0)
		timing_pause(pause);
	free(buffer);
	return (int)n;
}

ssize_t session_send_some(
    struct session *s, const void *data, size_t size, int flags)
{
	ssize_t n = send(s->fd, data, size, flags | MSG_NOSIGNAL);

	if (n > 0)
		tally_add(&s->sent, data, (size_t)n);
	return n;
}

int session_send(struct session *s, const void *data, size_t size)
{
	const char *next = data;

	while (size > 0) {
		ssize_t n = session_send_some(s, next, size, 0);

		if (n < 0)
			return -1;
		next += n;
		size -= (size_t)n;
	}
	return 0;
}

int session_send_random(struct session *s, uint64_t count)
{
	char chunk[STREAM_STEP];
	size_t step = s->type == SOCK_SEQPACKET ? PACKET_STEP : STREAM_STEP;

	while (count > 0) {
		size_t n = count < step ? count : step;

		prng_fill(&s->prng, chunk, n);
		if (session_send(s, chunk, n) < 0)
			return -1;
		count -= n;
	}
	return 0;
}

int session_send_file(struct session *s, const char *path)
{
	char chunk[PACKET_STEP];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		if (session_send(s, chunk, (size_t)n) < 0) {
			n = -1;
			break;
		}
	close(fd);
	return (int)n;
}
