/*
 * Who meets whom: the far side, connected to or accepted, and stdin and
 * stdout, a second address, a command, or a program that takes the socket.
 */
#ifndef VCAT_RUN_H
#define VCAT_RUN_H

#include "options.h"
#include "status.h"

/*
 * What the options ask for, connecting or listening. A signal that ends it
 * ends the process.
 */
enum status run_streams(const struct options *options);

#endif
