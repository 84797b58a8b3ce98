/*
 * The values that options take, and sets of numbers such as 22,80,1000-2000.
 * Pure. A function that reads a text puts the value where its second argument
 * points, and returns NULL or a static sentence that says what is wrong with
 * the text.
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

/* A double: seconds, with a fraction if need be. */
const char *value_seconds(const char *text, void *seconds);

/* A size_t: bytes, such as 4096, 256KiB or 1MiB. */
const char *value_size(const char *text, void *size);

/* A uint64_t: bytes, such as 4096, 256KiB, 10GiB or 2TiB. */
const char *value_bytes(const char *text, void *bytes);

/* An int: a number from 1 on. */
const char *value_count(const char *text, void *count);

/* A mode_t: the permissions of a file, in octal, such as 660. */
const char *value_mode(const char *text, void *mode);

/*
 * A struct ranges: a list of CIDs such as "3,5-9,host"; adds to those that it
 * has.
 */
const char *value_cids(const char *text, void *cids);

/*
 * A list of ports, which become ranges that are sorted and do not touch. A
 * port may be as high as on VM sockets; the address knows a lower limit.
 */
const char *value_ports(const char *text, struct ranges *ports);

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
