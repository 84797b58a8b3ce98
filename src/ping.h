/*
 * Does a peer answer, and how fast? One ping is under way at a time.
 *
 * A peer is known by its first bytes. If these are the greeting of a vcat with
 * --echo (greeting.h), the connection is kept, and each ping sends a message of
 * 64 bytes and waits until these bytes have come back. Any other peer never
 * gets a byte (but a hybrid socket's handshake): each ping makes a connection,
 * closes it again, and has measured how long connecting took. A refusal by the
 * other machine is an answer, too.
 */
#ifndef VCAT_PING_H
#define VCAT_PING_H

#include <stdbool.h>
#include <stdint.h>

#include "dial.h"
#include "status.h"

/* Times are in seconds. */
struct ping {
	struct dial_target target; /* its timeout is also an echo's */
	uint64_t count;            /* 0: until a signal */
	double interval;           /* from the start of one to the next */
	bool json;
	int signal; /* ping_run() sets it: what is to end the process, or 0 */
};

/*
 * Pings and prints to stdout. SIGHUP, SIGINT or SIGTERM ends it with the
 * summary; SIGINT is no reason to end the process by it. Returns 0 if a ping
 * was answered; 3 if all of them ran into the time limit; else 1. If none was
 * answered, or the address cannot be used at all, says why on stderr.
 */
enum status ping_run(struct ping *ping);

#endif
