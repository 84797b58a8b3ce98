/*
 * One connection from open to close: relays between the near side (stdin and
 * stdout, or the target) and the far side, says how it went, and gives the
 * exit status.
 */
#ifndef VCAT_SESSION_H
#define VCAT_SESSION_H

#include "address.h"
#include "options.h"
#include "stream.h"

enum session_status {
	SESSION_OK = 0,
	SESSION_FAILED = 1,
	SESSION_TIMEOUT = 3,
	SESSION_STDOUT_GONE = 4, /* failed, and so would the next on stdout */
};

/*
 * Relays between near and far, both open and the caller's to close, until it
 * is over. `peer` is who is at the far end, for messages.
 */
enum session_status session_run(const struct options *options,
    struct stream *near, struct stream *far, const struct address *peer);

#endif
