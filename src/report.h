/*
 * What a scan prints: a line or a JSON object for each port on stdout, a line
 * of progress on stderr if that is a terminal, and at the end, if no port is
 * open, the reason.
 *
 * The JSON object has "address", in the form in which it is typed, "port" if
 * it has one, "outcome" (see trouble_outcome() and banner_outcome()), "open",
 * "ms", "banner" if one came, and if it is not open "step" and "error".
 */
#ifndef VCAT_REPORT_H
#define VCAT_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "address.h"
#include "banner.h"
#include "status.h"
#include "trouble.h"

/* The result for one port. */
struct report_entry {
	struct address address;
	int error;                 /* errno's; 0 if open */
	struct socket_fault fault; /* what failed, unless open */
	double ms;                 /* how long the attempt took */
	const char *banner; /* the first line that came, tamed, borrowed; NULL:
			       none, or not asked for */
};

/* The ports that had the same outcome. */
struct report_count {
	const char *outcome; /* NULL: the end of the list */
	uint64_t ports;
	struct report_entry first;
};

/* The owner sets all members down to the blank line; the others are 0. */
struct report {
	bool verbose; /* a line for each port, not only for open ones */
	bool json;
	uint64_t total; /* ports to scan */
	FILE *to;       /* from fd_output(): no line may be lost */

	uint64_t done; /* ports reported */
	uint64_t open; /* of them are open */
	uint64_t late; /* of them timed out */
	int error;     /* errno of a failed write to stdout, or 0 */
	struct report_count counts[TROUBLE_OUTCOMES + BANNER_OUTCOMES + 1];
};

/* Reports one port; the owner calls it in the order of the ports. */
void report_port(struct report *report, const struct report_entry *entry);

/* Flushes stdout. Returns whether everything so far has been written. */
bool report_flush(struct report *report);

void report_progress(struct report *report);

/*
 * Returns the exit status: 0 if a port is open; 3 if all timed out; else 1.
 * If no port is open, or stdout has failed, prints why.
 */
enum status report_end(struct report *report);

#endif
