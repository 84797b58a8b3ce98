/*
 * Sets of ports, such as 22,80,1000-2000. Pure.
 */
#ifndef VCAT_PORTS_H
#define VCAT_PORTS_H

#include <stdint.h>

#define PORTS_MAX 64

/* Ranges that are sorted and do not touch: each port is there once. */
struct ports {
	struct {
		uint32_t first, last;
	} ranges[PORTS_MAX];
	int count;
};

/*
 * Reads a list of numbers and ranges, none above `most`. Returns 0, or -1 with
 * a static sentence in *why.
 */
int ports_parse(
    const char *text, uint32_t most, struct ports *ports, const char **why);

/* How many ports there are. */
uint64_t ports_count(const struct ports *ports);

/* The port with that index, from 0 on, in ascending order. */
uint32_t ports_at(const struct ports *ports, uint64_t index);

#endif
