/*
 * Which ports answer? Opens many connections at once, sends nothing (but a
 * hybrid socket's handshake), and tells of each port, in their order, what
 * came of it.
 */
#ifndef VCAT_SCAN_H
#define VCAT_SCAN_H

#include <stdbool.h>

#include "dial.h"
#include "status.h"
#include "value.h"

struct scan {
	struct dial_target target; /* of each port, but for the port */
	struct ranges ports;
	bool verbose; /* a line for each port, not only for open ones */
	bool json;    /* an object for each port */
};

/*
 * Scans and prints to stdout. A SIGHUP, SIGINT or SIGTERM cuts it short: what
 * is known by then is printed, and its number is left in *signal, else 0.
 * Returns 0 if a port is open; 3 if nobody answered in time; else 1.
 */
enum status scan_run(struct scan *scan, int *signal);

#endif
