/* What a peer can be told to do: a table of names, and scripts made of them. */
#ifndef ACTION_H
#define ACTION_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "session.h"

struct step;

struct action {
	const char *name;
	const char *operands; /* n number, m milliseconds, s seconds, t text */
	int (*run)(struct session *s, const struct step *step);
	const char *help;
};

struct step {
	const struct action *action;
	bool may_fail;
	uint64_t number;
	double seconds;
	const char *text;
};

/* All actions; one without a name ends the table. */
extern const struct action action_table[];

/* Reads seconds with an optional fraction; false if text is not a number. */
bool action_parse_seconds(const char *text, double *seconds);

/*
 * Reads the words into steps, which has room for one step per word. Returns
 * the number of steps, or -1 after a message on stderr.
 */
int action_parse(char **words, struct step *steps);

/* Runs the steps; false, after a message on stderr, if one fails. */
bool action_run(struct session *s, const struct step *steps, int count);

/* Prints every action, its operands and its purpose. */
void action_help(FILE *out);

#endif
