#include "collector.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "deadline.h"
#include "family.h"
#include "fd.h"
#include "log.h"
#include "trouble.h"

/* For stdout, when all ends. */
#define LAST_SECONDS 2.0

/* Of each sender, when all ends; one that never stops is to stop nobody. */
#define LAST_SHARES 64

struct sender {
	struct collector *collector;
	struct loop_task task;
	enum sender_state state;
	struct address peer;
	struct stream stream;
	struct lines lines;
	uint64_t number; /* since the start */
	bool failed;     /* it did not end by itself */
	uint64_t until;  /* leaving: when so much is written, it may go */
	TAILQ_ENTRY(sender) next;
};

/* The one that has been in that state for longest, or NULL. */
static struct sender *first_of(
    const struct collector *collector, enum sender_state state)
{
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it is not a freed one */
	return TAILQ_FIRST(&collector->lists[state]);
}

static void move_to(struct sender *sender, enum sender_state state)
{
	struct sender_list *lists = sender->collector->lists;

	TAILQ_REMOVE(&lists[sender->state], sender, next);
	TAILQ_INSERT_TAIL(&lists[state], sender, next);
	sender->state = state;
}

static const char *tag_of(
    const struct sender *sender, char text[LINES_TAG_SIZE])
{
	return sender->collector->tag
		   ? lines_tag(&sender->peer, sender->number, text)
		   : "";
}

/* Then anybody can be read from. */
static bool has_room(const struct collector *collector)
{
	return collector->output.used <= collector->output.size / 2;
}

static void release(struct sender *sender)
{
	struct collector *collector = sender->collector;
	bool failed = sender->failed;
	char name[ADDRESS_TEXT_SIZE];

	if (collector->verbose)
		log_error("%s: received %" PRIu64 " bytes",
		    address_name(&sender->peer, name), sender->lines.bytes);
	loop_forget(collector->loop, &sender->task);
	stream_close(&sender->stream);
	TAILQ_REMOVE(&collector->lists[sender->state], sender, next);
	free(sender->lines.held);
	free(sender);
	collector->done(collector, failed);
}

/* Lets go of those whose lines are written: they left in that order. */
static void release_leaving(struct collector *collector)
{
	struct sender *sender;

	while ((sender = first_of(collector, SENDER_LEAVING)) != NULL) {
		if (sender->until > collector->written)
			break;
		release(sender);
	}
}

/* Of those that are left, a peer that can be told sees a reset. */
static void drop_all(struct collector *collector)
{
	for (int state = 0; state < SENDER_STATES; state++) {
		struct sender *sender;

		while ((sender = first_of(collector, state)) != NULL) {
			sender->failed = sender->stream.broken = true;
			release(sender);
		}
	}
	buffer_free(&collector->output);
}

/* Has the writer wait for stdout if there is something to write. */
static void watch_output(struct collector *collector)
{
	bool waits = collector->output.used > 0;

	collector->writer.fds[0] = (struct pollfd){
		.fd = waits ? collector->stdio->out.fd : -1,
		.events = POLLOUT,
	};
	/* it is given to poll(2), so that this cannot fail */
	loop_update(collector->loop, &collector->writer);
}

/* All is read; what it has begun becomes a line. */
static void leave(struct sender *sender)
{
	struct collector *collector = sender->collector;
	char text[LINES_TAG_SIZE];

	if (lines_end(
		&sender->lines, tag_of(sender, text), &collector->output) < 0)
		trouble_at(&sender->peer, "memory", errno);
	sender->until = collector->written + collector->output.used;
	loop_remove(collector->loop, &sender->task);
	move_to(sender, SENDER_LEAVING);
	watch_output(collector);
}

/* The same, after an error. */
static void fail(struct sender *sender, const char *step)
{
	trouble_at(&sender->peer, step, errno);
	sender->failed = sender->stream.broken = true;
	leave(sender);
}

/*
 * Reads once. Returns whether anything came; if not, the sender may be leaving.
 */
static bool take(struct sender *sender)
{
	struct collector *collector = sender->collector;
	char space[LINES_SHARE];
	char text[LINES_TAG_SIZE];
	const char *tag = tag_of(sender, text);
	struct iovec bytes = { space, lines_appetite(&sender->lines, tag,
					  buffer_room(&collector->output)) };
	ssize_t n = stream_read(&sender->stream, &bytes, 1);

	if (n == 0) {
		leave(sender);
	} else if (n < 0 && errno != EAGAIN) {
		fail(sender, "read");
	} else if (n > 0) {
		bytes.iov_len = (size_t)n;
		collector->received += (uint64_t)n;
		if (lines_take(
			&sender->lines, &bytes, tag, &collector->output) == 0)
			return true;
		fail(sender, "memory");
	}
	return false;
}

/* Waits for it to send, or, held back, for nothing. */
static void watch(struct sender *sender)
{
	struct collector *collector = sender->collector;
	bool reads = sender->state == SENDER_READ;

	sender->task.fds[0] = (struct pollfd){
		.fd = reads ? sender->stream.in.fd : -1,
		.events = POLLIN,
	};
	sender->task.wake =
	    reads ? deadline_limit(collector->idle) : deadline_never();
	if (loop_update(collector->loop, &sender->task) < 0)
		fail(sender, "epoll");
}

static void give_up(struct sender *sender)
{
	char name[ADDRESS_TEXT_SIZE];

	log_error("%s: idle: no byte in %g s",
	    address_name(&sender->peer, name), sender->collector->idle);
	sender->failed = true;
	leave(sender);
}

/* Its turn: a share of what it has sent. */
static void run_sender(struct loop_task *task)
{
	struct sender *sender = loop_owner(task, struct sender, task);
	struct collector *collector = sender->collector;

	if (!has_room(collector)) {
		move_to(sender, SENDER_HELD);
		watch(sender);
	} else if (take(sender)) {
		watch(sender);
		watch_output(collector);
	} else if (sender->state == SENDER_READ &&
		   deadline_passed(task->wake)) {
		give_up(sender);
	}
	release_leaving(collector);
}

/* Those that were held back go on, each with a share, while there is room. */
static void resume(struct collector *collector)
{
	struct sender *sender;

	while ((sender = first_of(collector, SENDER_HELD)) != NULL &&
	       has_room(collector)) {
		move_to(sender, SENDER_READ);
		if (take(sender) || sender->state == SENDER_READ)
			watch(sender);
	}
}

/* Writes once, what fits. Returns 0, or -1 after a message. */
static int write_out(struct collector *collector)
{
	struct iovec piece[2];
	int pieces = buffer_bytes(&collector->output, piece);
	ssize_t n = stream_write(collector->stdio, piece, pieces);

	if (n < 0 && errno != EAGAIN) {
		log_error("stdout: write: %s", strerror(errno));
		return -1;
	}
	if (n > 0) {
		buffer_drain(&collector->output, (size_t)n);
		collector->written += (uint64_t)n;
	}
	return 0;
}

static void run_writer(struct loop_task *task)
{
	struct collector *collector =
	    loop_owner(task, struct collector, writer);

	if (write_out(collector) < 0) {
		loop_remove(collector->loop, task);
		collector->lost(collector);
		drop_all(collector);
		return;
	}
	resume(collector);
	watch_output(collector);
	release_leaving(collector);
}

void collector_init(struct collector *collector)
{
	collector->output = (struct buffer){
		.size = collector->buffer > LINES_OUTPUT_LEAST
			    ? collector->buffer
			    : LINES_OUTPUT_LEAST,
	};
	for (int state = 0; state < SENDER_STATES; state++)
		TAILQ_INIT(&collector->lists[state]);
	loop_task_init(&collector->writer, run_writer);
	collector->writer.polled = true;
}

void collector_add(
    struct collector *collector, int fd, const struct address *peer)
{
	struct sender *sender = calloc(1, sizeof *sender);

	if (sender == NULL) {
		trouble_at(peer, "memory", errno);
		close(fd);
		collector->done(collector, true);
		return;
	}
	sender->collector = collector;
	sender->peer = *peer;
	sender->number = ++collector->senders;
	stream_from_bytes(&sender->stream, fd);
	sender->stream.resets = family_of(peer->kind)->resets;
	loop_task_init(&sender->task, run_sender);
	TAILQ_INSERT_TAIL(&collector->lists[SENDER_READ], sender, next);
	watch(sender);
	release_leaving(collector);
}

/* Writes until no more than `most` is left. Returns whether that was done. */
static bool flush(
    struct collector *collector, size_t most, struct deadline until)
{
	while (collector->output.used > most) {
		if (fd_poll(collector->stdio->out.fd, POLLOUT,
			deadline_poll_ms(until)) == 0) {
			log_error("stdout: write: not all was taken within "
				  "%g s",
			    LAST_SECONDS);
			return false;
		}
		if (write_out(collector) < 0)
			return false;
	}
	return true;
}

/* Takes what the sender has sent by now. Returns whether that was done. */
static bool take_last(struct sender *sender, struct deadline until)
{
	struct collector *collector = sender->collector;
	size_t half = collector->output.size / 2;
	int shares = LAST_SHARES;

	while (flush(collector, half, until)) {
		if (shares-- > 0 && take(sender))
			continue;
		if (sender->state == SENDER_READ)
			leave(sender);
		return true;
	}
	return false;
}

void collector_end(struct collector *collector)
{
	struct deadline until = deadline_in(LAST_SECONDS);
	struct sender *sender;
	bool well = true;

	while ((sender = first_of(collector, SENDER_HELD)) != NULL)
		move_to(sender, SENDER_READ);
	while (well && (sender = first_of(collector, SENDER_READ)) != NULL)
		well = take_last(sender, until);
	if (well && flush(collector, 0, until))
		release_leaving(collector);
	drop_all(collector);
	loop_forget(collector->loop, &collector->writer);
}
