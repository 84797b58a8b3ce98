/*
 * The sending end of a transfer of files: offers entries ahead, sends what the
 * receiver takes, and hears what it has stored.
 */
#ifndef VCAT_SENDER_H
#define VCAT_SENDER_H

#include <stdbool.h>
#include <stdint.h>

#include "channel.h"
#include "receipt.h"

/*
 * Sends the operands, NULL at the end, after the hellos. Returns whether the
 * receiver has said what has come of all, and nothing was left out.
 */
bool sender_run(
    struct channel *channel, struct receipt *receipt, char *const *operands);

/* How many bytes the operands have, or FRAME_UNKNOWN if some are directories.
 */
uint64_t sender_total(char *const *operands);

#endif
