/*
 * The options, as a table: what getopt_long(3) is given, and what the help
 * text says. The manual is held against it by a test.
 */
#ifndef VCAT_OPTIONS_TABLE_H
#define VCAT_OPTIONS_TABLE_H

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

#define OPTIONS_TABLE_MAX 64

/* Options without a short form; the others are known by their letter. */
enum options_id {
	OPTION_ALLOW = 256,
	OPTION_ALLOW_PRIVILEGED,
	OPTION_BUFFER,
	OPTION_CID,
	OPTION_DOCTOR,
	OPTION_JSON,
	OPTION_MODE,
	OPTION_NO_SHUTDOWN,
	OPTION_RECV_ONLY,
	OPTION_RETRY,
	OPTION_SEND_ONLY,
	OPTION_SEQPACKET,
	OPTION_SHUTDOWN,
	OPTION_SIBLING,
	OPTION_STRICT,
};

/* An option has no value, needs one, or takes one: as getopt_long(3) has it. */
enum options_value {
	VALUE_NONE = no_argument,
	VALUE_NEEDED = required_argument,
	VALUE_OPTIONAL = optional_argument,
};

struct options_row {
	int id;           /* the letter, or an options_id */
	const char *word; /* the long form, or NULL */
	enum options_value value;
	const char *value_name; /* NULL without a value */
	const char *help;
};

/* The rows, for what else is made of them, and how many there are. */
const struct options_row *options_table_rows(size_t *count);

/* The two forms in which getopt_long(3) wants the table. */
void options_table_getopt(char shorts[3 * OPTIONS_TABLE_MAX],
    struct option longs[OPTIONS_TABLE_MAX + 1]);

/* "-t" or "--retry", for messages. Returns whether there is such an option. */
#define OPTIONS_NAME_SIZE 24
bool options_table_name(int id, char name[OPTIONS_NAME_SIZE]);

/* Whether the word is an option whose value is the next word. */
bool options_table_takes_next(const char *word);

/* Writes the help text. */
void options_table_help(FILE *to);

#endif
