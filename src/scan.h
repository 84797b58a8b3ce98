/*
 * Which ports answer? Opens many connections at once, sends nothing (except a
 * hybrid socket's handshake), and reports the ports in ascending order.
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
	bool verbose;       /* a line for each port, not only for open ones */
	bool json;          /* one object per port */
	const char *banner; /* a port is open if its first bytes begin with
			       that, borrowed; NULL: if it accepts */
	int signal; /* scan_run() sets it: what has ended the scan, or 0 */
};

/*
 * Scans and prints to stdout. SIGHUP, SIGINT or SIGTERM ends the scan; what is
 * known by then is printed. Returns 0 if a port is open; 3 if all timed out;
 * else 1.
 */
enum status scan_run(struct scan *scan);

#endif
