#include "text.h"

#include <stdbool.h>
#include <string.h>

/* The length of a character that begins with this byte; 0: none does. */
static size_t length_by(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc2) /* a continuation byte, or an overlong form */
		return 0;
	if (first < 0xe0)
		return 2;
	if (first < 0xf0)
		return 3;
	return first < 0xf5 ? 4 : 0;
}

/* Whether the first two bytes begin an overlong form, a surrogate, or a number
 * that is too high. */
static bool is_wrong_pair(unsigned char first, unsigned char second)
{
	return (first == 0xe0 && second < 0xa0) ||
	       (first == 0xed && second >= 0xa0) ||
	       (first == 0xf0 && second < 0x90) ||
	       (first == 0xf4 && second >= 0x90);
}

size_t text_span(const char *text)
{
	const unsigned char *byte = (const unsigned char *)text;
	size_t length = length_by(byte[0]);

	for (size_t i = 1; i < length; i++)
		if ((byte[i] & 0xc0) != 0x80)
			return 0;
	return length > 1 && is_wrong_pair(byte[0], byte[1]) ? 0 : length;
}

/* C1, U+0080 to U+009F, are two bytes in UTF-8. */
static bool is_control(const char *text, size_t length)
{
	const unsigned char *byte = (const unsigned char *)text;

	if (length == 1)
		return byte[0] < 0x20 || byte[0] == 0x7f;
	return length == 2 && byte[0] == 0xc2 && byte[1] < 0xa0;
}

void text_tame(char *text)
{
	char *to = text;

	while (*text != '\0') {
		size_t length = text_span(text);

		if (length == 0 || is_control(text, length)) {
			*to++ = '?';
			text += length == 0 ? 1 : length;
			continue;
		}
		memmove(to, text, length);
		to += length;
		text += length;
	}
	*to = '\0';
}
