/*
 * The frames that a side sends: DATA, and others between two frames of it.
 */
#ifndef VCAT_FEED_H
#define VCAT_FEED_H

#include <stdbool.h>
#include <stddef.h>

#include "greeting.h"
#include "measure.h"

/* To begin with, `data` is set and the rest is 0. */
struct feed {
	const unsigned char *data; /* of feed_data() */
	size_t data_at;            /* in it: what has gone */
	size_t queued;
	/* a greeting and one of each type */
	unsigned char
	    queue[GREETING_SIZE + 3 * (MEASURE_HEADER + MEASURE_PAYLOAD_MAX)];
};

/* A frame of DATA as it is sent, for free(3). NULL: there is no memory. */
unsigned char *feed_data(void);

/* Queues these bytes; or a frame, of which the caller writes the payload. */
void feed_text(struct feed *feed, const char *text);
unsigned char *feed_put(
    struct feed *feed, enum measure_type type, uint32_t length);

/* Whether something is queued, or a frame has been begun. */
bool feed_waits(const struct feed *feed);

/* Takes what is to be sent next, DATA if nothing is queued. Returns how many
 * bytes, one at least. */
size_t feed_take(struct feed *feed, unsigned char *to, size_t room);

#endif
