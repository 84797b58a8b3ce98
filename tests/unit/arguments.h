/*
 * Command lines for tests of options_read(): words in, struct options out.
 */
#ifndef VCAT_TEST_ARGUMENTS_H
#define VCAT_TEST_ARGUMENTS_H

#include "options_read.h"
#include "test.h"

#define ARGUMENTS_MAX 16

/* The options borrow from the words: all of it lives until the next reading. */
struct arguments {
	struct options options;
	char *argv[ARGUMENTS_MAX + 1];
	char *text;
	char why[OPTIONS_WHY_SIZE];
};

/*
 * Reads `vcat WORDS`, where blanks part the words and a word of '' is empty.
 * Returns options_read()'s result.
 */
static inline int arguments_read(struct arguments *arguments, const char *words)
{
	char *rest;
	char *word;
	int argc = 1;

	free(arguments->text);
	*arguments = (struct arguments){ .argv = { (char *)"vcat" } };
	arguments->text = rest = strdup(words);
	while (argc < ARGUMENTS_MAX && (word = strsep(&rest, " ")) != NULL)
		if (word[0] != '\0')
			arguments->argv[argc++] =
			    strcmp(word, "''") == 0 ? (char *)"" : word;
	return options_read(
	    argc, arguments->argv, &arguments->options, arguments->why);
}

/* The options of a command line that must be right. */
static inline const struct options *arguments_good(const char *words)
{
	static struct arguments arguments;

	if (!CHECK_INT(arguments_read(&arguments, words), 0))
		printf("# vcat %s: %s\n", words, arguments.why);
	return &arguments.options;
}

/* Why a command line is wrong; "" if it is not. */
static inline const char *arguments_wrong(const char *words)
{
	static struct arguments arguments;

	if (!CHECK_INT(arguments_read(&arguments, words), -1))
		printf("# vcat %s\n", words);
	return arguments.why;
}

/* The words of a wrong command line, and what the reason must say. */
struct arguments_row {
	const char *words;
	const char *says;
};

static inline void arguments_check_rows(
    const struct arguments_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *why = arguments_wrong(rows[i].words);

		if (!CHECK(strstr(why, rows[i].says) != NULL))
			printf("# vcat %s: no '%s' in: %s\n", rows[i].words,
			    rows[i].says, why);
		CHECK(strchr(why, '\n') == NULL);
	}
}

#endif
