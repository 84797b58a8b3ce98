/*
 * The receiving end of a transfer of files: takes offers, stores contents where
 * they belong, and answers when they are safe. What comes is not trusted.
 */
#ifndef VCAT_RECEIVER_H
#define VCAT_RECEIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "beneath.h"
#include "channel.h"
#include "receipt.h"

struct receiver_rules {
	bool overwrite;     /* files that are there are replaced */
	bool resume;        /* what is cut off is kept, and gone on with */
	bool sync;          /* stored means on disk */
	uint64_t max_bytes; /* of all files together; 0: no limit */
};

/*
 * Receives, after the hellos, into that directory. Returns whether the sender
 * came to its end, and has left nothing out.
 */
bool receiver_run(struct channel *channel, struct receipt *receipt,
    struct beneath *into, const struct receiver_rules *rules);

#endif
