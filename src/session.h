/*
 * One connection from open to close: relays between the near side (stdin and
 * stdout, or the target) and the far side, says how it went, and gives the
 * exit status.
 */
#ifndef VCAT_SESSION_H
#define VCAT_SESSION_H

#include <stdint.h>

#include "address.h"
#include "options.h"
#include "relay.h"
#include "stream.h"

enum session_status {
	SESSION_OK = 0,
	SESSION_FAILED = 1,
	SESSION_TIMEOUT = 3,
	SESSION_STDOUT_GONE = 4, /* failed, and so would the next on stdout */
};

/* All that is here is borrowed, but for the relay. */
struct session {
	struct stream *near, *far;  /* open, and the caller's to close */
	const struct address *peer; /* who is at the far end, for messages */
	struct splice_pool *pipes;  /* or NULL */
	const struct options *options;
	struct relay relay;
	int64_t began; /* nanoseconds of CLOCK_MONOTONIC */
};

/* Of a session, near, far, peer and pipes are for the caller to set. */
enum session_status session_run(
    struct session *session, const struct options *options);

/*
 * The same in steps: begin, drive session->relay until it is over, and end,
 * which says how it went, and to the streams if they were cut off.
 */
void session_begin(struct session *session, const struct options *options);
enum session_status session_end(struct session *session);

/*
 * After the end: whether bytes are on their way that a reset, which tells a
 * peer that it was cut off, would overtake. No longer than so many seconds
 * need be waited for that.
 */
#define SESSION_TRANSIT_SECONDS 2.0
#define SESSION_TRANSIT_LOOK_MS 20
bool session_in_transit(const struct session *session);

#endif
