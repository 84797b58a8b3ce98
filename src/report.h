/*
 * What a scan says: a line or a JSON object for a port on stdout, a line of
 * progress on stderr where that is a terminal, and at the end, if no port is
 * open, why.
 *
 * The object has "address", as one types it, "port" where there is one,
 * "outcome" (trouble_outcome_name()'s words), "open", "ms", and if it is not
 * open "step" and "error".
 */
#ifndef VCAT_REPORT_H
#define VCAT_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "address.h"
#include "status.h"
#include "trouble.h"

/* When the first line of progress comes, and how often it changes. */
#define REPORT_PROGRESS_FIRST   1.0
#define REPORT_PROGRESS_SECONDS 0.25

/* What has come of one port. */
struct report_entry {
	enum outcome outcome;
	int error;        /* errno's; 0 if open */
	const char *step; /* the system call that failed */
	double ms;        /* how long that took */
};

struct report {
	struct address address; /* of each port, but for the port */
	bool verbose, json;
	FILE *to; /* stdout, however slow; NULL with error if it is not to be
		     had */
	bool retried;  /* false at first; who has waited is not told to */
	int error;     /* errno of stdout, or 0 */
	bool progress; /* there is a line of it on the terminal */
	uint64_t counts[OUTCOMES];
	/* one of each kind, and its port */
	struct report_entry examples[OUTCOMES];
	uint32_t ports[OUTCOMES];
};

void report_init(struct report *report, const struct address *address,
    bool verbose, bool json);

/* One port after the other, in their order. */
void report_port(
    struct report *report, uint32_t port, const struct report_entry *entry);

/* Lets what was printed be seen. Returns whether stdout has taken it all. */
bool report_flush(struct report *report);

bool report_has_progress(void);
void report_progress(struct report *report, uint64_t done, uint64_t total);

/*
 * The exit status: 0 if a port is open; 3 if all timed out; else 1, after a
 * message.
 */
enum status report_end(struct report *report);

#endif
