/*
 * JSON objects of strings, numbers and truth values, one a line. What failed
 * to be written is the stream's to know: ferror(3).
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
	FILE *to;  /* borrowed */
	bool more; /* a member has been written */
};

/* Begins an object. */
void json_open(struct json *json, FILE *to);

/*
 * Its members, in the order of the calls. A string's bytes that are no UTF-8
 * become U+FFFD; a number that JSON has not (infinite, none) becomes null.
 */
void json_string(struct json *json, const char *key, const char *value);
void json_number(struct json *json, const char *key, double value);
void json_bool(struct json *json, const char *key, bool value);

/* Ends the object, and its line. */
void json_close(struct json *json);

#endif
