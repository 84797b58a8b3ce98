/*
 * Many senders, one stdout: each is one task of a loop, which reads lines, and
 * one more task writes them. Nothing is ever sent to a sender.
 *
 * What waits for stdout is bounded. When there is much of it nobody is read
 * from, and senders wait. They go on in the order in which they had to stop,
 * each with a bounded share. A sender whose end has come is closed when all
 * its lines are written.
 */
#ifndef VCAT_COLLECTOR_H
#define VCAT_COLLECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "address.h"
#include "buffer.h"
#include "lines.h"
#include "loop.h"
#include "stream.h"

struct sender;

enum sender_state {
	SENDER_READ,    /* when it sends */
	SENDER_HELD,    /* read when stdout has taken more */
	SENDER_LEAVING, /* all is read, and not all is written */
	SENDER_STATES,
};

struct collector {
	/* For the owner to set; what is pointed to is borrowed. */
	struct loop *loop;
	struct stream *stdio; /* whose `out` gets the lines; it is never
				 finished */
	size_t buffer;        /* bytes that may wait for it; it has
				 LINES_OUTPUT_LEAST if that is more */
	double idle;          /* seconds for each sender; 0: no limit */
	bool tag;             /* put the peer before each line */
	bool verbose;         /* report what each has sent */

	/* One sender has gone, and all its lines are written. It has failed if
	   it did not end by itself. */
	void (*done)(struct collector *collector, bool failed);
	/* After a message: stdout takes no more. All senders are dropped next,
	   each with a call of done(). */
	void (*lost)(struct collector *collector);

	/* Its own. */
	struct loop_task writer;
	struct buffer output;
	uint64_t received, written; /* bytes, so far */
	uint64_t senders;           /* the same */
	TAILQ_HEAD(sender_list, sender) lists[SENDER_STATES];
};

/* To be called first, when the owner has set its part. */
void collector_init(struct collector *collector);

/*
 * Takes over an accepted socket, and reads from it. If that cannot be done,
 * there is a message and a call of done().
 */
void collector_add(
    struct collector *collector, int fd, const struct address *peer);

/*
 * The end of all: takes what the senders have sent by now, completes their last
 * lines, writes all that, and lets go of everything. Waits up to two seconds
 * for stdout; what it has not taken by then is lost, after a message. Once that
 * is done, another call does nothing.
 */
void collector_end(struct collector *collector);

#endif
