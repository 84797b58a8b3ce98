/*
 * Lists of numbers and of ranges of them, such as 22,80,1000-2000. Pure.
 */
#ifndef VCAT_RANGES_H
#define VCAT_RANGES_H

#include <stdbool.h>
#include <stdint.h>

#define RANGES_MAX 64

struct ranges {
	struct range {
		uint32_t first, last;
	} list[RANGES_MAX];
	int count;
};

/* What the numbers are of; the sentences are static. */
struct ranges_kind {
	/* Returns 0, or -1 with a static sentence in *why. */
	int (*read)(const char *word, uint32_t *number, const char **why);
	const char *shape;    /* what a list of them looks like */
	const char *reversed; /* a range's first is above its last */
	const char *too_many; /* more than RANGES_MAX */
};

/*
 * Adds those of the list to *ranges, in its order. Returns 0, or -1 with a
 * static sentence in *why.
 */
int ranges_add(const char *text, const struct ranges_kind *kind,
    struct ranges *ranges, const char **why);

bool ranges_hold(const struct ranges *ranges, uint32_t number);

#endif
