/*
 * Writes JSON objects of strings, numbers and booleans, one object per line.
 * Write errors are recorded in the stream: ask ferror(3).
 *
 *	json_open(&json, stdout);
 *	json_string(&json, "check", "kernel");
 *	json_close(&json);
 */
#ifndef VCAT_JSON_H
#define VCAT_JSON_H

#include <stdbool.h>
#include <stdio.h>

struct json {
	FILE *to;           /* borrowed */
	const char *before; /* what parts the next member from the one before */
};

/* Starts an object. */
void json_open(struct json *json, FILE *to);

/*
 * Writes a member of the object. Bytes of a string that are not valid UTF-8
 * become U+FFFD; a number that JSON cannot express (infinity, NaN) becomes
 * null.
 */
void json_string(struct json *json, const char *key, const char *value);
void json_number(struct json *json, const char *key, double value);
void json_bool(struct json *json, const char *key, bool value);

/* Ends the object and its line. */
void json_close(struct json *json);

#endif
