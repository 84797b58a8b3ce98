/*
 * The load generator's shapes. Each starts the measured commands, prints its
 * measurements as lines of a key and a value, and returns the result in a word:
 * ok, lost or failed.
 */
#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "command.h"
#include "place.h"

enum { LOAD_BLOCK = 256 * 1024, LOAD_PIECE_MOST = 4 << 20 };

struct load {
	int count;           /* connections, clients, files or times */
	uint64_t bytes;      /* of each direction or connection */
	double duration;     /* seconds, for shapes that run for a time */
	int rounds, message; /* round trips, and the bytes of each */
	size_t piece;        /* of each write(2) of bytes; 0: as is best */
	bool both_ways;
	bool stays; /* the first command serves on after the second has ended */
	const char *in_file, *out_file; /* NULL: pipes */
	bool has_target;
	union place near, target; /* where we connect, where we listen */
	struct command first, second;
};

/* From the second command's stdin to the first one's stdout. */
const char *carry_run(struct load *load);

/* Files, however the two commands find and store them. */
const char *transfer_run(struct load *load);

/* From count connections to near, to as many that arrive at the target. */
const char *flood_run(struct load *load);

/* The rate of connections with one answer each; the delay of an answer. */
const char *rounds_rate(struct load *load);
const char *rounds_delay(struct load *load);

/* Connections one after the other for the duration; prints their cost. */
bool rounds_visits(const struct load *load);

/* The cost of open, silent connections, and of another one beside them. */
const char *idle_run(struct load *load);

/* From the command's start to the first answer; then what connections cost. */
const char *ready_run(struct load *load);

/* The time of a command that does nothing, or only connects. */
const char *spawn_run(struct load *load);

void load_say(const char *key, double value);

/* Listens at the target. Returns the listener, or -1 after a message. */
int load_listen(const struct load *load);

/*
 * The same, and starts the first command, which is then listening; if there is
 * no command, near becomes the target.
 */
int load_open(struct load *load);

#endif
