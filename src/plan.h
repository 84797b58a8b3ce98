/*
 * From the options to what those want to know who dial, relay and transfer.
 */
#ifndef VCAT_PLAN_H
#define VCAT_PLAN_H

#include "address.h"
#include "dial.h"
#include "options.h"
#include "relay.h"
#include "stream.h"
#include "transfer.h"

/* What it takes to connect to that address. dial_forget() it. */
struct dial_target plan_target(
    const struct options *o, const struct address *address);

struct relay_rules plan_rules(const struct options *o);

/* A transfer of files, or of stdin and stdout as that stream. Its directory is
 * not open yet. */
struct transfer plan_transfer(const struct options *o, struct stream *stdio);

#endif
