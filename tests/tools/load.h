/*
 * The load generator's shapes. Each takes what the command line asked for,
 * starts the commands that are measured, prints what it measured as lines of
 * a key and a value, and returns how it went in a word: ok, lost or failed.
 */
#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "command.h"
#include "place.h"

enum { LOAD_BLOCK = 256 * 1024 };

struct load {
	int count;           /* connections, clients or times */
	uint64_t bytes;      /* of each direction or connection */
	double duration;     /* seconds of a shape that goes on for a time */
	int rounds, message; /* round trips, and the bytes of each */
	bool both_ways;
	const char *in_file, *out_file; /* NULL: pipes */
	bool has_target;
	union place near, target; /* where we connect, where we listen */
	struct command first, second;
};

/* From the second command's stdin to the first one's stdout. */
const char *carry_run(struct load *load);

/* From count connections to near, to as many that arrive at the target. */
const char *flood_run(struct load *load);

/* How often clients connect, get an answer and close; how long answers take. */
const char *rounds_rate(struct load *load);
const char *rounds_delay(struct load *load);

/* What connections cost that are open and silent. */
const char *idle_run(struct load *load);

/* How long a command runs that does nothing, or connects and sees the end. */
const char *spawn_run(struct load *load);

void load_say(const char *key, double value);

/*
 * Listens at the target and begins first, unless there is none; then near is
 * the target itself. Returns the listener, or -1 after a message.
 */
int load_open(struct load *load);

#endif
