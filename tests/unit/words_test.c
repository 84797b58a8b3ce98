/*
 * Lines of a configuration file as words.
 */
#include "words.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

#define MOST 5

/* Returns the words with | between them, or what is wrong with the line. */
static const char *split(const char *line)
{
	static char text[256];
	char copy[256];
	char *words[MOST];
	int count = -1;
	const char *why;

	strlcpy(copy, line, sizeof copy);
	why = words_split(copy, words, MOST, &count);
	if (why != NULL)
		return why;
	text[0] = '\0';
	for (int i = 0; i < count; i++) {
		strlcat(text, i > 0 ? "|" : "", sizeof text);
		strlcat(text, words[i], sizeof text);
	}
	return text;
}

static void test_blanks(void)
{
	CHECK_STR(split(""), "");
	CHECK_STR(split(" \t \r\n"), "");
	CHECK_STR(split("a"), "a");
	CHECK_STR(split("  -l -k\t8001\n"), "-l|-k|8001");
	CHECK_STR(split("a b c d e"), "a|b|c|d|e");
	CHECK_STR(split("a b c d e "), "a|b|c|d|e");
	CHECK_STR(split("a b c d e f"), "too many words");
}

static void test_quotes(void)
{
	CHECK_STR(split("'a b' \"c d\""), "a b|c d");
	CHECK_STR(split("unix:'/a b'/c"), "unix:/a b/c");
	CHECK_STR(split("'' \"\""), "|");
	CHECK_STR(split("'\"' \"'\""), "\"|'");
	CHECK_STR(split("$HOME * `id` #"), "$HOME|*|`id`|#");
	CHECK_STR(split("'a"), "a quotation mark is not closed");
	CHECK_STR(split("a \"b'"), "a quotation mark is not closed");
}

static void test_escapes(void)
{
	CHECK_STR(split("a\\sb \\\\ \\\" \\'"), "a b|\\|\"|'");
	CHECK_STR(split("\\x41\\102 '\\t'"), "AB|\t");
	CHECK_STR(split("\\xff"), "\xff");
}

static void test_wrong_escapes(void)
{
	static const char *const wrong[] = { "\\", "'\\", "\\q", "\\x4",
		"\\x4g", "\\x", "\\08a", "\\01", "\\x00", "\\000", "\\777" };

	for (size_t i = 0; i < LENGTH(wrong); i++)
		CHECK_STR(split(wrong[i]),
		    "a backslash is followed by what it cannot precede");
}

static const struct test tests[] = {
	{ "words: blanks are between words", test_blanks },
	{ "words: quotation marks keep blanks", test_quotes },
	{ "words: a backslash makes characters", test_escapes },
	{ "words: other backslashes are wrong", test_wrong_escapes },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
