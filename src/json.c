#include "json.h"

#include <math.h>

#include "text.h"

#define REPLACEMENT "\\ufffd"

void json_open(struct json *json, FILE *to)
{
	*json = (struct json){ .to = to, .before = "" };
	putc('{', to);
}

void json_close(struct json *json)
{
	fputs("}\n", json->to);
}

static void put_string(const char *text, FILE *to)
{
	putc('"', to);
	while (*text != '\0') {
		uint32_t code;
		size_t length = text_decode(text, &code);

		if (length == 0)
			fputs(REPLACEMENT, to);
		else if (code == '"' || code == '\\')
			fprintf(to, "\\%c", *text);
		else if (code < 0x20 || code == 0x7f)
			fprintf(to, "\\u%04x", code);
		else
			fwrite(text, 1, length, to);
		text += length == 0 ? 1 : length;
	}
	putc('"', to);
}

static void put_key(struct json *json, const char *key)
{
	fputs(json->before, json->to);
	json->before = ",";
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
