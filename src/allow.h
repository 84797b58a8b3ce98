/*
 * Who may come in: the CIDs of --allow, and --allow-privileged. Pure.
 */
#ifndef VCAT_ALLOW_H
#define VCAT_ALLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "ranges.h"

struct allow {
	struct ranges cids; /* none: every CID */
	bool privileged;    /* only peers whose port is below 1024 */
};

/*
 * Adds a list such as "3,5-9,host". Returns 0, or -1 with a static sentence
 * in *why.
 */
int allow_parse(const char *text, struct allow *allow, const char **why);

/* Whether that peer may be served. One without a CID or a port may not, where
 * a CID or a port is asked for. */
bool allow_permits(const struct allow *allow, const struct address *peer);

#endif
