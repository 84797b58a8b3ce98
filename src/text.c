#include "text.h"

#include <stdlib.h>
#include <string.h>

bool text_is_number(const char *text)
{
	return text[0] != '\0' && strspn(text, "0123456789") == strlen(text);
}

bool text_number(
    const char *text, uint32_t least, uint32_t most, uint32_t *number)
{
	const char *error;

	/* which would take " +1" as well */
	*number = (uint32_t)strtonum(text, least, most, &error);
	return text_is_number(text) && error == NULL;
}

/* The UTF-8 forms, by their length: the bits that mark the first byte, and the
 * lowest code point; a lower one would be an overlong form. */
static const struct {
	unsigned char mask, mark;
	uint32_t lowest;
} forms[] = {
	{ 0x80, 0x00, 0 },
	{ 0xe0, 0xc0, 0x80 },
	{ 0xf0, 0xe0, 0x800 },
	{ 0xf8, 0xf0, 0x10000 },
};

size_t text_decode(const char *text, uint32_t *code)
{
	unsigned char first = (unsigned char)text[0];
	size_t form = 0;

	while (form < 4 && (first & forms[form].mask) != forms[form].mark)
		form++;
	if (form == 4)
		return 0;
	*code = first & (unsigned char)~forms[form].mask;
	for (size_t i = 1; i <= form; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (text[i] & 0x3f);
	}
	if (*code < forms[form].lowest || *code > 0x10ffff ||
	    (*code >= 0xd800 && *code <= 0xdfff)) /* surrogates */
		return 0;
	return form + 1;
}

/* The word that the text begins with, or NULL. */
static const struct text_word *find_word(
    const struct text_word *words, const char *text)
{
	for (; words->word != NULL; words++)
		if (strncmp(text, words->word, strlen(words->word)) == 0)
			return words;
	return NULL;
}

bool text_fill(
    char *to, size_t size, const char *template, const struct text_word *words)
{
	to[0] = '\0';
	while (template != NULL && *template != '\0') {
		const struct text_word *word = find_word(words, template);
		const char plain[] = { *template, '\0' };

		if (word != NULL && word->value[0] == '\0')
			return false;
		strlcat(to, word != NULL ? word->value : plain, size);
		template += word != NULL ? strlen(word->word) : 1;
	}
	return true;
}

void text_tame(char *text)
{
	char *to = text;

	while (*text != '\0') {
		uint32_t code;
		size_t length = text_decode(text, &code);

		if (length == 0 || code < 0x20 ||
		    (code >= 0x7f && code < 0xa0)) {
			*to++ = '?';
		} else {
			memmove(to, text, length);
			to += length;
		}
		text += length == 0 ? 1 : length;
	}
	*to = '\0';
}
