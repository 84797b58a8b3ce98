/*
 * --lines: listens, and has the lines of all who come written to stdout.
 */
#ifndef VCAT_GATHER_H
#define VCAT_GATHER_H

#include "options.h"
#include "status.h"

/*
 * Until a signal or the rules end it. A signal that ends it ends the process
 * as well, when what has arrived by then is written.
 */
enum status gather_lines(const struct options *options);

#endif
