/*
 * One direction: bytes from one stream to another through a bounded buffer,
 * until the end of the first has been passed on to the second.
 *
 * A flow never waits: flow_advance() does what can be done now. Its owner
 * polls for what flow_wants_input() and flow_wants_output() ask for.
 */
#ifndef VCAT_FLOW_H
#define VCAT_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"
#include "splice.h"
#include "stream.h"

enum flow_state {
	FLOW_OPEN,      /* reading and writing */
	FLOW_DRAINING,  /* the end was read: writing what is buffered */
	FLOW_FINISHING, /* all is written: passing the end on */
	FLOW_DONE,      /* nothing more will move, see fault */
};

/* Why a flow is done although not all went well. */
enum flow_fault {
	FLOW_SOUND,
	FLOW_READ_FAILED,
	FLOW_WRITE_FAILED,
	FLOW_UNDELIVERED, /* the receiver had gone before it had everything */
	FLOW_TRUNCATED,   /* strict: the end came without a half-close */
};

struct flow {
	struct stream *from, *to; /* borrowed */
	struct buffer buffer;     /* bytes that are copied */
	struct splice splice;     /* bytes that are not; never both at once */
	bool bulk;                /* reads bring much: no use in copying */
	enum flow_state state;
	enum flow_fault fault; /* the first */
	int error;             /* its errno */
	bool broken_off;       /* its end is none: a peer is not told of it */
	bool hold_end; /* all is written, but the end waits for its owner */
	bool end_read; /* `from` has come to its end */
	bool readable, writable; /* not known to be otherwise */
	uint64_t bytes;          /* delivered to `to` */
	uint64_t moved;          /* read and written: any progress shows */
};

/*
 * A flow through a buffer of size bytes. The streams stay the caller's, and
 * must outlive the flow.
 */
void flow_init(
    struct flow *flow, struct stream *from, struct stream *to, size_t size);

/*
 * Lets go of its memory and its pipe, and of what is in them. It may go on
 * afterwards: it takes what it needs.
 */
void flow_free(struct flow *flow);

/* Lets it use pipes of that pool, which must outlive it, between sockets. */
void flow_set_pool(struct flow *flow, struct splice_pool *pool);

/* How many bytes it holds: read, and not yet written. */
size_t flow_held(const struct flow *flow);

bool flow_wants_input(const struct flow *flow);
bool flow_wants_output(const struct flow *flow);

/* Reads and writes until both would wait, or a fair share has been moved. */
void flow_advance(struct flow *flow);

/* Takes no more input; what is buffered is still delivered, and the end. */
void flow_end_input(struct flow *flow);

/*
 * Takes no more input, as something has failed; what is buffered is still
 * delivered. To a half-close the peer is not entitled: it would take the
 * stream for finished. The connection is to be closed instead.
 */
void flow_break_off(struct flow *flow);

/*
 * The receiver has gone for good. The flow is done; it is at fault if bytes
 * for that receiver are in the buffer or waiting to be read.
 */
void flow_abandon(struct flow *flow);

/* Records a fault, unless there is one, and is done. */
void flow_fail(struct flow *flow, enum flow_fault fault, int error);

#endif
