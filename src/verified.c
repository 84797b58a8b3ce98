/*
 * Each direction goes its way: bytes of stdin become DATA, the end becomes END,
 * which the peer answers by STORED; and the other way round. Frames go out one
 * after the other, since a DATA stays in our block until it is gone.
 */
#include "verified.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "log.h"
#include "progress.h"

/*
 * For the end of the peer's stream to come once stdout's reader has gone:
 * tar(1) knows from its last record that there is no more, and does not wait
 * for EOF.
 */
#define END_SECONDS 2.0

static const char wrong[] = "a frame is out of order";

struct way {
	uint64_t bytes;
	struct frame_digest digest;
	bool ended;  /* END has been sent, or has come and is right */
	bool stored; /* and STORED has come, or has been sent */
};

struct verified {
	struct channel *channel;
	struct stream *stdio;
	const struct verified_rules *rules;
	struct progress progress;
	struct way out, in;
	unsigned char *block;         /* what was read */
	const unsigned char *payload; /* what is to be written */
	size_t left;                  /* of it */
	bool unread;                  /* stdout has no reader any more */
};

static int fail(struct verified *v, const char *what, int error)
{
	char why[128];

	snprintf(why, sizeof why, "%s: %s", what, strerror(error));
	return channel_fail(v->channel, why);
}

static void put(struct verified *v, enum frame_type type, uint64_t at)
{
	channel_put(v->channel, (struct frame){ .type = type, .at = at }, "");
}

static void put_end(struct verified *v)
{
	struct frame end = { .type = FRAME_END,
		.at = v->out.bytes,
		.length = sizeof v->out.digest.bytes };

	v->out.ended = true;
	channel_put(v->channel, end, v->out.digest.bytes);
}

static void put_data(struct verified *v, size_t length)
{
	struct frame data = { .type = FRAME_DATA,
		.at = v->out.bytes,
		.length = (uint32_t)length,
		.hash = frame_hash(v->block, length) };

	frame_digest_add(&v->out.digest, data.at, length, data.hash);
	v->out.bytes += length;
	progress_add(&v->progress, length);
	channel_put(v->channel, data, v->block);
}

/* Whether poll(2) must say so before a descriptor may be read or written. */
static bool would_block(const struct stream_end *end, short events)
{
	return end->blocks && (fd_poll(end->fd, events, 0) & events) == 0 &&
	       (fd_poll(end->fd, events, 0) & (POLLHUP | POLLERR)) == 0;
}

/* Reads what stdin has. Returns 0, or -1 after a message. */
static int read_stdin(struct verified *v)
{
	const struct iovec piece = { v->block, FRAME_BLOCK };
	ssize_t n;

	if (!v->rules->reads || (v->rules->end_with_peer && v->in.stored)) {
		put_end(v);
		return 0;
	}
	if (would_block(&v->stdio->in, POLLIN))
		return 0;
	n = stream_read(v->stdio, &piece, 1);
	if (n > 0)
		put_data(v, (size_t)n);
	else if (n == 0)
		put_end(v);
	else if (errno != EAGAIN)
		return fail(v, "stdin: read", errno);
	return 0;
}

/* Puts what is to be sent next, if anything. */
static int send_next(struct verified *v)
{
	if (channel_is_sending(v->channel))
		return 0;
	if (v->in.ended && !v->in.stored) {
		v->in.stored = true;
		put(v, FRAME_STORED, 0);
		return 0;
	}
	return v->out.ended ? 0 : read_stdin(v);
}

static int write_stdout(struct verified *v)
{
	const struct iovec piece = { (void *)v->payload, v->left };
	ssize_t n;

	if (would_block(&v->stdio->out, POLLOUT))
		return 0;
	n = v->rules->writes ? stream_write(v->stdio, &piece, 1)
			     : (ssize_t)v->left;
	if (n < 0)
		return errno == EAGAIN ? 0 : fail(v, "stdout: write", errno);
	v->payload += n;
	v->left -= (size_t)n;
	return 0;
}

/* The peer says that this was all. */
static int take_end(
    struct verified *v, const struct frame *frame, const unsigned char *payload)
{
	if (frame->at != v->in.bytes ||
	    memcmp(payload, v->in.digest.bytes, sizeof v->in.digest.bytes) != 0)
		return channel_fail(v->channel,
		    "the stream arrived damaged: its hash differs "
		    "from the sender's");
	v->in.ended = true;
	v->channel->limit = deadline_never();
	return v->rules->writes && stream_finish(v->stdio) < 0
		   ? fail(v, "stdout: write", errno)
		   : 0;
}

static int take(
    struct verified *v, const struct frame *frame, const unsigned char *payload)
{
	if (frame->type == FRAME_DATA && !v->in.ended &&
	    frame->at == v->in.bytes) {
		frame_digest_add(
		    &v->in.digest, frame->at, frame->length, frame->hash);
		v->in.bytes += frame->length;
		progress_add(&v->progress, frame->length);
		v->payload = payload;
		v->left = frame->length;
		return 0;
	}
	if (frame->type == FRAME_END && !v->in.ended)
		return take_end(v, frame, payload);
	if (frame->type != FRAME_STORED || frame->at != 0 || !v->out.ended ||
	    v->out.stored)
		return channel_fail(v->channel, wrong);
	v->out.stored = true;
	return 0;
}

/* Takes what has come, and writes it. */
static int receive_next(struct verified *v)
{
	const unsigned char *payload;
	struct frame frame;
	int got = 1;

	/* after that, a BYE is for channel_part() */
	while (v->left == 0 && got > 0 && !(v->in.ended && v->out.stored)) {
		got = channel_take(v->channel, &frame, &payload);
		if (got < 0 || (got > 0 && take(v, &frame, payload) < 0))
			return -1;
		if (v->left > 0 && write_stdout(v) < 0)
			return -1;
	}
	return 0;
}

/* Stdout's reader has gone, and has been given all that came until now. */
static void note_unread(struct verified *v, short revents)
{
	/* polling it again would report the same for ever; writing will tell */
	v->unread = true;
	if ((revents & POLLERR) != 0)
		v->channel->limit = deadline_in(END_SECONDS);
}

/* Waits until something can be moved; notices that stdout's reader has gone. */
static int wait(struct verified *v)
{
	bool reads = !v->out.ended && !channel_is_sending(v->channel);
	bool watches =
	    v->rules->writes && !v->in.ended && (v->left > 0 || !v->unread);
	struct pollfd fds[] = {
		{ .fd = reads ? v->stdio->in.fd : -1, .events = POLLIN },
		{ .fd = watches ? v->stdio->out.fd : -1,
		    .events = v->left > 0 ? POLLOUT : 0 },
	};

	if (deadline_passed(v->channel->limit))
		return fail(v, "stdout: write", EPIPE);
	if (channel_turn(v->channel, fds, 2) < 0)
		return -1;
	if ((fds[1].revents & (POLLHUP | POLLERR)) != 0)
		note_unread(v, fds[1].revents);
	return v->left > 0 ? write_stdout(v) : 0;
}

static bool run(struct verified *v)
{
	for (;;) {
		if (receive_next(v) < 0 || send_next(v) < 0)
			return false;
		if (v->out.stored && v->in.stored &&
		    !channel_is_sending(v->channel))
			break;
		if (wait(v) < 0)
			return false;
	}
	put(v, FRAME_BYE, 0);
	channel_part(v->channel, FRAME_HEADER);
	return true;
}

/* The size of a file on stdin: what is left of it. */
static uint64_t find_total(const struct verified *v)
{
	off_t at = lseek(v->stdio->in.fd, 0, SEEK_CUR);
	struct stat st;

	if (!v->rules->reads || at < 0 || fstat(v->stdio->in.fd, &st) < 0 ||
	    !S_ISREG(st.st_mode) || st.st_size < at)
		return PROGRESS_UNKNOWN;
	return (uint64_t)(st.st_size - at);
}

static void summarize(const struct verified *v, int64_t began)
{
	double seconds = (double)(deadline_now() - began) / 1e9;
	double bytes = (double)v->out.bytes + (double)v->in.bytes;
	char name[ADDRESS_TEXT_SIZE];
	char rate[PROGRESS_SIZE];

	log_error("%s: sent %" PRIu64 " bytes, received %" PRIu64
		  " bytes in %.2f s (%s/s), confirmed",
	    address_name(v->channel->peer, name), v->out.bytes, v->in.bytes,
	    seconds,
	    progress_bytes(
		seconds > 0 ? (uint64_t)(bytes / seconds) : 0, rate));
}

bool verified_run(struct channel *channel, struct stream *stdio,
    const struct verified_rules *rules)
{
	struct verified v = {
		.channel = channel,
		.stdio = stdio,
		.rules = rules,
		.block = malloc(FRAME_BLOCK),
	};
	int64_t began = deadline_now();
	bool complete = false;

	progress_begin(&v.progress, rules->meter, find_total(&v));
	if (v.block == NULL)
		fail(&v, "memory", errno);
	else
		complete = run(&v);
	free(v.block);
	if ((progress_end(&v.progress) || rules->verbose) && complete)
		summarize(&v, began);
	return complete;
}
