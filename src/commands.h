/*
 * Connections that are each served by a command of their own, many at once.
 */
#ifndef VCAT_COMMANDS_H
#define VCAT_COMMANDS_H

#include <sys/queue.h>

#include "serve.h"

struct commands_child;

struct commands {
	struct serve_work work;
	const char *command;
	bool verbose; /* report how each has ended */
	TAILQ_HEAD(commands_all, commands_child) all;
};

/* Work for serve_many(). */
void commands_init(
    struct commands *commands, const char *command, bool verbose);

#endif
