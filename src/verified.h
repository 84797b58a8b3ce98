/*
 * Streams whose end is confirmed: stdin to the peer's stdout, and back. Each
 * side knows that the other has written out all that it was sent.
 */
#ifndef VCAT_VERIFIED_H
#define VCAT_VERIFIED_H

#include <stdbool.h>

#include "channel.h"
#include "stream.h"

struct verified_rules {
	bool reads;         /* stdin; or our stream is empty */
	bool writes;        /* stdout; or what comes is thrown away */
	bool end_with_peer; /* the end of the peer's stream ends ours */
	bool verbose;       /* a summary at the end */
	bool meter;         /* show one if stderr is a terminal */
};

/*
 * Moves the bytes of stdin and stdout, after the hellos. Returns whether both
 * streams came to their end, and were confirmed.
 */
bool verified_run(struct channel *channel, struct stream *stdio,
    const struct verified_rules *rules);

#endif
