#include "flow.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/param.h>

#include "fd.h"

/* Rounds of reading and writing before the other direction has its turn. */
#define FAIR_SHARE 16

/* A read that brings so much is worth a pipe. */
#define BULK 65536

/* What goes straight, with less at a time, is better copied. */
#define LITTLE 4096

void flow_init(
    struct flow *flow, struct stream *from, struct stream *to, size_t size)
{
	/* if bytes become messages, a read brings no more than fits in one */
	size_t held =
	    from->kind->messages ? size : stream_message_most(to, size);

	*flow = (struct flow){
		.from = from,
		.to = to,
		.buffer.size = held,
		.splice.most = held,
		.readable = !from->in.blocks,
		.writable = !to->out.blocks,
	};
}

void flow_prepend(struct flow *flow, const char *bytes, size_t n)
{
	struct iovec piece[2];

	if (buffer_space(&flow->buffer, piece) < 0) {
		flow_note_fault(flow, FLOW_READ_FAILED, errno);
		flow_stop(flow, FLOW_STOP_ERROR);
		return;
	}
	memcpy(piece[0].iov_base, bytes, n);
	buffer_fill(&flow->buffer, n);
	flow->prepended = n;
}

void flow_free(struct flow *flow)
{
	buffer_free(&flow->buffer);
	splice_end(&flow->splice);
}

size_t flow_held(const struct flow *flow)
{
	return flow->buffer.used + flow->splice.used;
}

/* Whether what has been copied is to go before what takes another path. */
static bool is_turning(const struct flow *flow)
{
	return flow->splice.path != SPLICE_OFF && flow->buffer.used > 0;
}

bool flow_wants_input(const struct flow *flow)
{
	if (flow->state != FLOW_OPEN)
		return false;
	/* a message must find the whole buffer, or be cut */
	if (flow->from->kind->messages || flow->to->kind->messages)
		return flow->buffer.used == 0;
	if (is_turning(flow))
		return false;
	if (splice_straight(&flow->splice))
		return flow->writable;
	if (splice_through(&flow->splice))
		return splice_has_room(&flow->splice);
	return buffer_room(&flow->buffer) > 0;
}

bool flow_wants_output(const struct flow *flow)
{
	return flow->state == FLOW_DRAINING || flow_held(flow) > 0 ||
	       (splice_straight(&flow->splice) && !flow->writable);
}

void flow_note_fault(struct flow *flow, enum flow_fault fault, int error)
{
	if (flow->fault != FLOW_SOUND)
		return;
	flow->fault = fault;
	flow->error = error;
}

void flow_stop(struct flow *flow, enum flow_stop why)
{
	if (flow->state != FLOW_OPEN)
		return;
	flow->state = FLOW_DRAINING;
	flow->stop = why;
}

bool flow_is_cut(const struct flow *flow)
{
	return flow->stop == FLOW_STOP_ERROR || flow->stop == FLOW_STOP_CUT;
}

void flow_note_cut(const struct flow *flow)
{
	flow->to->broken = flow_is_cut(flow) || flow->state != FLOW_DONE;
}

void flow_let_go(struct flow *flow)
{
	flow->state = FLOW_DONE;
	flow_free(flow);
}

/* Is done. Whoever sends what is read no more learns it, where possible. */
static void end(struct flow *flow)
{
	if (flow->state == FLOW_OPEN)
		stream_stop_reading(flow->from);
	flow_let_go(flow);
}

/* Whether bytes may go uncopied: it is not known yet, or they do. */
static bool may_splice(const struct flow *flow)
{
	return flow->splice.pool != NULL && flow->from->kind == &stream_plain &&
	       flow->to->kind == &stream_plain;
}

/* Chooses how the bytes are moved, once a read has brought much and the next
 * one is due. */
static void choose_path(struct flow *flow)
{
	if (!flow->bulk || !flow->readable || flow->splice.path != SPLICE_OFF)
		return;
	flow->bulk = false; /* if no pipe is free now, try later */
	splice_begin(&flow->splice, flow->from->in.fd, flow->to->out.fd);
}

static ssize_t take_by_copy(struct flow *flow)
{
	struct iovec piece[2];
	int pieces = buffer_space(&flow->buffer, piece);
	size_t most = buffer_room(&flow->buffer);
	ssize_t n = -1;

	/* the first read is to show whether a pipe is worth it */
	if (pieces > 0 && flow->moved == 0 && may_splice(flow)) {
		most = piece[0].iov_len = MIN(piece[0].iov_len, BULK);
		pieces = 1;
	}
	if (pieces >= 0)
		n = stream_read(flow->from, piece, pieces);
	if (n > 0)
		buffer_fill(&flow->buffer, (size_t)n);
	if (n > 0 && flow->tap != NULL)
		flow->tap->note(flow->tap, piece, (size_t)n);
	/* less than was asked for: poll(2) tells when there is more */
	flow->readable = n > 0 && !flow->from->in.blocks &&
			 ((size_t)n == most || flow->from->in.eager);
	flow->bulk = n >= BULK && may_splice(flow);
	return n;
}

static ssize_t take_by_pipe(struct flow *flow)
{
	struct splice *way = &flow->splice;
	ssize_t n = splice_fill(way, flow->from->in.fd);

	/* it may be an end, see stream_read(), after what the pipe holds */
	if (n < 0 && errno == ENOTCONN && flow->from->finished) {
		way->stuffed = way->used > 0;
		if (!way->stuffed)
			splice_refuse(way);
		errno = EAGAIN;
	} else if (n < 0 && errno == EAGAIN && way->used == 0) {
		/* with bytes in the pipe, that says nothing of the socket */
		flow->readable = false;
	}
	flow->bulk |= n >= BULK;
	return n;
}

/* Reads once. Returns whether anything came of it. */
static bool fill(struct flow *flow)
{
	ssize_t n = splice_through(&flow->splice) ? take_by_pipe(flow)
						  : take_by_copy(flow);

	if (n == 0 && stream_is_reset(flow->from)) {
		errno = ECONNRESET;
		n = -1;
	}
	if (n > 0) {
		flow->moved += (uint64_t)n;
	} else if (n == 0) {
		flow_stop(flow, FLOW_STOP_END);
	} else if (errno == EAGAIN) {
		return false;
	} else {
		/* reported once what was read before it is delivered */
		flow_note_fault(flow, FLOW_READ_FAILED, errno);
		flow_stop(flow, FLOW_STOP_ERROR);
	}
	return true;
}

/* The sink refuses what is in the pipe: it is copied from now on. Returns -1
 * with errno: EAGAIN if that is so. */
static ssize_t recover(struct flow *flow)
{
	struct iovec piece[2];
	int pieces = buffer_space(&flow->buffer, piece);
	ssize_t n =
	    pieces < 0 ? -1 : splice_recover(&flow->splice, piece, pieces);

	if (n >= 0) {
		buffer_fill(&flow->buffer, (size_t)n);
		errno = EAGAIN;
	}
	return -1;
}

/* Writes what it holds, as much as fits. */
static ssize_t give(struct flow *flow)
{
	struct iovec piece[2];
	int pieces;
	ssize_t n;

	if (splice_through(&flow->splice) && !is_turning(flow)) {
		stream_note_splice(flow->to);
		n = splice_drain(&flow->splice, flow->to->out.fd);
		return n < 0 ? recover(flow) : n;
	}
	pieces = buffer_bytes(&flow->buffer, piece);
	n = stream_write(flow->to, piece, pieces);
	if (n > 0)
		buffer_drain(&flow->buffer, (size_t)n);
	return n;
}

static void fail_write(struct flow *flow, int error)
{
	flow->to->reset |= error == ECONNRESET;
	flow_note_fault(flow, FLOW_WRITE_FAILED, error);
	end(flow);
}

/* Writes once. Returns whether anything came of it. */
static bool drain(struct flow *flow)
{
	ssize_t n = give(flow);
	size_t ours;

	flow->writable = n >= 0 && !flow->to->out.blocks;
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n < 0) {
		fail_write(flow, errno);
		return true;
	}
	ours = MIN((size_t)n, flow->prepended);
	flow->prepended -= ours;
	flow->bytes += (uint64_t)n - ours;
	flow->moved += (uint64_t)n - ours;
	return true;
}

/*
 * Asks which of both ends is not ready, after a call that moved n bytes. An
 * end that is eager must be read until it says EAGAIN.
 */
static void look(struct flow *flow, ssize_t n)
{
	flow->readable =
	    flow->from->in.eager || fd_poll(flow->from->in.fd, POLLIN, 0) != 0;
	flow->writable = fd_poll(flow->to->out.fd, POLLOUT, 0) != 0;
	if (flow->readable && flow->writable)
		splice_note_poor(&flow->splice, n > 0 ? (size_t)n : 0);
}

/* A call that was to move bytes straight has failed. */
static void note_straight(struct flow *flow, int error)
{
	switch (splice_blames(&flow->splice, error)) {
	case SPLICE_SINK:
		fail_write(flow, error);
		break;
	case SPLICE_SOURCE:
		flow_note_fault(flow, FLOW_READ_FAILED, error);
		flow_stop(flow, FLOW_STOP_ERROR);
		break;
	case SPLICE_ITSELF:
		splice_refuse(&flow->splice);
		break;
	}
}

/*
 * Moves bytes straight from end to end. Returns whether anything came of it.
 * The end of the stream is left to copying, which meets it again.
 */
static bool pass(struct flow *flow)
{
	ssize_t n;

	stream_note_splice(flow->to);
	n = splice_pass(&flow->splice, flow->from->in.fd, flow->to->out.fd);
	if (n == 0) {
		splice_refuse(&flow->splice);
		return true;
	}
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		note_straight(flow, errno);
		return true;
	}
	if (n < (ssize_t)flow->splice.most)
		look(flow, n);
	if (n < 0 && flow->from->in.eager) {
		/* which of both said EAGAIN, only copying can tell */
		splice_end(&flow->splice);
		return true;
	}
	if (n > 0) {
		flow->bytes += (uint64_t)n;
		flow->moved += (uint64_t)n;
		stream_note_passed(flow->from, flow->to, n);
	}
	/* each takes a page of the pipe, however little: copying packs them */
	if (n > 0 && n < LITTLE)
		splice_end(&flow->splice);
	return flow->readable && flow->writable;
}

/* Reads and writes once each. Returns whether anything came of it. */
static bool advance(struct flow *flow)
{
	bool progress = false;

	choose_path(flow);
	if (splice_straight(&flow->splice) && !is_turning(flow)) {
		buffer_free(&flow->buffer);
		return flow->state == FLOW_OPEN && flow->readable &&
		       flow->writable && pass(flow);
	}
	if (flow->readable && flow_wants_input(flow))
		progress = fill(flow);
	if (flow->writable && flow_held(flow) > 0)
		progress = drain(flow) || progress;
	return progress;
}

void flow_advance(struct flow *flow)
{
	bool progress = true;

	for (int round = 0; progress && round < FAIR_SHARE; round++)
		progress = advance(flow);
	/* one that waits for its input costs nothing, and lends its pipe */
	if (flow_held(flow) == 0 && !flow->readable &&
	    !splice_straight(&flow->splice))
		flow_free(flow);
}

void flow_finish(struct flow *flow)
{
	bool untold = flow_is_cut(flow) && flow->to->socket;

	if (flow->state != FLOW_DRAINING || flow_held(flow) > 0)
		return;
	if (!untold && stream_finish(flow->to) < 0) {
		if (errno == EAGAIN)
			return;
		flow_note_fault(flow, FLOW_WRITE_FAILED, errno);
	}
	end(flow);
}

void flow_abandon(struct flow *flow)
{
	if (flow->state == FLOW_DONE)
		return;
	if (splice_straight(&flow->splice))
		splice_refuse(&flow->splice);
	/* one last look at the input: are there bytes that nobody gets? */
	if (flow->state == FLOW_OPEN && flow_held(flow) == 0 &&
	    fd_poll(flow->from->in.fd, POLLIN, 0) != 0)
		fill(flow);
	if (flow_held(flow) > 0 || stream_in_flight(flow->to))
		flow_note_fault(flow, FLOW_UNDELIVERED, EPIPE);
	end(flow);
}
