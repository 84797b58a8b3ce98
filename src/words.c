#include "words.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const char blanks[] = " \t\r\n";

/* Reads digits of that base, exactly so many. Returns -1 if they are not. */
static int read_digits(const char *text, size_t length, int base)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	char number[4] = "";
	char valid[sizeof digits];

	strlcpy(valid, digits, base == 8 ? 9 : sizeof valid);
	if (strspn(text, valid) < length)
		return -1;
	memcpy(number, text, length);
	return (int)strtol(number, NULL, base);
}

/*
 * Reads what follows a backslash. Returns what it stands for and moves *from
 * behind it, or returns -1. A NUL would be the end of the word.
 */
static int read_escape(const char **from)
{
	static const char names[] = "abfnrtvs\\\"'";
	static const char meanings[] = "\a\b\f\n\r\t\v \\\"'";
	const char *text = *from;
	const char *name = text[0] != '\0' ? strchr(names, text[0]) : NULL;
	size_t length = 1;
	int code;

	if (name != NULL) {
		code = (unsigned char)meanings[name - names];
	} else if (text[0] == 'x') {
		code = read_digits(text + 1, 2, 16);
		length = 3;
	} else {
		code = read_digits(text, 3, 8);
		length = 3;
	}
	*from += length;
	return code > 0 && code <= 0xff ? code : -1;
}

/* Reads one word to *to, and moves both. Returns as words_split(). */
static const char *read_word(const char **from, char **to)
{
	char quote = '\0';

	for (; **from != '\0';) {
		char c = *(*from)++;
		int code = (unsigned char)c;

		if (quote == '\0' && strchr(blanks, c) != NULL)
			break;
		if (c == quote) {
			quote = '\0';
			continue;
		}
		if (quote == '\0' && (c == '"' || c == '\'')) {
			quote = c;
			continue;
		}
		if (c == '\\')
			code = read_escape(from);
		if (code < 0)
			return "a backslash is followed by what it cannot "
			       "precede";
		*(*to)++ = (char)code;
	}
	return quote == '\0' ? NULL : "a quotation mark is not closed";
}

const char *words_split(char *line, char *words[], int most, int *count)
{
	const char *from = line;
	char *to = line;

	*count = 0;
	for (;;) {
		const char *why;

		from += strspn(from, blanks);
		if (*from == '\0')
			return NULL;
		if (*count == most)
			return "too many words";
		words[(*count)++] = to;
		why = read_word(&from, &to);
		if (why != NULL)
			return why;
		*to++ = '\0';
	}
}
