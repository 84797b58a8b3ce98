/*
 * A stream that measures: the near side of an ordinary relay, at both ends of
 * a --bench. What is written to it are frames of measure.h, which it counts
 * and throws away; what is read from it are frames, too. So what is measured
 * is what a relay moves.
 *
 * A receiver counts by its own clock; it reports to the sender, which does not
 * know how much of what it has sent has arrived. An echo reports nothing: its
 * client is the receiver of what it sends.
 */
#ifndef VCAT_GAUGE_H
#define VCAT_GAUGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feed.h"
#include "greeting.h"
#include "hail.h"
#include "measure.h"
#include "stream.h"
#include "tally.h"

enum gauge_state {
	GAUGE_GREETING,  /* the client: no greeting has come yet */
	GAUGE_HELLO,     /* nor has a HELLO */
	GAUGE_MEASURING, /* bytes are moved */
	GAUGE_DONE,      /* all that was to be measured is known */
	GAUGE_FAILED,    /* stream.why says it */
};

/* What all gauges of a process have in common. */
struct gauge_common {
	unsigned char *data; /* a frame of DATA as it is sent; NULL: there was
				no memory for it */
	char greeting[GREETING_SIZE]; /* of a sink */
	struct tally_house house;
};

struct gauge {
	struct stream stream; /* the near side */
	/* What is known. */
	enum gauge_state state;
	struct hail hail;            /* the client: the peer's greeting */
	struct measure_hello ours;   /* its wishes are the client's */
	struct measure_hello theirs; /* not with an echo */
	struct tally tally;          /* by us, if we receive */
	struct measure_report heard; /* from the peer, if we send; time 0:
					it has not come */
	uint64_t cpu;                /* ours while the peer counted, in ns */

	/* The gauge's own. */
	struct gauge_common *common;
	bool client, sends, receives;
	bool joined;   /* it is one of those that run */
	bool begun;    /* the peer counts */
	int64_t since; /* when it began to measure; deadline_now() */
	int64_t armed; /* what the timer is set to; 0: nothing */
	uint64_t sent; /* bytes */
	struct measure_reader reader;
	struct feed feed;
	char why[GREETING_SIZE];
};

/* To be called before the sandbox. */
void gauge_prepare(struct gauge_common *common);
void gauge_forget(struct gauge_common *common);

/*
 * Begins one for a relay whose far side is that socket. Of `ours` the caller
 * sets what the relay holds and, for a client, what it wants; a time of 0 makes
 * it a sink. A client sends nothing until it has heard a greeting. Returns 0,
 * or -1 with errno and nothing to close.
 */
int gauge_open(struct gauge *gauge, struct gauge_common *common,
    const struct measure_hello *ours, int far);
void gauge_close(struct gauge *gauge);

#endif
