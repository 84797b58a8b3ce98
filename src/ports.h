/*
 * Sets of ports, such as 22,80,1000-2000. Pure.
 */
#ifndef VCAT_PORTS_H
#define VCAT_PORTS_H

#include <stdint.h>

#include "ranges.h"

/* On VM sockets; that there are fewer elsewhere is for the address to say. */
#define PORTS_HIGHEST 4294967294U

/*
 * Reads a list of ports into ranges that are sorted and do not touch: each
 * port is there once. Returns 0, or -1 with a static sentence in *why.
 */
int ports_parse(const char *text, struct ranges *ports, const char **why);

/* How many ports there are. */
uint64_t ports_count(const struct ranges *ports);

/* The port with that index, from 0 on, in ascending order. */
uint32_t ports_at(const struct ranges *ports, uint64_t index);

#endif
