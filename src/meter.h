/*
 * The progress of a relay, for --progress. Bytes both ways count; but as long
 * as a file on stdin is being sent, it is how much of that file.
 */
#ifndef VCAT_METER_H
#define VCAT_METER_H

#include <stdbool.h>

#include "progress.h"
#include "relay.h"

struct meter {
	bool wanted; /* for the owner to set */
	bool screen; /* what is received goes to a terminal, too */
	struct progress progress;
};

/* Begins, with a relay that has just been initialized. */
void meter_begin(struct meter *meter, const struct relay *relay);

/*
 * Before relay_advance(): if it is going to write to a terminal, the line goes
 * for good, since the text there may end in the middle of a line.
 */
void meter_give_way(struct meter *meter, const struct relay *relay);

/* After relay_advance(): counts, and draws if it is time. */
void meter_count(struct meter *meter, const struct relay *relay);

#endif
