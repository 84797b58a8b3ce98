/*
 * The JSON that is written, byte for byte.
 */
#include "json.h"

#include <math.h>

#include "test.h"

/* The text of one object; valid until the next call. */
static const char *object_of(
    void (*fill)(struct json *, const void *), const void *value)
{
	static char *text;
	size_t size;
	struct json json;
	FILE *to;

	free(text);
	text = NULL;
	to = open_memstream(&text, &size);
	json_open(&json, to);
	fill(&json, value);
	json_close(&json);
	fclose(to);
	return text;
}

static void fill_nothing(struct json *json, const void *value)
{
	(void)json;
	(void)value;
}

static void fill_string(struct json *json, const void *value)
{
	json_string(json, "s", value);
}

static void fill_number(struct json *json, const void *value)
{
	json_number(json, "n", *(const double *)value);
}

static void fill_all(struct json *json, const void *value)
{
	json_string(json, "text", value);
	json_number(json, "cid", 3);
	json_bool(json, "yes", true);
	json_bool(json, "no", false);
	json_string(json, "a \"key\"", "");
}

static void test_object(void)
{
	CHECK_STR(object_of(fill_nothing, NULL), "{}\n");
	CHECK_STR(object_of(fill_all, "word"),
	    "{\"text\":\"word\",\"cid\":3,\"yes\":true,\"no\":false,"
	    "\"a \\\"key\\\"\":\"\"}\n");
}

struct row {
	const char *string;
	const char *written; /* between the quotes */
};

static void check_strings(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char wanted[128];

		snprintf(
		    wanted, sizeof wanted, "{\"s\":\"%s\"}\n", rows[i].written);
		CHECK_STR(object_of(fill_string, rows[i].string), wanted);
	}
}

static void test_escapes(void)
{
	static const struct row rows[] = {
		{ "", "" },
		{ "a/b 'c' %s", "a/b 'c' %s" },
		{ "say \"no\"", "say \\\"no\\\"" },
		{ "\\", "\\\\" },
		{ "a\nb\tc\r", "a\\u000ab\\u0009c\\u000d" },
		{ "\x1b[31m\x7f\x01", "\\u001b[31m\\u007f\\u0001" },
	};

	check_strings(rows, LENGTH(rows));
}

static void test_utf8(void)
{
	static const struct row rows[] = {
		{ "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
		    "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80" },
		{ "\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf",
		    "\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf" },
	};

	check_strings(rows, LENGTH(rows));
}

#define NO "\\ufffd"

static void test_no_utf8(void)
{
	static const struct row rows[] = {
		{ "\xff", NO },
		{ "a\x80z", "a" NO "z" },
		/* cut short, at the end and before another character */
		{ "\xc3", NO },
		{ "\xe2\x82", NO NO },
		{ "\xe2\x82z", NO NO "z" },
		{ "\xf0\x9f\x98", NO NO NO },
		/* overlong forms */
		{ "\xc0\xaf", NO NO },
		{ "\xe0\x9f\xbf", NO NO NO },
		{ "\xf0\x8f\xbf\xbf", NO NO NO NO },
		/* a surrogate, and beyond the last character */
		{ "\xed\xa0\x80", NO NO NO },
		{ "\xf4\x90\x80\x80", NO NO NO NO },
		{ "\xf5\x80\x80\x80", NO NO NO NO },
	};

	check_strings(rows, LENGTH(rows));
}

static void test_numbers(void)
{
	static const struct {
		double number;
		const char *written;
	} rows[] = {
		{ 0, "{\"n\":0}\n" },
		{ -1, "{\"n\":-1}\n" },
		{ 4294967294, "{\"n\":4294967294}\n" },
		{ 9007199254740, "{\"n\":9007199254740}\n" },
		{ 1.25, "{\"n\":1.25}\n" },
		{ INFINITY, "{\"n\":null}\n" },
		{ NAN, "{\"n\":null}\n" },
	};

	for (size_t i = 0; i < LENGTH(rows); i++)
		CHECK_STR(
		    object_of(fill_number, &rows[i].number), rows[i].written);
}

static const struct test tests[] = {
	{ "json: an object is one line, its members in order", test_object },
	{ "json: quotes, backslashes and control characters are escaped",
	    test_escapes },
	{ "json: UTF-8 stays as it is", test_utf8 },
	{ "json: bytes that are not UTF-8 are replaced one by one",
	    test_no_utf8 },
	{ "json: CIDs have no fraction, fractions are kept, infinity and NaN "
	  "are null",
	    test_numbers },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
