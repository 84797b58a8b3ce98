#include "json.h"

#include <math.h>
#include <string.h>

#define REPLACEMENT "\\ufffd"

void json_open(struct json *json, FILE *to)
{
	*json = (struct json){ .to = to };
	putc('{', to);
}

void json_close(struct json *json)
{
	fputs("}\n", json->to);
}

/* Of a character that begins with this byte; 0: none does. */
static size_t utf8_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc2) /* goes on with another, or is longer than need be */
		return 0;
	if (first < 0xe0)
		return 2;
	if (first < 0xf0)
		return 3;
	return first < 0xf5 ? 4 : 0;
}

/* The second bytes that would be a longer form, a surrogate, or too high. */
static bool utf8_second_is_wrong(unsigned char first, unsigned char second)
{
	return (first == 0xe0 && second < 0xa0) ||
	       (first == 0xed && second >= 0xa0) ||
	       (first == 0xf0 && second < 0x90) ||
	       (first == 0xf4 && second >= 0x90);
}

/* The bytes of the character that text begins with; 0: it is no UTF-8. */
static size_t utf8_span(const unsigned char *text)
{
	size_t length = utf8_length(text[0]);

	for (size_t i = 1; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	if (length > 1 && utf8_second_is_wrong(text[0], text[1]))
		return 0;
	return length;
}

static void put_ascii(unsigned char byte, FILE *to)
{
	if (byte == '"' || byte == '\\')
		fprintf(to, "\\%c", byte);
	else if (byte < 0x20 || byte == 0x7f)
		fprintf(to, "\\u%04x", byte);
	else
		putc(byte, to);
}

static void put_string(const char *string, FILE *to)
{
	const unsigned char *text = (const unsigned char *)string;

	putc('"', to);
	while (*text != '\0') {
		size_t length = utf8_span(text);

		if (length == 0)
			fputs(REPLACEMENT, to);
		else if (length == 1)
			put_ascii(*text, to);
		else
			fwrite(text, 1, length, to);
		text += length == 0 ? 1 : length;
	}
	putc('"', to);
}

static void put_key(struct json *json, const char *key)
{
	if (json->more)
		putc(',', json->to);
	json->more = true;
	put_string(key, json->to);
	putc(':', json->to);
}

void json_string(struct json *json, const char *key, const char *value)
{
	put_key(json, key);
	put_string(value, json->to);
}

void json_number(struct json *json, const char *key, double value)
{
	put_key(json, key);
	if (isfinite(value))
		fprintf(json->to, "%.15g", value);
	else
		fputs("null", json->to);
}

void json_bool(struct json *json, const char *key, bool value)
{
	put_key(json, key);
	fputs(value ? "true" : "false", json->to);
}
