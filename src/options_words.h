/*
 * What is left of the command line when the options are read: an address, in
 * one word or two, or with a list of ports.
 */
#ifndef VCAT_OPTIONS_WORDS_H
#define VCAT_OPTIONS_WORDS_H

#include <stdbool.h>

#include "address.h"
#include "options.h"
#include "options_table.h"

/* What is being read, and where what is wrong with it goes. */
struct options_reading {
	struct options *options;
	char name[OPTIONS_NAME_SIZE]; /* the option's */
	char *why;                    /* OPTIONS_WHY_SIZE */
	bool listen;
	bool scan;
	bool question; /* --cid or --doctor */
	bool beside;   /* an option was given that these do not take */
	bool source;   /* -s or -p was given */
};

/* Writes down what is wrong. Returns -1. */
int options_wrong(struct options_reading *reading, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* All return 0, or -1 after options_wrong(). */
int options_read_address(struct options_reading *reading, const char *text,
    enum address_role role, struct address *address);
int options_read_words(
    struct options_reading *reading, char *words[], int count);

#endif
