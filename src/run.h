/*
 * Who meets whom: the far side, connected to or accepted, and stdin and
 * stdout, a second address, a command, or a program that takes the socket.
 */
#ifndef VCAT_RUN_H
#define VCAT_RUN_H

#include "dial.h"
#include "options.h"
#include "status.h"

/*
 * What the options ask for, connecting or listening. A signal that ends it
 * ends the process.
 */
enum status run_streams(const struct options *options);

/* What it takes to connect to that address. dial_forget() it. */
struct dial_target run_target(
    const struct options *o, const struct address *address);

#endif
