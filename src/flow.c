#include "flow.h"

#include <errno.h>
#include <poll.h>

#include "fd.h"

/* Rounds of reading and writing before the other direction has its turn. */
#define FAIR_SHARE 16

/* A read that brings so much is worth a pipe. */
#define BULK 65536

void flow_init(
    struct flow *flow, struct stream *from, struct stream *to, size_t size)
{
	*flow = (struct flow){
		.from = from,
		.to = to,
		.state = FLOW_OPEN,
		.readable = !from->in.blocks,
		.writable = !to->out.blocks,
	};
	buffer_init(&flow->buffer, size);
}

void flow_free(struct flow *flow)
{
	buffer_free(&flow->buffer);
	splice_end(&flow->splice);
}

/* Messages would lose their boundaries. */
static bool is_bytes_on_socket(const struct stream *stream)
{
	return stream->socket && !stream->kind->messages;
}

void flow_set_pool(struct flow *flow, struct splice_pool *pool)
{
	flow->splice.most = flow->buffer.size;
	if (is_bytes_on_socket(flow->from) && is_bytes_on_socket(flow->to))
		flow->splice.pool = pool;
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
	return (flow->state == FLOW_FINISHING && !flow->hold_end) ||
	       (flow->state != FLOW_DONE && flow_held(flow) > 0);
}

void flow_fail(struct flow *flow, enum flow_fault fault, int error)
{
	if (flow->fault == FLOW_SOUND) {
		flow->fault = fault;
		flow->error = error;
	}
	flow->state = FLOW_DONE;
}

void flow_end_input(struct flow *flow)
{
	if (flow->state == FLOW_OPEN)
		flow->state = FLOW_DRAINING;
}

void flow_break_off(struct flow *flow)
{
	flow->broken_off = true;
	flow_end_input(flow);
}

/* What failed to be read is said after what was read before is delivered. */
static void read_failed(struct flow *flow)
{
	if (flow->fault == FLOW_SOUND) {
		flow->fault = FLOW_READ_FAILED;
		flow->error = errno;
	}
	flow->end_read = true;
	flow_break_off(flow);
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
	size_t room = buffer_room(&flow->buffer);
	struct iovec piece[2];
	int pieces;
	ssize_t n;

	pieces = buffer_space(&flow->buffer, piece);
	n = pieces < 0 ? -1 : stream_read(flow->from, piece, pieces);
	/* less than was asked for: poll(2) tells when there is more */
	flow->readable = n > 0 && !flow->from->in.blocks &&
			 ((size_t)n == room || flow->from->in.eager);
	if (n > 0)
		buffer_fill(&flow->buffer, (size_t)n);
	flow->bulk = n >= BULK && flow->splice.pool != NULL;
	return n;
}

/* Reads what there is, by one way or the other; notes if there is no more. */
static ssize_t take(struct flow *flow)
{
	ssize_t n;

	if (!should_splice(flow))
		return take_by_copy(flow);
	n = splice_fill(&flow->splice, flow->from->in.fd);
	/* with bytes in the pipe, EAGAIN says nothing of the socket */
	if (n < 0 && errno == EAGAIN && flow->splice.used == 0)
		flow->readable = false;
	return n;
}

/* Reads once. Returns whether anything came of it. */
static bool fill(struct flow *flow)
{
	ssize_t n = take(flow);

	if (n < 0 && errno == EAGAIN)
		return false;
	if (n < 0) {
		read_failed(flow);
	} else if (n == 0) {
		flow->end_read = true;
		flow_end_input(flow);
	} else {
		flow->moved += (uint64_t)n;
	}
	return true;
}

/* A receiver that takes no more: so whoever sends to it need not go on. */
static void write_failed(struct flow *flow)
{
	bool open = flow->state == FLOW_OPEN;

	flow_fail(flow, FLOW_WRITE_FAILED, errno);
	if (open)
		stream_stop_reading(flow->from);
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

	flow->writable = !flow->to->out.blocks;
	if (n < 0 && errno == EAGAIN) {
		flow->writable = false;
		return false;
	}
	if (n < 0) {
		write_failed(flow);
		return true;
	}
	flow->bytes += (uint64_t)n;
	flow->moved += (uint64_t)n;
	return true;
}

/* Passes the end on. Returns whether that is over. */
static bool finish(struct flow *flow)
{
	if (flow->broken_off && flow->to->socket) {
		flow->state = FLOW_DONE;
		return true;
	}
	if (stream_finish(flow->to) == 0) {
		flow->state = FLOW_DONE;
		return true;
	}
	if (errno == EAGAIN) {
		flow->writable = false;
		return false;
	}
	flow_fail(flow, FLOW_WRITE_FAILED, errno);
	return true;
}

void flow_advance(struct flow *flow)
{
	bool progress = true;

	for (int round = 0; progress && round < FAIR_SHARE; round++) {
		progress = false;
		if (flow->readable && flow_wants_input(flow))
			progress = fill(flow);
		if (flow->writable && flow->state != FLOW_DONE &&
		    flow_held(flow) > 0)
			progress = drain(flow) || progress;
		if (flow->state == FLOW_DRAINING && flow_held(flow) == 0)
			flow->state = FLOW_FINISHING;
		if (flow->state == FLOW_FINISHING && !flow->hold_end)
			progress = finish(flow) || progress;
	}
	/* one that waits for its input costs nothing, and lends its pipe */
	if (flow->state == FLOW_DONE ||
	    (flow_held(flow) == 0 && !flow->readable))
		flow_free(flow);
}

void flow_abandon(struct flow *flow)
{
	bool open = flow->state == FLOW_OPEN;

	if (flow->state == FLOW_DONE)
		return;
	/* one last look at the input: are there bytes that nobody gets? */
	if (open && flow_held(flow) == 0 &&
	    fd_poll(flow->from->in.fd, POLLIN, 0) != 0)
		fill(flow);
	if (flow_held(flow) > 0 || stream_in_flight(flow->to))
		flow_fail(flow, FLOW_UNDELIVERED, EPIPE);
	flow->state = FLOW_DONE;
	if (open)
		stream_stop_reading(flow->from);
	flow_free(flow);
}
