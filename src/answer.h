/*
 * --echo and --sink: connections that vcat itself answers, for --ping and
 * --bench.
 */
#ifndef VCAT_ANSWER_H
#define VCAT_ANSWER_H

#include <stddef.h>

#include "connection.h"
#include "gauge.h"
#include "greeting.h"
#include "options.h"

/* To begin with, all zeros. */
struct answer {
	char greeting[GREETING_SIZE]; /* of --echo */
	size_t relay;                 /* bytes held in each direction */
	struct gauge_common gauges;   /* of --sink */
	struct connection_maker maker;
};

/* Has these connections answered. To be called before the sandbox. */
void answer_begin(struct answer *answer, const struct options *options,
    struct connections *all);

/* When they are over. */
void answer_end(struct answer *answer);

#endif
