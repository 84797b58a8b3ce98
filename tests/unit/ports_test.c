/*
 * Lists of ports.
 */
#include "value.h"

#include <inttypes.h>

#include "test.h"

#define MOST 4294967294U

static void test_good(void)
{
	static const struct {
		const char *text;
		uint64_t count;
		uint32_t first, last;
	} rows[] = {
		{ "0", 1, 0, 0 },
		{ "22", 1, 22, 22 },
		{ "80,22", 2, 22, 80 },
		{ "1-1000", 1000, 1, 1000 },
		{ "5-9,1,7-12", 9, 1, 12 },
		{ "1,2,3", 3, 1, 3 },
		{ "3,3,3", 1, 3, 3 },
		{ "0-4294967294", 4294967295, 0, MOST },
		{ "4294967294,0", 2, 0, MOST },
		{ "1-10,3-4", 10, 1, 10 },
		{ "000000000000000000000000000000000000022", 1, 22, 22 },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct ranges ports;

		if (!CHECK(value_ports(rows[i].text, &ports) == NULL))
			continue;
		CHECK(value_ports_count(&ports) == rows[i].count);
		CHECK_INT(value_ports_at(&ports, 0), rows[i].first);
		CHECK_INT(
		    value_ports_at(&ports, rows[i].count - 1), rows[i].last);
	}
}

static void test_order(void)
{
	static const uint32_t wanted[] = { 1, 5, 6, 7, 20, 21 };
	struct ranges ports;

	CHECK(value_ports("20-21,6-7,5-6,1", &ports) == NULL);
	CHECK_INT((long long)value_ports_count(&ports), LENGTH(wanted));
	for (size_t i = 0; i < LENGTH(wanted); i++)
		CHECK_INT(value_ports_at(&ports, i), wanted[i]);
}

static void test_wrong(void)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "", "list" },
		{ "x", "list" },
		{ "1,", "list" },
		{ ",1", "list" },
		{ "1-", "list" },
		{ "-1", "list" },
		{ "1--2", "list" },
		{ "1 2", "list" },
		{ " 1", "list" },
		{ "+1", "list" },
		{ "0x10", "list" },
		{ "9-5", "lower" },
		{ "4294967295", "too high" },
		{ "1-99999999999999999999", "too high" },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct ranges ports;
		const char *why = value_ports(rows[i].text, &ports);

		if (!CHECK(why != NULL && strstr(why, rows[i].why) != NULL))
			printf("# %s: %s\n", rows[i].text, why);
	}
}

static void test_too_many(void)
{
	char text[2048] = "0";
	struct ranges ports;
	const char *why;

	for (int i = 1; i < VALUE_RANGES_MAX; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), ",%d",
		    2 * i);
	CHECK(value_ports(text, &ports) == NULL);
	CHECK_INT((long long)value_ports_count(&ports), VALUE_RANGES_MAX);
	snprintf(text + strlen(text), sizeof text - strlen(text), ",999");
	why = value_ports(text, &ports);
	CHECK(why != NULL && strstr(why, "64") != NULL);
}

int main(void)
{
	static const struct test tests[] = {
		{ "ports: lists and ranges are read, sorted and joined",
		    test_good },
		{ "ports: they come in ascending order, each once",
		    test_order },
		{ "ports: what is no list is refused with a reason",
		    test_wrong },
		{ "ports: more ranges than there is room for are refused",
		    test_too_many },
	};

	return test_run(tests, LENGTH(tests));
}
