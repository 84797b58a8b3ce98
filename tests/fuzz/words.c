/*
 * libFuzzer: a line of a configuration file, as words. They lie in the line,
 * one behind the other; written again in quotation marks, they are the same;
 * and a line without any of them is cut at its blanks.
 */
#include "words.h"
#include "fuzz.h"

#define MOST 16

/* Appends the word as the reader of such lines takes it back. */
static char *quote(char *to, const char *word)
{
	*to++ = '"';
	for (; *word != '\0'; word++) {
		if (strchr("\"\\", *word) != NULL)
			*to++ = '\\';
		*to++ = *word;
	}
	*to++ = '"';
	*to++ = '\t';
	*to = '\0';
	return to;
}

static void try_again(char *const words[], int count, size_t length)
{
	char *line = malloc(2 * length + 3 * MOST + 1);
	char *again[MOST];
	char *to = line;
	int number;

	must(line != NULL, "memory");
	*to = '\0';
	for (int i = 0; i < count; i++)
		to = quote(to, words[i]);
	must(words_split(line, again, MOST, &number) == NULL, "not again");
	must(number == count, "another number");
	for (int i = 0; i < count; i++)
		must(strcmp(words[i], again[i]) == 0, "another word");
	free(line);
}

/* Without quotation marks and backslashes it is simple. */
static void try_simple(const char *line, char *const words[], int count)
{
	char *copy = strdup(line);
	char *rest = copy;
	int i = 0;

	must(copy != NULL, "memory");
	for (char *word; (word = strsep(&rest, " \t\r\n")) != NULL;)
		if (word[0] != '\0') {
			must(
			    i < count && strcmp(word, words[i]) == 0, "a word");
			i++;
		}
	must(i == count, "the number of words");
	free(copy);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct fuzz fuzz = { data, size };
	char *line = fuzz_text(&fuzz, '\0');
	char *given = strdup(line);
	size_t length = strlen(line);
	char *words[MOST];
	int count = -1;
	const char *why = words_split(line, words, MOST, &count);

	must(given != NULL, "memory");
	must(count >= 0 && count <= MOST, "a number of words");
	if (why == NULL) {
		for (int i = 0; i < count; i++)
			must(words[i] >= (i > 0 ? words[i - 1] +
						      strlen(words[i - 1]) + 1
						: line) &&
				 words[i] + strlen(words[i]) <= line + length,
			    "a word elsewhere");
		try_again(words, count, length);
		if (strpbrk(given, "\\\"'") == NULL)
			try_simple(given, words, count);
	} else {
		must(strpbrk(given, "\\\"'") != NULL || count == MOST,
		    "a simple line is refused");
	}
	free(given);
	free(line);
	return 0;
}
