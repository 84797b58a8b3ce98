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

bool flow_wants_input(const struct flow *flow)
{
	if (flow->state != FLOW_OPEN)
		return false;
	/* a message must find the whole buffer, or be cut */
	if (flow->from->kind->messages || flow->to->kind->messages)
		return flow->buffer.used == 0;
	if (splice_on(&flow->splice))
		return splice_has_room(&flow->splice);
	return buffer_room(&flow->buffer) > 0;
}

bool flow_wants_output(const struct flow *flow)
{
	return flow->state == FLOW_DRAINING || flow_held(flow) > 0;
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

/* Is done. Whoever sends what is read no more learns it, where possible. */
static void end(struct flow *flow)
{
	if (flow->state == FLOW_OPEN)
		stream_stop_reading(flow->from);
	flow->state = FLOW_DONE;
	flow_free(flow);
}

/*
 * Whether to read by way of a pipe: once a read has brought much, and there
 * is nothing in the buffer, which would be overtaken.
 */
static bool should_splice(struct flow *flow)
{
	if (flow->bulk && flow->buffer.used == 0) {
		flow->bulk = false; /* if no pipe is free now, try later */
		splice_begin(
		    &flow->splice, flow->from->in.fd, flow->to->out.fd);
	}
	return splice_on(&flow->splice);
}

static ssize_t take_by_copy(struct flow *flow)
{
	struct iovec piece[2];
	int pieces = buffer_space(&flow->buffer, piece);
	ssize_t n = pieces < 0 ? -1 : stream_read(flow->from, piece, pieces);

	if (n > 0)
		buffer_fill(&flow->buffer, (size_t)n);
	if (n > 0 && flow->tap != NULL)
		flow->tap->note(flow->tap, piece, (size_t)n);
	/* less than was asked for: poll(2) tells when there is more */
	flow->readable =
	    n > 0 && !flow->from->in.blocks &&
	    (buffer_room(&flow->buffer) == 0 || flow->from->in.eager);
	flow->bulk = n >= BULK && flow->splice.pool != NULL;
	return n;
}

static ssize_t take_by_pipe(struct flow *flow)
{
	ssize_t n = splice_fill(&flow->splice, flow->from->in.fd);

	/* with bytes in the pipe, EAGAIN says nothing of the socket */
	if (n < 0 && errno == EAGAIN && flow->splice.used == 0)
		flow->readable = false;
	return n;
}

/* Reads once. Returns whether anything came of it. */
static bool fill(struct flow *flow)
{
	ssize_t n =
	    should_splice(flow) ? take_by_pipe(flow) : take_by_copy(flow);

	if (n == 0 && flow->from->reset) {
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

/* Writes what it holds, as much as fits. */
static ssize_t give(struct flow *flow)
{
	struct iovec piece[2];
	int pieces;
	ssize_t n;

	if (splice_on(&flow->splice))
		return splice_drain(&flow->splice, flow->to->out.fd);
	pieces = buffer_bytes(&flow->buffer, piece);
	n = stream_write(flow->to, piece, pieces);
	if (n > 0)
		buffer_drain(&flow->buffer, (size_t)n);
	return n;
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
		flow->to->reset = errno == ECONNRESET;
		flow_note_fault(flow, FLOW_WRITE_FAILED, errno);
		end(flow);
		return true;
	}
	ours = MIN((size_t)n, flow->prepended);
	flow->prepended -= ours;
	flow->bytes += (uint64_t)n - ours;
	flow->moved += (uint64_t)n - ours;
	return true;
}

void flow_advance(struct flow *flow)
{
	bool progress = true;

	for (int round = 0; progress && round < FAIR_SHARE; round++) {
		progress = false;
		if (flow->readable && flow_wants_input(flow))
			progress = fill(flow);
		if (flow->writable && flow_held(flow) > 0)
			progress = drain(flow) || progress;
	}
	/* one that waits for its input costs nothing, and lends its pipe */
	if (flow_held(flow) == 0 && !flow->readable)
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
	/* one last look at the input: are there bytes that nobody gets? */
	if (flow->state == FLOW_OPEN && flow_held(flow) == 0 &&
	    fd_poll(flow->from->in.fd, POLLIN, 0) != 0)
		fill(flow);
	if (flow_held(flow) > 0 || stream_in_flight(flow->to))
		flow_note_fault(flow, FLOW_UNDELIVERED, EPIPE);
	end(flow);
}
