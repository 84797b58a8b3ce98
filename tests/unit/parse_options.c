/*
 * Reads a vcat command line and acts on none of it: tests/docs-examples.bats
 * holds the examples of the manual, the README and examples/ against this.
 *
 * Usage: parse_options WORD... Exit status: 0, or 2 after saying what is wrong
 * with the words.
 */
#include <stdio.h>

#include "options_read.h"

int main(int argc, char *argv[])
{
	struct options options;
	char why[OPTIONS_WHY_SIZE];

	if (options_read(argc, argv, &options, why) == 0)
		return 0;
	fprintf(stderr, "parse_options: %s\n", why);
	return 2;
}
