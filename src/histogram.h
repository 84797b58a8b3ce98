/*
 * Any number of times in memory of a fixed size: each is counted in a bucket
 * that is at most 1/128 of its value wide, those below 128 ns exactly. The
 * least and the greatest are exact. Times are in nanoseconds. Pure.
 */
#ifndef VCAT_HISTOGRAM_H
#define VCAT_HISTOGRAM_H

#include <stdint.h>

/* A power of two has so many buckets: 2 to the HISTOGRAM_BITS. */
#define HISTOGRAM_BITS    7
#define HISTOGRAM_BUCKETS ((64 - HISTOGRAM_BITS) << HISTOGRAM_BITS)

/* Empty if all of it is 0. */
struct histogram {
	uint64_t count;
	int64_t least, most; /* unless count is 0 */
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

/* Adds a time; one below 0 counts as 0. */
void histogram_add(struct histogram *histogram, int64_t ns);

/*
 * The time that so many percent of all, 1 to 100, do not exceed: 50 for the
 * median. At most 0.8 % too great; 0 if there are none.
 */
int64_t histogram_at(const struct histogram *histogram, unsigned percent);

#endif
