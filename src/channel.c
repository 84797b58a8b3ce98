#include "channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "fd.h"
#include "log.h"
#include "trouble.h"

/* A payload that is copied behind its header; longer ones are sent from where
 * they are. */
#define SMALL 16384

/* What must have been sent until it is worth looking for answers. */
#define WORTH 65536

#define OUT_SIZE 65536

/* Held back, since more may come before the peer must see them. */
#define ENOUGH (OUT_SIZE / 2)

/* For a peer to take note of an end. */
#define PARTING_SECONDS 3.0

int channel_open(struct channel *channel)
{
	channel->limit = deadline_never();
	channel->out = malloc(OUT_SIZE);
	channel->silent = deadline_limit(channel->idle);
	fd_probe_peer(channel->fd);
	if (intake_open(&channel->in) == 0 && channel->out != NULL)
		return 0;
	trouble_at(channel->peer, "memory", errno);
	channel->status = STATUS_FAILED;
	return -1;
}

void channel_close(struct channel *channel)
{
	intake_close(&channel->in);
	free(channel->out);
	channel->out = NULL;
}

void channel_complain(const struct channel *channel, const char *why)
{
	const char *subject = channel->subject;
	char name[ADDRESS_TEXT_SIZE];

	address_name(channel->peer, name);
	if (subject != NULL)
		log_error("%s: %s: %s", name, subject, why);
	else
		log_error("%s: %s", name, why);
}

static int fail(struct channel *channel, enum status status)
{
	channel->status = status;
	return -1;
}

bool channel_is_sending(const struct channel *channel)
{
	return channel->gone < channel->held || channel->bulk.iov_len > 0;
}

bool channel_is_full(const struct channel *channel)
{
	return channel->bulk.iov_len > 0 || channel->held >= ENOUGH;
}

static void note_sent(struct channel *channel, size_t n)
{
	size_t small = channel->held - channel->gone;
	size_t part = n < small ? n : small;

	channel->gone += part;
	channel->bulk.iov_base = (char *)channel->bulk.iov_base + (n - part);
	channel->bulk.iov_len -= n - part;
	if (channel->gone == channel->held)
		channel->gone = channel->held = 0;
	channel->silent = deadline_limit(channel->idle);
}

/* Writes what fits. Returns 0, or -1 with errno. */
static int flush(struct channel *channel)
{
	while (channel_is_sending(channel)) {
		struct iovec parts[] = {
			{ channel->out + channel->gone,
			    channel->held - channel->gone },
			channel->bulk,
		};
		struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
		ssize_t n =
		    sendmsg(channel->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -1;
		note_sent(channel, (size_t)n);
	}
	return 0;
}

/* As intake_fill(). */
static int fill(struct channel *channel)
{
	int got = intake_fill(&channel->in, channel->fd);

	if (got > 0)
		channel->silent = deadline_limit(channel->idle);
	return got;
}

/* The peer's own words, which are not to be trusted. */
static int give_up(
    struct channel *channel, const unsigned char *text, size_t length)
{
	char why[FRAME_TEXT_MAX + 32];

	snprintf(why, sizeof why, "the peer gave up: %.*s", (int)length, text);
	channel->subject = NULL; /* the peer has named it */
	channel_complain(channel, why);
	return fail(channel, STATUS_FAILED);
}

int channel_take(
    struct channel *channel, struct frame *frame, const unsigned char **payload)
{
	int got = intake_take(&channel->in, frame, payload);

	if (got < 0 && channel->in.framed)
		return channel_fail(channel, channel->in.why);
	if (got < 0) {
		channel_complain(channel, channel->in.why);
		return fail(channel, STATUS_FAILED);
	}
	if (got > 0 && frame->type == FRAME_FATAL)
		return give_up(channel, *payload, frame->length);
	return got;
}

/* A peer that gives up says why, and then closes: writing may find out first.
 * Returns whether it has said something. */
static bool find_last_words(struct channel *channel)
{
	struct frame frame;
	const unsigned char *payload;
	int got;

	do {
		while ((got = channel_take(channel, &frame, &payload)) > 0)
			;
	} while (
	    got == 0 && intake_has_room(&channel->in) && fill(channel) > 0);
	return got < 0;
}

static int lose(struct channel *channel, const char *step, int error)
{
	char why[128];

	if (channel->status != STATUS_OK)
		return -1;
	if (find_last_words(channel))
		return -1;
	snprintf(why, sizeof why, "%s: %s", step, strerror(error));
	if (error != 0 && error != EPIPE)
		channel_complain(channel, why);
	else if (channel->in.number == 0)
		channel_complain(channel, "the peer closed the connection");
	else
		channel_complain(
		    channel, "the peer closed the connection too early");
	return fail(channel, STATUS_FAILED);
}

static int time_out(struct channel *channel)
{
	char why[64];

	snprintf(why, sizeof why, "idle: no byte in %g s", channel->idle);
	channel_complain(channel, why);
	return fail(channel, STATUS_TIMEOUT);
}

int channel_turn(struct channel *channel, struct pollfd *more, int n)
{
	struct pollfd fds[3] = { { .fd = channel->fd } };
	struct deadline end = deadline_first(channel->silent, channel->limit);
	int got = 1;

	if (intake_has_room(&channel->in))
		fds[0].events |= POLLIN;
	if (channel_is_sending(channel))
		fds[0].events |= POLLOUT;
	for (int i = 0; i < n; i++)
		fds[1 + i] = more[i];
	if (fds[0].events == 0)
		fds[0].fd = -1; /* a hang-up would be reported for ever */
	if (poll(fds, 1 + (nfds_t)n, deadline_poll_ms(end)) < 0 &&
	    errno != EINTR)
		return lose(channel, "poll", errno);
	for (int i = 0; i < n; i++)
		more[i].revents = fds[1 + i].revents;
	if ((fds[0].revents & (POLLOUT | POLLERR)) != 0 && flush(channel) < 0)
		return lose(channel, "write", errno);
	if ((fds[0].revents & ~POLLOUT) != 0 && intake_has_room(&channel->in))
		got = fill(channel);
	if (got == 0)
		return lose(channel, "read", 0);
	if (got < 0 && errno != EAGAIN)
		return lose(channel, "read", errno);
	return deadline_passed(channel->silent) ? time_out(channel) : 0;
}

void channel_put(
    struct channel *channel, struct frame frame, const void *payload)
{
	unsigned char *to = channel->out + channel->held;

	frame.number = channel->sent++;
	if (frame.hash == 0)
		frame.hash = frame_hash(payload, frame.length);
	frame_put(to, &frame);
	channel->held += FRAME_HEADER;
	channel->unheard += FRAME_HEADER + frame.length;
	if (frame.length > SMALL) {
		channel->bulk = (struct iovec){ (void *)payload, frame.length };
		return;
	}
	memcpy(to + FRAME_HEADER, payload, frame.length);
	channel->held += frame.length;
}

int channel_pull(struct channel *channel)
{
	int got;

	if (channel->unheard < WORTH || !intake_has_room(&channel->in))
		return 0;
	channel->unheard = 0;
	got = fill(channel);
	if (got > 0 || (got < 0 && errno == EAGAIN))
		return 0;
	return lose(channel, "read", got == 0 ? 0 : errno);
}

/* Waits until all is sent. */
static int push(struct channel *channel)
{
	if (flush(channel) < 0)
		return lose(channel, "write", errno);
	while (channel_is_sending(channel))
		if (channel_turn(channel, NULL, 0) < 0)
			return -1;
	return 0;
}

int channel_send(
    struct channel *channel, struct frame frame, const void *payload)
{
	channel_put(channel, frame, payload);
	return channel_is_full(channel) ? push(channel) : 0;
}

int channel_say(struct channel *channel, enum frame_type type, uint64_t at,
    const char *text)
{
	struct frame frame = { .type = type,
		.at = at,
		.length = (uint32_t)strnlen(text, FRAME_TEXT_MAX) };

	return channel_send(channel, frame, text);
}

int channel_receive(
    struct channel *channel, struct frame *frame, const unsigned char **payload)
{
	int got;

	while ((got = channel_take(channel, frame, payload)) == 0)
		if (channel_turn(channel, NULL, 0) < 0)
			return -1;
	return got < 0 ? -1 : 0;
}

void channel_part(struct channel *channel, size_t bytes)
{
	struct deadline end = deadline_in(PARTING_SECONDS);

	while ((intake_left(&channel->in) < bytes ||
		   channel_is_sending(channel)) &&
	       !deadline_passed(end)) {
		short events =
		    channel_is_sending(channel) ? POLLIN | POLLOUT : POLLIN;
		int got;

		if (bytes == SIZE_MAX)
			intake_forget(&channel->in);
		fd_poll(channel->fd, events, deadline_poll_ms(end));
		if (flush(channel) < 0)
			channel->held = channel->gone = 0;
		got = fill(channel);
		if (got == 0 || (got < 0 && errno != EAGAIN))
			break;
	}
}

int channel_fail(struct channel *channel, const char *why)
{
	const char *subject = channel->subject;
	char text[FRAME_TEXT_MAX + 1];

	channel_complain(channel, why);
	channel->status = STATUS_FAILED;
	if (channel->bulk.iov_len > 0)
		return -1; /* in the middle of a frame */
	snprintf(text, sizeof text, "%s%s%s", subject != NULL ? subject : "",
	    subject != NULL ? ": " : "", why);
	channel_put(channel,
	    (struct frame){
		.type = FRAME_FATAL, .length = (uint32_t)strlen(text) },
	    text);
	channel_part(channel, SIZE_MAX);
	return -1;
}

void channel_flush(struct channel *channel)
{
	flush(channel);
}
