/*
 * The first line of a peer, as it comes, which is to be a greeting.
 */
#ifndef VCAT_HAIL_H
#define VCAT_HAIL_H

#include <stddef.h>
#include <sys/types.h>

#include "greeting.h"

/* To begin with, all zeros. */
struct hail {
	char line[GREETING_SIZE]; /* as far as it has come */
	size_t have;
	struct greeting greeting; /* GREETING_NONE until it is whole */
};

/*
 * Takes some of these bytes, one at least, and none after the newline. Returns
 * how many, or -1 as soon as it can be no greeting: then the line is what came,
 * cut, and fit for a terminal.
 */
ssize_t hail_take(struct hail *hail, const char *bytes, size_t n);

#endif
