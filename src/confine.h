/*
 * From the options to the sandbox, in two stages: when all is set up and
 * connections are yet to be opened, and when the last one is open. With
 * --no-sandbox, nothing of it. With -v, a line says what is in force.
 */
#ifndef VCAT_CONFINE_H
#define VCAT_CONFINE_H

#include "options.h"
#include "sandbox.h"

/* What several forwards need together. */
struct confine {
	const struct options *options; /* borrowed */
	struct sandbox sandbox;
	const char **files; /* sandbox.rules has them */
};

/*
 * Connections are yet to be opened: adds what these options need for that, and
 * for a listener with that socket file ("": none). Then enters the sandbox.
 * The options of the beginning say whether there is to be one.
 */
struct confine confine_begin(const struct options *o);
void confine_add(
    struct confine *confine, const struct options *o, const char *socket_file);
void confine_enter(struct confine *confine);

/* All of that for one. A transfer receives into that directory (-1: none). */
void confine_opening(
    const struct options *o, const char *socket_file, int directory);

/* The connections are open, and bytes are relayed. */
void confine_relaying(const struct options *o);

/* The connection is open, and a transfer is done on it. */
void confine_transferring(const struct options *o, int directory);

#endif
