/*
 * A relay between two users that the fuzzer plays, in lock-step with it:
 *
 *	near user -> near.in.fd   relay   far <-> far user
 *	          <- near.out.fd
 *
 * The near user has two pipes, or a socket; the far user has a socket. All that
 * a user can see is noted in struct side. The bytes of a user are a pattern, so
 * that each byte that arrives shows whether it is the next one.
 */
#ifndef VCAT_FUZZ_RELAY_RIG_H
#define VCAT_FUZZ_RELAY_RIG_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "fd.h"
#include "fuzz.h"
#include "relay.h"

/* As many bytes as a user sends. */
#define SENT_MAX (300UL * 1024)

/* A pipe of one page; a socket's buffer becomes the smallest there is. */
#define SMALL_PIPE   4096
#define SMALL_SOCKET 1

struct side {
	struct stream stream; /* the relay's; it comes first, for rig_kind */
	bool socket;
	int in, out;    /* the user's: from the relay, to the relay; a socket is
			   both; -1: closed */
	bool said_end;  /* the user sends no more */
	bool deaf;      /* the user reads no more */
	bool fails;     /* reading from it ends in an error, not at an end */
	bool jammed;    /* writing to it fails */
	bool reset;     /* it closed before it had read all */
	size_t sent;    /* bytes that the relay is to read */
	size_t heard;   /* bytes that the user has read */
	size_t landed;  /* if deaf: bytes that had come by then */
	bool saw_end;   /* the user has read the relay's end */
	bool may_break; /* strict: its end may count as a truncation ... */
	bool breaks;    /* ... and does */
};

struct rig {
	struct side near, far;
	struct relay relay;
	struct relay_rules rules;
	int64_t moved_at; /* the last byte */
	int64_t ended_at; /* `out` had read all; -1: not yet */
	int64_t done_at;  /* `out` was done; -1: not yet */
	int idle_turns;   /* in a row, in which nothing happened */
};

/* The time, which stands still unless the fuzzer lets it pass. */
static int64_t rig_clock;

int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	if (clock != CLOCK_MONOTONIC) /* libFuzzer asks as well */
		return __real_clock_gettime(clock, now);
	*now = (struct timespec){ .tv_sec = rig_clock / 1000000000,
		.tv_nsec = rig_clock % 1000000000 };
	return 0;
}

/* The bytes that a user sends; those of the other are the same, shifted. */
static inline const unsigned char *rig_pattern(bool far, size_t offset)
{
	static unsigned char pattern[SENT_MAX + 1024];
	static bool ready;

	for (size_t i = 0; !ready && i < sizeof pattern; i++)
		pattern[i] =
		    (unsigned char)((i + 1) * 0x9E3779B97F4A7C15U >> 29);
	ready = true;
	return pattern + (far ? 777 : 0) + offset;
}

/* -1 only for want of descriptors or memory, or by a mistake of ours. */
static inline int rig_must(int result, const char *what)
{
	if (result < 0)
		perror(what);
	must(result >= 0, "a system call");
	return result;
}

/* An error of a device, or of a network: none that says who has gone. */
static inline ssize_t rig_kind_read(
    struct stream *stream, struct msghdr *pieces)
{
	const struct side *side = (const struct side *)stream;
	ssize_t n = stream_plain.read(stream, pieces);

	if (n != 0 || !side->fails)
		return n;
	errno = EIO;
	return -1;
}

static inline ssize_t rig_kind_write(
    struct stream *stream, struct msghdr *pieces)
{
	const struct side *side = (const struct side *)stream;

	if (!side->jammed)
		return stream_plain.write(stream, pieces);
	errno = ENOSPC;
	return -1;
}

static const struct stream_kind rig_kind = { .read = rig_kind_read,
	.write = rig_kind_write };

static inline struct side rig_socket(bool small)
{
	const int size = SMALL_SOCKET;
	int fd[2];
	struct side side = { .socket = true };

	rig_must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd),
	    "socketpair");
	for (int i = 0; small && i < 2; i++)
		setsockopt(fd[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	rig_must(stream_from_socket(&side.stream, fd[0], 1), "stream");
	side.stream.kind = &rig_kind;
	side.in = fd[1];
	side.out = fd[1];
	return side;
}

/* With blocks, the relay's ends of the pipes wait. */
static inline struct side rig_pipes(bool small, bool blocks, bool eager)
{
	int in[2];
	int out[2];
	struct side side = { .socket = false };

	rig_must(pipe2(in, O_NONBLOCK), "pipe");
	rig_must(pipe2(out, O_NONBLOCK), "pipe");
	if (small) {
		fcntl(in[0], F_SETPIPE_SZ, SMALL_PIPE);
		fcntl(out[0], F_SETPIPE_SZ, SMALL_PIPE);
	}
	if (blocks) {
		fcntl(in[0], F_SETFL, 0);
		fcntl(out[1], F_SETFL, 0);
	}
	side.stream = (struct stream){
		.kind = &rig_kind,
		.in = { .fd = in[0], .blocks = blocks },
		.out = { .fd = out[1], .blocks = blocks },
		.ending = STREAM_CLOSE,
	};
	side.stream.in.eager = eager && !blocks;
	side.out = in[1];
	side.in = out[0];
	return side;
}

static inline size_t rig_waiting(int fd)
{
	int waiting = 0;

	if (fd >= 0)
		rig_must(ioctl(fd, FIONREAD, &waiting), "FIONREAD");
	return (size_t)waiting;
}

/* How many bytes of the other user have reached this one, read or not. */
static inline size_t rig_landed(const struct side *side)
{
	return side->deaf ? side->landed : side->heard + rig_waiting(side->in);
}

static inline bool rig_is_far(const struct rig *rig, const struct side *side)
{
	return side == &rig->far;
}

/* The flow that reads from this user. */
static inline const struct flow *rig_flow_from(
    const struct rig *rig, const struct side *side)
{
	return rig_is_far(rig, side) ? &rig->relay.in : &rig->relay.out;
}

static inline const struct flow *rig_flow_to(
    const struct rig *rig, const struct side *side)
{
	return rig_is_far(rig, side) ? &rig->relay.out : &rig->relay.in;
}

static inline struct side *rig_other(struct rig *rig, const struct side *side)
{
	return rig_is_far(rig, side) ? &rig->near : &rig->far;
}

/*
 * Writes. Who is not listened to any more learns it, unless there are others
 * at the descriptor or it was cut off.
 */
static inline void rig_write(struct rig *rig, struct side *side, size_t n)
{
	const struct flow *flow = rig_flow_from(rig, side);
	bool kept = side->stream.ending == STREAM_KEEP ||
		    flow->stop != FLOW_STOP_NONE ||
		    rig->rules.way == RELAY_RECV_ONLY;
	ssize_t put;

	if (n > SENT_MAX - side->sent)
		n = SENT_MAX - side->sent;
	if (side->said_end || n == 0)
		return;
	put = side->socket
		  ? send(side->out,
			rig_pattern(rig_is_far(rig, side), side->sent), n,
			MSG_NOSIGNAL | MSG_DONTWAIT)
		  : write(side->out,
			rig_pattern(rig_is_far(rig, side), side->sent), n);
	if (put < 0)
		must(errno == EAGAIN || errno == EPIPE, "writing fails");
	if (put < 0 && errno == EPIPE)
		must(flow->state == FLOW_DONE, "EPIPE before the end");
	if (put < 0)
		return;
	must(flow->state != FLOW_DONE || kept, "written to nobody");
	if (flow->state == FLOW_OPEN)
		side->sent += (size_t)put;
}

/* The end is that of the whole, whenever it is seen. */
static inline void rig_note_end(struct rig *rig, struct side *side)
{
	const struct side *from = rig_other(rig, side);
	const struct flow *flow = rig_flow_to(rig, side);

	if (side->deaf)
		return;
	side->saw_end = true;
	must(flow->state == FLOW_DONE, "an end before it is done");
	must(side->stream.ending != STREAM_KEEP, "an end that was to be kept");
	must(!flow_is_cut(flow) || !side->socket, "an end after a cut");
	if (flow->stop == FLOW_STOP_ASKED || flow->stop == FLOW_STOP_CUT)
		return;
	must(from->said_end, "an end that nobody has said");
	must(side->heard == from->sent, "an end before all has come");
}

/* Reads once. Returns whether something came. */
static inline bool rig_read(struct rig *rig, struct side *side, size_t n)
{
	static unsigned char data[SENT_MAX];
	bool far = rig_is_far(rig, rig_other(rig, side));
	ssize_t got;

	if (side->in < 0 || side->saw_end)
		return false;
	got = read(side->in, data, n < sizeof data ? n : sizeof data);
	if (got < 0)
		must(errno == EAGAIN, "reading fails");
	if (got == 0)
		rig_note_end(rig, side);
	if (got <= 0)
		return false;
	must(side->heard + (size_t)got <= rig_other(rig, side)->sent,
	    "more than was sent");
	must(memcmp(data, rig_pattern(far, side->heard), (size_t)got) == 0,
	    "other bytes than were sent");
	side->heard += (size_t)got;
	return true;
}

/* Both halves of a socket have been closed: a relay that has not read its end
 * by then cannot know that there was a half-close. */
static inline void rig_note_break(const struct rig *rig, struct side *side)
{
	if (side->socket && side->deaf && side->said_end &&
	    rig_flow_from(rig, side)->stop == FLOW_STOP_NONE)
		side->may_break = rig->rules.strict;
}

/* The user sends no more: a half-close, or its only end of the pipe. */
static inline void rig_end(struct rig *rig, struct side *side)
{
	struct side *other = rig_other(rig, side);

	if (side->said_end)
		return;
	/* the relay may half-close now before it has read the other's end */
	if (rig_flow_from(rig, other)->stop == FLOW_STOP_NONE)
		other->breaks = false;
	side->said_end = true;
	rig_note_break(rig, side);
	if (side->socket) {
		shutdown(side->out, SHUT_WR);
		return;
	}
	close(side->out);
	side->out = -1;
}

/* The user reads no more. */
static inline void rig_go_deaf(const struct rig *rig, struct side *side)
{
	if (side->deaf)
		return;
	side->landed = rig_landed(side);
	side->deaf = true;
	rig_note_break(rig, side);
	if (side->socket) {
		shutdown(side->in, SHUT_RD);
		return;
	}
	close(side->in);
	side->in = -1;
}

/* A socket that is closed at once, without a half-close before. */
static inline void rig_close_socket(struct rig *rig, struct side *side)
{
	const struct flow *from = rig_flow_from(rig, side);
	struct side *other = rig_other(rig, side);
	bool announced = side->said_end;
	bool told;

	if (side->in < 0)
		return;
	if (rig_flow_from(rig, other)->stop == FLOW_STOP_NONE)
		other->breaks = false;
	told = (fd_poll(side->in, POLLRDHUP, 0) & POLLRDHUP) != 0;
	side->reset = rig_waiting(side->in) > 0;
	if (!side->deaf)
		side->landed = rig_landed(side);
	side->deaf = true;
	side->said_end = true;
	rig_note_break(rig, side);
	side->breaks = side->may_break && !announced && !told &&
		       !other->said_end && from->state == FLOW_OPEN;
	close(side->in);
	side->in = -1;
	side->out = -1;
}

static inline void rig_close(struct rig *rig, struct side *side)
{
	if (side->socket) {
		rig_close_socket(rig, side);
		return;
	}
	rig_end(rig, side);
	rig_go_deaf(rig, side);
}

/* Closes what is still open, on both sides of the relay. */
static inline void rig_free(struct rig *rig)
{
	struct side *sides[] = { &rig->near, &rig->far };

	relay_free(&rig->relay);
	for (int i = 0; i < 2; i++) {
		struct side *side = sides[i];

		if (side->socket) {
			stream_close(&side->stream);
		} else {
			if (side->stream.in.fd >= 0)
				close(side->stream.in.fd);
			if (side->stream.out.fd >= 0)
				close(side->stream.out.fd);
		}
		if (side->in >= 0)
			close(side->in);
		if (side->out >= 0 && !side->socket)
			close(side->out);
	}
}

#endif
