/*
 * What --ping prints on stdout: a line or a JSON object for each ping, and the
 * summary.
 *
 * The object of a ping has "address", in the form in which it is typed, "port"
 * if it has one, "seq", "outcome" ("echo", "connected", "refused", "no answer",
 * "lost"), "answered", "ms", "connect_ms" if a connection was made for an echo,
 * and "error" if it is lost. That of the summary has "address", "port", "sent",
 * "answered", "lost", "loss_percent", "unfinished", and of each outcome that
 * was an answer its number and the times, such as "echo", "echo_min_ms",
 * "echo_p50_ms", "echo_p90_ms", "echo_p99_ms" and "echo_max_ms".
 */
#ifndef VCAT_PING_REPORT_H
#define VCAT_PING_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "address.h"
#include "histogram.h"

enum ping_outcome {
	PING_ECHO,      /* what came back is what was sent */
	PING_CONNECTED, /* it accepts a connection, and is no echo */
	PING_REFUSED,   /* it answers that nobody listens there */
	PING_ANSWERS,   /* the number of those above */
	PING_SILENT = PING_ANSWERS, /* nothing came within the time limit */
	PING_LOST,                  /* something failed */
};

struct ping_result {
	enum ping_outcome outcome;
	uint64_t seq;       /* from 1 */
	int64_t ns;         /* how long it took */
	int64_t connect_ns; /* before that, to connect to the echo; 0: there was
			       a connection */
	const char *why;    /* PING_LOST: borrowed */
};

/* The owner sets all members down to the blank line; the others are 0. */
struct ping_report {
	struct address address;
	bool json;
	FILE *to; /* from fd_output() */

	uint64_t silent, lost; /* pings that ended as PING_SILENT, PING_LOST */
	int error;             /* errno of a failed write to stdout, or 0 */
	struct histogram answers[PING_ANSWERS]; /* the times of each kind */
};

/* Prints one ping. Returns whether everything so far has been written. */
bool ping_report_one(
    struct ping_report *report, const struct ping_result *result);

/* How many pings were answered. */
uint64_t ping_report_answered(const struct ping_report *report);

/* Prints the summary; so many pings have begun and not ended. Returns whether
 * everything has been written. */
bool ping_report_end(struct ping_report *report, unsigned unfinished);

#endif
