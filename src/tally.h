/*
 * How a receiver counts, by its own clock: after its first byte a warm-up, then
 * the bytes of a time, and the CPU time of the process.
 */
#ifndef VCAT_TALLY_H
#define VCAT_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "measure.h"

enum tally_state {
	TALLY_NOTHING, /* no byte has come yet */
	TALLY_WARMING, /* they do not count yet */
	TALLY_COUNTING,
	TALLY_DONE,
};

/* All that count in this process. To begin with, all zeros. */
struct tally_house {
	uint64_t began;   /* how many have begun to measure */
	uint32_t running; /* those that do now */
};

struct tally {
	enum tally_state state;
	struct measure_report report; /* of the bytes and time so far; the rest
					 is known at the end */
	int64_t next; /* when `state` changes next, of deadline_now() */

	/* The tally's own. */
	int64_t from;
	uint64_t cpu, before;
};

/* CPU time of the whole process, in ns; 0 if the system does not say. */
uint64_t tally_cpu(void);

/* How much of it has passed since it was that. */
uint64_t tally_since(uint64_t cpu);

/* The first byte is there. */
void tally_begin(struct tally *tally, uint32_t warm_up_ms);

/*
 * Goes on to the next state if it is time. Returns whether it did. It is to be
 * called before tally_add(): of bytes that come in one go, all count or none.
 * But a count does not end without a byte if there are `some` now: it is the
 * receiver that has been late.
 */
bool tally_turn(struct tally *tally, const struct tally_house *house,
    uint32_t time_ms, bool some);

/* So many bytes have come. */
void tally_add(struct tally *tally, uint64_t bytes);

#endif
