/*
 * The frames of --bench: bytes that were written by hand, all that may be wrong
 * with them, and frames that come in pieces of any size.
 */
#include "measure.h"

#include "hail.h"
#include "test.h"

/* A HELLO, byte by byte. */
static const unsigned char hello_bytes[MEASURE_HEADER + MEASURE_HELLO_SIZE] = {
	0, 0, 0, 1, 0, 0, 0, 104, 0, 0, 0, 1, 0, 0, 1, 0xf4, 0, 0, 0x13, 0x88,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0,
	0, 0, 0, 3, 0, '6', '.', '1', 27 /* the rest is 0 */
};

static const unsigned char report_bytes[MEASURE_REPORT_SIZE] = { 0, 0, 0, 1, 2,
	3, 4, 5, 0, 0, 0, 0, 0x3b, 0x9a, 0xca, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0,
	0, 2 /* the rest is 0 */ };

static void test_hello(void)
{
	unsigned char written[sizeof hello_bytes];
	struct measure_frame frame;
	struct measure_hello hello;

	CHECK(measure_get(hello_bytes, &frame));
	CHECK_INT(frame.type, MEASURE_HELLO);
	CHECK_INT(frame.length, MEASURE_HELLO_SIZE);
	CHECK(measure_get_hello(hello_bytes + MEASURE_HEADER, &hello));
	CHECK(hello.both);
	CHECK_INT(hello.warm_up, 500);
	CHECK_INT(hello.time, 5000);
	CHECK_INT(hello.relay, 1048576);
	CHECK_INT(hello.sending, 512);
	CHECK_INT(hello.receiving, 768);
	CHECK_STR(hello.kernel, "6.1?");
	hello.kernel[3] = 27;
	measure_put(written, MEASURE_HELLO, MEASURE_HELLO_SIZE);
	measure_put_hello(written + MEASURE_HEADER, &hello);
	CHECK(memcmp(written, hello_bytes, sizeof written) == 0);
}

static void test_wrong_hello(void)
{
	static const struct measure_hello good = { .time = 1,
		.warm_up = MEASURE_WARM_UP_MAX };
	unsigned char payload[MEASURE_HELLO_SIZE];
	struct measure_hello hello = good;

	measure_put_hello(payload, &hello);
	CHECK(measure_get_hello(payload, &hello));
	payload[3] = 2; /* neither one direction nor both */
	CHECK(!measure_get_hello(payload, &hello));
	hello = good;
	hello.time = 0;
	measure_put_hello(payload, &hello);
	CHECK(!measure_get_hello(payload, &hello));
	hello.time = MEASURE_TIME_MAX + 1;
	measure_put_hello(payload, &hello);
	CHECK(!measure_get_hello(payload, &hello));
	hello = good;
	hello.warm_up++;
	measure_put_hello(payload, &hello);
	CHECK(!measure_get_hello(payload, &hello));
	memset(payload, 'x', sizeof payload); /* a name without an end */
	CHECK(!measure_get_hello(payload, &hello));
	CHECK_INT(strlen(hello.kernel), MEASURE_KERNEL_SIZE);
}

static void test_report(void)
{
	unsigned char written[MEASURE_REPORT_SIZE];
	struct measure_report report;

	CHECK(measure_get_report(report_bytes, &report));
	CHECK_INT(report.bytes, 0x102030405);
	CHECK_INT(report.time, 1000000000);
	CHECK_INT(report.cpu, 7);
	CHECK_INT(report.connections, 2);
	measure_put_report(written, &report);
	CHECK(memcmp(written, report_bytes, sizeof written) == 0);
	report.time = 0;
	measure_put_report(written, &report);
	CHECK(!measure_get_report(written, &report));
	report = (struct measure_report){ .time = 9 };
	measure_put_report(written, &report);
	CHECK(!measure_get_report(written, &report));
	report.connections = 1;
	report.cpu = UINT64_MAX;
	measure_put_report(written, &report);
	CHECK(!measure_get_report(written, &report));
}

static void test_times(void)
{
	struct measure_report report = { .time = 1000000000 };

	CHECK(measure_is_timely(&report, 1000, 1000000000));
	CHECK(measure_is_timely(&report, 1000, 5000000000));
	CHECK(measure_is_timely(&report, 1050, 1000000000));
	CHECK(!measure_is_timely(&report, 1200, 2000000000));
	CHECK(!measure_is_timely(&report, 100, 400000000));
	report.time = UINT64_MAX;
	CHECK(!measure_is_timely(&report, 1000, 1000000000));
}

static void test_wrong_headers(void)
{
	static const struct {
		uint32_t type, length;
		bool good;
	} rows[] = {
		{ MEASURE_DATA, 1, true },
		{ MEASURE_DATA, MEASURE_DATA_MAX, true },
		{ MEASURE_DATA, 0, false },
		{ MEASURE_DATA, MEASURE_DATA_MAX + 1, false },
		{ MEASURE_DATA, UINT32_MAX, false },
		{ MEASURE_BEGIN, 0, true },
		{ MEASURE_BEGIN, 1, false },
		{ MEASURE_HELLO, MEASURE_HELLO_SIZE - 1, false },
		{ MEASURE_HELLO, MEASURE_HELLO_SIZE + 1, false },
		{ MEASURE_REPORT, MEASURE_REPORT_SIZE - 1, false },
		{ MEASURE_REPORT, UINT32_MAX, false },
		{ 0, 0, false },
		{ 5, 0, false },
		{ UINT32_MAX, 1, false },
	};
	unsigned char header[MEASURE_HEADER];
	struct measure_reader reader = { 0 };
	struct measure_frame frame;

	for (size_t i = 0; i < LENGTH(rows); i++) {
		measure_put(
		    header, (enum measure_type)rows[i].type, rows[i].length);
		CHECK_INT(measure_get(header, &frame), rows[i].good);
		reader = (struct measure_reader){ 0 };
		CHECK_INT(
		    measure_read(&reader, header, sizeof header, &frame) > 0,
		    rows[i].good);
	}
}

/* Reads all in pieces that are cut at these places. Returns the frames' types
 * as digits. */
static const char *types_of(
    const unsigned char *bytes, size_t n, const size_t cuts[2])
{
	static char types[16];
	struct measure_reader reader = { 0 };
	struct measure_frame frame;
	size_t count = 0;

	for (size_t at = 0; at < n;) {
		size_t end = at < cuts[0]   ? cuts[0]
			     : at < cuts[1] ? cuts[1]
					    : n;
		ssize_t used =
		    measure_read(&reader, bytes + at, end - at, &frame);

		if (used <= 0 || count == sizeof types - 1)
			return "stuck";
		if (frame.type != 0)
			types[count++] = (char)('0' + frame.type);
		if (frame.type == MEASURE_REPORT &&
		    memcmp(measure_payload(&reader), report_bytes,
			sizeof report_bytes) != 0)
			return "another payload";
		at += (size_t)used;
	}
	types[count] = '\0';
	return types;
}

static void test_split(void)
{
	unsigned char bytes[512];
	unsigned char *to = bytes;
	size_t n;

	to = mempcpy(to, hello_bytes, sizeof hello_bytes);
	measure_put(to, MEASURE_DATA, 21);
	memset(to + MEASURE_HEADER, 0, 21); /* would be no header */
	to += MEASURE_HEADER + 21;
	measure_put(to, MEASURE_BEGIN, 0);
	to += MEASURE_HEADER;
	measure_put(to, MEASURE_REPORT, MEASURE_REPORT_SIZE);
	to = mempcpy(to + MEASURE_HEADER, report_bytes, sizeof report_bytes);
	measure_put(to, MEASURE_DATA, 1);
	to += MEASURE_HEADER + 1;
	n = (size_t)(to - bytes);
	for (size_t first = 0; first <= n; first++)
		for (size_t second = first; second <= n; second++)
			if (!CHECK_STR(
				types_of(bytes, n, (size_t[]){ first, second }),
				"12342"))
				return;
}

/* What comes of a line that is cut at that place; its bytes that are used. */
static ssize_t hailed(struct hail *hail, const char *line, size_t cut)
{
	ssize_t used = cut > 0 ? hail_take(hail, line, cut) : 0;
	ssize_t more;

	if (used < 0 || (size_t)used < cut)
		return used;
	more = hail_take(hail, line + cut, strlen(line) - cut);
	return more < 0 ? more : used + more;
}

static void test_greeting(void)
{
	static const char good[] = "VCAT sink 1 linux=6.1\33[1m vcat=0.2.0\n";
	char text[sizeof good + 4];

	snprintf(text, sizeof text, "%sabc", good);
	for (size_t cut = 0; cut < strlen(good); cut++) {
		struct hail hail = { 0 };

		CHECK_INT(hailed(&hail, text, cut), strlen(good));
		CHECK_INT(hail.greeting.kind, GREETING_SINK);
		CHECK_STR(hail.greeting.kernel, "6.1?[1m");
	}
}

static void test_no_greeting(void)
{
	static const char *const lines[] = { "SSH-2.0-x\r\n", "V\n", "VCAT\n",
		"VCAT sink 2 linux=1\n", "VCAT mirror 1\n", "VCAT \n", "\n",
		"vcat sink 1\n" };
	char text[2 * GREETING_SIZE] = "VCAT ";

	for (size_t i = 0; i < LENGTH(lines); i++)
		for (size_t cut = 0; cut < strlen(lines[i]); cut++) {
			struct hail hail = { 0 };

			CHECK_INT(hailed(&hail, lines[i], cut), -1);
			CHECK(strpbrk(hail.line, "\r\n") == NULL);
		}
	memset(text + 5, 'x', sizeof text - 6); /* no newline comes */
	for (size_t cut = 0; cut < strlen(text); cut++) {
		struct hail hail = { 0 };

		CHECK_INT(hailed(&hail, text, cut) < 0 ||
			      hail_take(&hail, text, 1) < 0,
		    1);
	}
}

static const struct test tests[] = {
	{ "hello: it is as written by hand, its kernel fit for a terminal",
	    test_hello },
	{ "hello: what cannot be is refused", test_wrong_hello },
	{ "report: it is as written by hand; what cannot be is refused",
	    test_report },
	{ "report: its time must be what was asked for, and have passed",
	    test_times },
	{ "header: wrong types and lengths are refused", test_wrong_headers },
	{ "reader: frames may come in pieces, cut anywhere", test_split },
	{ "greeting: it may come in pieces, and nothing after it is taken",
	    test_greeting },
	{ "greeting: what is none is refused as soon as that is clear",
	    test_no_greeting },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
