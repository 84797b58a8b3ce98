/*
 * From the options to the sandbox, in two stages: when all is set up and
 * connections are yet to be opened, and when the last one is open. With
 * --no-sandbox, nothing of it. With -v, a line says what is in force.
 */
#ifndef VCAT_CONFINE_H
#define VCAT_CONFINE_H

#include "options.h"

/*
 * Connections are yet to be opened, or accepted at a listener with that socket
 * file (NULL: none). A transfer receives into that directory (-1: none).
 */
void confine_opening(
    const struct options *o, const char *socket_file, int directory);

/* Instead, if names are still to be looked up: only the next stage counts. */
void confine_later(const struct options *o);

/* The connections are open, and bytes are relayed. */
void confine_relaying(const struct options *o);

/* The connection is open, and a transfer is done on it. */
void confine_transferring(const struct options *o, int directory);

#endif
