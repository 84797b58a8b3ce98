/*
 * One direction: bytes from one stream to another through a bounded buffer,
 * until the end of the first has been passed on to the second.
 *
 * A flow never waits: flow_advance() does what can be done now. Its owner
 * polls for what flow_wants_input() and flow_wants_output() ask for, and
 * decides when the end is passed on.
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
	FLOW_OPEN,     /* reading and writing */
	FLOW_DRAINING, /* reading no more; writing what it holds. After that,
			  flow_finish() passes the end on. */
	FLOW_DONE,     /* nothing more will move, see fault */
};

/* Why a flow stopped reading. */
enum flow_stop {
	FLOW_STOP_NONE,  /* it has not, or it became FLOW_DONE at once */
	FLOW_STOP_END,   /* it read the end of the stream */
	FLOW_STOP_ERROR, /* reading failed */
	FLOW_STOP_ASKED, /* its owner wanted no more */
	FLOW_STOP_CUT,   /* its owner gave up: something else has failed */
};

/* Why a flow is done although not all went well. */
enum flow_fault {
	FLOW_SOUND,
	FLOW_READ_FAILED,
	FLOW_WRITE_FAILED,
	FLOW_UNDELIVERED, /* the receiver had gone before it had everything */
	FLOW_TRUNCATED,   /* strict: the end came without a half-close */
};

/* Whoever is told what a flow reads, before it goes on. */
struct flow_tap {
	/* n bytes, the first in the two pieces. */
	void (*note)(
	    struct flow_tap *tap, const struct iovec piece[2], size_t n);
};

struct flow {
	struct stream *from, *to; /* borrowed */
	struct buffer buffer;     /* bytes that are copied */
	struct splice splice;     /* bytes that are not; never both at once.
				     Its pool is for the owner to set. */
	struct flow_tap *tap;     /* borrowed; NULL: nobody. Not with splice. */
	bool bulk;                /* the last read brought much */
	enum flow_state state;
	enum flow_stop stop;
	enum flow_fault fault;   /* the first */
	int error;               /* its errno */
	bool readable, writable; /* not known to be otherwise */
	short said;       /* poll(2), of its source, this time; 0: nothing */
	bool sound;       /* at its end, no error waits at `to` */
	size_t prepended; /* bytes in the buffer that `from` never sent;
			     these count neither here nor there: */
	uint64_t bytes;   /* delivered to `to` */
	uint64_t moved;   /* read and written: any progress shows */
};

/*
 * A flow through a buffer of size bytes; less if `to` takes only shorter
 * messages. The streams stay the caller's, and must outlive the flow.
 */
void flow_init(
    struct flow *flow, struct stream *from, struct stream *to, size_t size);

/*
 * Before anything has moved: sends these bytes, fewer than the buffer holds,
 * before those that come. If there is no memory, reading fails.
 */
void flow_prepend(struct flow *flow, const char *bytes, size_t n);

/*
 * Lets go of its memory and its pipe, and of what is in them. It may go on
 * afterwards: it takes what it needs.
 */
void flow_free(struct flow *flow);

/* How many bytes it holds: read, and not yet written. */
size_t flow_held(const struct flow *flow);

bool flow_wants_input(const struct flow *flow);
bool flow_wants_output(const struct flow *flow);

/* Reads and writes until both would wait, or a fair share has been moved. */
void flow_advance(struct flow *flow);

/*
 * Passes the end on, if it has been read and all is written, and is done.
 * After a cut (flow_is_cut()) a socket's peer is not told of an end, as it
 * would take the stream for finished; the connection is to be closed instead.
 */
void flow_finish(struct flow *flow);

/* Is done, without a word to either side: these will be closed at once. */
void flow_let_go(struct flow *flow);

/* Stops reading, for that reason; what it holds is still delivered. */
void flow_stop(struct flow *flow, enum flow_stop why);

/* Whether there was more to come than it has read. */
bool flow_is_cut(const struct flow *flow);

/* The relay is over. If there was more for the flow's receiver than it was
 * sent, the stream to it is broken. */
void flow_note_cut(const struct flow *flow);

/*
 * The receiver has gone for good. The flow is done; it is at fault if bytes
 * for that receiver are in the buffer or waiting to be read.
 */
void flow_abandon(struct flow *flow);

/* Records a fault, unless there is one. */
void flow_note_fault(struct flow *flow, enum flow_fault fault, int error);

#endif
