#include "json.h"

#include <math.h>

#include "text.h"

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

static void put_ascii(unsigned char byte, FILE *to)
{
	if (byte == '"' || byte == '\\')
		fprintf(to, "\\%c", byte);
	else if (byte < 0x20 || byte == 0x7f)
		fprintf(to, "\\u%04x", byte);
	else
		putc(byte, to);
}

static void put_string(const char *text, FILE *to)
{
	putc('"', to);
	while (*text != '\0') {
		size_t length = text_span(text);

		if (length == 0)
			fputs(REPLACEMENT, to);
		else if (length == 1)
			put_ascii((unsigned char)*text, to);
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
