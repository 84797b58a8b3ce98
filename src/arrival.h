/*
 * The content of one file as it arrives: what is there already, what is written
 * where, and whether all is right in the end.
 *
 * To resume, the blocks that are there count: those of the partial file that an
 * earlier run has kept, or those of the file itself, if it has the size and the
 * time that the sender offers. In that case nothing is written until a block
 * turns out to differ.
 */
#ifndef VCAT_ARRIVAL_H
#define VCAT_ARRIVAL_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "beneath.h"
#include "channel.h"
#include "content.h"
#include "deposit.h"
#include "frame.h"

struct arrival {
	/* For the owner to set; borrowed. */
	struct beneath *into;
	const char *name;
	bool overwrite; /* a file that is there is replaced */
	bool resume;    /* count what is there; keep what has arrived */
	bool sync;      /* it will be synced: begin early */
	bool alone;     /* in a directory that we have just made */
	enum deposit_known sure;

	uint64_t size, at;            /* at: all before it is done */
	struct deposit deposit;       /* where it is written */
	int found;                    /* or the file that is there, or -1 */
	struct timespec changed;      /* its st_ctim when it was found */
	uint64_t known;               /* up to there its data is in `blocks` */
	uint64_t stale;               /* so much of the deposit is of before */
	struct content_blocks blocks; /* that are there */
	struct frame_digest digest;
};

/*
 * Makes ready for a file of that size and time. Returns NULL, or why it cannot
 * be taken. arrival_drop() it in any case.
 */
const char *arrival_begin(
    struct arrival *arrival, const struct frame_entry *entry);

/* Says which blocks are there, in HAVEs. Returns 0, or -1 after a message. */
int arrival_say_blocks(
    struct arrival *arrival, struct channel *channel, uint64_t id);

/* What is returned for a frame that no sender may send. */
extern const char arrival_wrong[];

/*
 * Takes in a DATA, a SAME or an END. Returns NULL, or why the file cannot be
 * stored, or arrival_wrong.
 */
const char *arrival_take(struct arrival *arrival, const struct frame *frame,
    const unsigned char *payload);

/* What to read the content from: it may change with each arrival_take(). */
int arrival_fd(const struct arrival *arrival);

/* Lets go of it: unless the deposit has been taken over, it gets no name. */
void arrival_drop(struct arrival *arrival);

#endif
