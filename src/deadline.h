/*
 * A point on the monotonic clock by which something must have happened, or
 * "never". Copied freely; owns nothing.
 */
#ifndef VCAT_DEADLINE_H
#define VCAT_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

struct deadline {
	int64_t at; /* nanoseconds of CLOCK_MONOTONIC; INT64_MAX is never */
};

/* The deadline that never comes. */
struct deadline deadline_never(void);

/* The deadline that many seconds (fractions allowed) from now. */
struct deadline deadline_in(double seconds);

/* As deadline_in(), but 0 seconds stands for "no limit". */
struct deadline deadline_limit(double seconds);

/* Whichever of the two comes first. */
struct deadline deadline_first(struct deadline a, struct deadline b);

bool deadline_is_never(struct deadline d);
bool deadline_passed(struct deadline d);

/*
 * Milliseconds left, rounded up and never below 0, for poll(2): -1 for never,
 * INT_MAX at most.
 */
int deadline_poll_ms(struct deadline d);

/* Nanoseconds of CLOCK_MONOTONIC now. */
int64_t deadline_now(void);

#endif
