/*
 * Which names can be beneath a directory.
 */
#include "beneath.h"

#include "scratch.h"

static void test_check(void)
{
	static const struct {
		const char *name, *wrong;
	} rows[] = {
		{ "a", NULL },
		{ "a/b.c/...", NULL },
		{ ".a/..b/c..", NULL },
		{ " /\n/\\/\377", NULL },
		{ PART_255, NULL },
		{ "a/" PART_255 "/a", NULL },
		{ "", "the name is empty" },
		{ "/", "the name is absolute" },
		{ "/a", "the name is absolute" },
		{ "//a", "the name is absolute" },
		{ "a/", "a part of the name is empty" },
		{ "a//b", "a part of the name is empty" },
		{ ".", "a part of the name is \".\" or \"..\"" },
		{ "..", "a part of the name is \".\" or \"..\"" },
		{ "../a", "a part of the name is \".\" or \"..\"" },
		{ "a/../b", "a part of the name is \".\" or \"..\"" },
		{ "a/..", "a part of the name is \".\" or \"..\"" },
		{ "./a", "a part of the name is \".\" or \"..\"" },
		{ "a/.", "a part of the name is \".\" or \"..\"" },
		{ PART_255 "b", "a part of the name is longer than 255 bytes" },
		{ "a/" PART_255 "b/c",
		    "a part of the name is longer than 255 bytes" },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		const char *wrong =
		    beneath_check(rows[i].name, strlen(rows[i].name));

		if (rows[i].wrong == NULL)
			CHECK(wrong == NULL);
		else if (CHECK(wrong != NULL))
			CHECK_STR(wrong, rows[i].wrong);
	}
}

static void test_check_bytes(void)
{
	const char *zero = "the name contains a zero byte";

	CHECK_STR(beneath_check("", 1), zero);
	CHECK_STR(beneath_check("a\0b", 3), zero);
	CHECK_STR(beneath_check("a\0/../b", 7), zero);
	/* and only these bytes count */
	CHECK(beneath_check("a/..", 1) == NULL);
	CHECK(beneath_check("a//", 1) == NULL);
	CHECK_STR(beneath_check("a/b", 2), "a part of the name is empty");
}

/* Sixteen parts of 255 bytes are 4095 bytes, with the '/' between. */
static void test_check_long(void)
{
	char name[BENEATH_NAME_MAX + 2] = "";

	for (int i = 0; i < 16; i++) {
		strcat(name, i == 0 ? "" : "/");
		strcat(name, PART_255);
	}
	CHECK_INT(strlen(name), BENEATH_NAME_MAX);
	CHECK(beneath_check(name, BENEATH_NAME_MAX) == NULL);
	name[BENEATH_NAME_MAX] = 'b';
	CHECK_STR(beneath_check(name, BENEATH_NAME_MAX + 1),
	    "the name is longer than 4095 bytes");
	/* nothing beyond that is looked at */
	CHECK_STR(beneath_check("a", (size_t)-1),
	    "the name is longer than 4095 bytes");
}

static const struct test tests[] = {
	{ "beneath: a name that could lead out is refused, with a reason",
	    test_check },
	{ "beneath: a name with a zero byte is refused", test_check_bytes },
	{ "beneath: a name may have 4095 bytes", test_check_long },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
