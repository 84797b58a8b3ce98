/*
 * The values that options take, and sets of numbers such as 22,80,1000-2000.
 * Pure. What reads a text returns 0, or -1 with a static sentence in *why that
 * says what is wrong with the text.
 */
#ifndef VCAT_VALUE_H
#define VCAT_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "address.h"

#define VALUE_RANGES_MAX 64

struct ranges {
	struct range {
		uint32_t first, last;
	} list[VALUE_RANGES_MAX];
	int count;
};

/* Which peers a listener serves. */
struct allow {
	struct ranges cids; /* none: every CID */
	bool privileged;    /* only peers whose port is below 1024 */
};

/* Seconds, with a fraction if need be. */
int value_seconds(const char *text, double *seconds, const char **why);

/* Bytes, such as 4096, 256KiB or 1MiB. */
int value_size(const char *text, size_t *size, const char **why);

/* A number from 1 on. */
int value_count(const char *text, int *count, const char **why);

/* The permissions of a file, in octal, such as 660. */
int value_mode(const char *text, mode_t *mode, const char **why);

/* A list of CIDs such as "3,5-9,host"; adds to those that *cids has. */
int value_cids(const char *text, struct ranges *cids, const char **why);

/*
 * A list of ports, which become ranges that are sorted and do not touch. A
 * port may be as high as on VM sockets; the address knows a lower limit.
 */
int value_ports(const char *text, struct ranges *ports, const char **why);

/* How many ports value_ports() has read. */
uint64_t value_ports_count(const struct ranges *ports);

/* The port with that index, from 0 on, in ascending order. */
uint32_t value_ports_at(const struct ranges *ports, uint64_t index);

/*
 * Whether that peer may be served. A peer without a CID is in no list, and one
 * that has no port of its own is not privileged.
 */
bool value_permits(const struct allow *allow, const struct address *peer);

#endif
