/*
 * --bench: dials a vcat with --sink or --echo, has a relay move frames, and
 * says how fast that was.
 */
#ifndef VCAT_BENCH_H
#define VCAT_BENCH_H

#include "options.h"
#include "status.h"

/*
 * Measures, and prints the result to stdout, which is for the caller to flush.
 * *number is the signal that has ended it, or 0.
 */
enum status bench_run(const struct options *options, int *number);

#endif
