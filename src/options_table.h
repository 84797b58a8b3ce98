/*
 * The options, as a table: a row says all about an option except which others
 * exclude it. getopt_long(3), the help text and the shells' completions use
 * the rows. A test compares the manual with them.
 */
#ifndef VCAT_OPTIONS_TABLE_H
#define VCAT_OPTIONS_TABLE_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define OPTIONS_TABLE_MAX 80

/* In a row's `with`: useless if vcat does not move the bytes itself. */
#define OPTIONS_MOVES_BYTES (1U << 31)

struct options_row {
	const char *letter; /* "-t"; NULL: none */
	const char *word;   /* the long form, "--to"; NULL: none */
	int argument;       /* of getopt_long(3): required_argument ... */
	/* Reads text into the field; "" for an optional value that was not
	 * given. Returns NULL, or what is wrong with it. */
	const char *(*read)(const char *text, void *field);
	int choice;             /* for an enum: what the field gets; else 0 */
	size_t field;           /* its offset in struct options */
	size_t flag;            /* the offset of a bool to set; 0: none */
	const char *value_name; /* NULL: it takes no value */
	unsigned with; /* the actions that it works with: 1 << action */
	const char *help;
};

/* The rows, in the order of the help text; the one after the last has no help.
 */
extern const struct options_row options_table[OPTIONS_TABLE_MAX + 1];

/*
 * The table as getopt_long(3) wants it. It then returns letters, and for long
 * forms numbers from OPTIONS_LONG on; 1 for a word that is not an option, and
 * '1' for one that begins with -1, which may be an address.
 */
#define OPTIONS_LONG        256
#define OPTIONS_SHORTS_SIZE (4 * OPTIONS_TABLE_MAX)
void options_table_getopt(char shorts[OPTIONS_SHORTS_SIZE],
    struct option longs[OPTIONS_TABLE_MAX + 1]);

/* The row for what getopt_long(3) has returned, or NULL. */
const struct options_row *options_table_find(int id);

/* Writes the help text. */
void options_table_help(FILE *to);

#endif
