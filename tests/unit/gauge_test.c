/*
 * A gauge between a test and nothing: what it makes of each byte that a peer
 * may send, in every order, and what it sends.
 */
#include "gauge.h"

#include <poll.h>
#include <sys/socket.h>

#include "fd.h"
#include "test.h"

#define HELD 1048576

static struct gauge_common common;
static struct gauge gauge;

/* A gauge on a socketpair; a client, if it wants to measure for so many ms. */
static void open_gauge(uint32_t time, bool both)
{
	const struct measure_hello ours = {
		.time = time, .both = both, .relay = HELD
	};
	int ends[2];

	gauge_forget(&common); /* of the one before */
	gauge_prepare(&common);
	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	CHECK_INT(gauge_open(&gauge, &common, &ours, ends[0]), 0);
}

static bool hear(const void *bytes, size_t n)
{
	const struct iovec piece = { (void *)bytes, n };

	return stream_write(&gauge.stream, &piece, 1) == (ssize_t)n;
}

static bool hear_text(const char *text)
{
	return hear(text, strlen(text));
}

static bool hear_frame(enum measure_type type, const void *payload, uint32_t n)
{
	unsigned char header[MEASURE_HEADER];

	measure_put(header, type, n);
	return hear(header, sizeof header) && (n == 0 || hear(payload, n));
}

static bool hear_hello(bool both, uint32_t time)
{
	const struct measure_hello hello = { .both = both, .time = time };
	unsigned char payload[MEASURE_HELLO_SIZE];

	measure_put_hello(payload, &hello);
	return hear_frame(MEASURE_HELLO, payload, sizeof payload);
}

static bool hear_report(uint64_t bytes, uint64_t time)
{
	const struct measure_report report = {
		.bytes = bytes, .time = time, .connections = 1
	};
	unsigned char payload[MEASURE_REPORT_SIZE];

	measure_put_report(payload, &report);
	return hear_frame(MEASURE_REPORT, payload, sizeof payload);
}

/* What it has to say now, up to n bytes; -1 for nothing. */
static ssize_t say(void *bytes, size_t n)
{
	const struct iovec piece = { bytes, n };

	return stream_read(&gauge.stream, &piece, 1);
}

/* Whether poll(2) says within ms that there is something to read. */
static bool is_readable(int ms)
{
	return fd_poll(gauge.stream.in.fd, POLLIN, ms) == POLLIN;
}

/* The next frame that it sends; the payload of DATA is thrown away. */
static struct measure_frame next_frame(unsigned char payload[1 << 17])
{
	unsigned char header[MEASURE_HEADER];
	struct measure_frame frame = { 0 };

	if (CHECK_INT(say(header, sizeof header), sizeof header) &&
	    CHECK(measure_get(header, &frame)) && frame.length > 0)
		CHECK_INT(say(payload, frame.length), frame.length);
	return frame;
}

static void test_client_is_silent(void)
{
	char bytes[100];

	open_gauge(10, false);
	CHECK(!is_readable(0));
	CHECK_INT(say(bytes, sizeof bytes), -1);
	CHECK(hear_text("VCAT sink 1 lin"));
	CHECK(!is_readable(0));
	CHECK_INT(say(bytes, sizeof bytes), -1);
	CHECK(hear_text("ux=6.1\n"));
	CHECK(is_readable(0));
	CHECK_INT(say(bytes, 8), 8);
}

static void test_client_refuses(void)
{
	char bytes[100];

	open_gauge(10, false);
	CHECK(!hear_text("SSH-2.0-x\r\n"));
	CHECK_INT(gauge.state, GAUGE_FAILED);
	CHECK(strstr(gauge.stream.why, "\"SSH-2.0-x\"") != NULL);
	/* the relay learns it by reading, too, whatever it waits for */
	CHECK(is_readable(0));
	CHECK_INT(say(bytes, sizeof bytes), -1);
	CHECK(!hear_text("VCAT sink 1\n"));
}

/* Up to the point where both have said hello. */
static void meet_sink(uint32_t time, bool both)
{
	unsigned char payload[1 << 17];

	open_gauge(time, both);
	CHECK(hear_text("VCAT sink 1 linux=6.1\n"));
	CHECK_INT(next_frame(payload).type, MEASURE_HELLO);
	CHECK(hear_hello(false, time));
	CHECK_INT(gauge.state, GAUGE_MEASURING);
}

static void test_client(void)
{
	unsigned char payload[1 << 17];

	meet_sink(1, false);
	for (int i = 0; i < 3; i++)
		CHECK_INT(next_frame(payload).type, MEASURE_DATA);
	CHECK(hear_frame(MEASURE_BEGIN, NULL, 0));
	CHECK(hear_report(100000, 1000000));
	CHECK_INT(gauge.state, GAUGE_DONE);
	CHECK_INT(say(payload, 100), 0);
	CHECK_INT(stream_finish(&gauge.stream), 0);
	CHECK_INT(gauge.heard.bytes, 100000);
}

/* A frame that has been begun is finished: the peer counts on it. */
static void test_client_ends_its_frame(void)
{
	unsigned char payload[1 << 17];
	ssize_t more = 0;
	ssize_t n;

	meet_sink(1, false);
	CHECK_INT(say(payload, 100), 100);
	CHECK(hear_frame(MEASURE_BEGIN, NULL, 0));
	CHECK(hear_report(10, 1000000));
	CHECK_INT(gauge.state, GAUGE_MEASURING);
	while ((n = say(payload, 1000)) > 0)
		more += n;
	CHECK_INT(n, 0);
	CHECK_INT(more, MEASURE_HEADER + 65536 - 100);
}

/* What a sink must not send, in one state or another. */
static void test_lies_of_a_sink(void)
{
	unsigned char payload[1 << 17];

	meet_sink(1, false);
	CHECK(!hear_hello(false, 1));
	meet_sink(1, false);
	CHECK(!hear_frame(MEASURE_DATA, "x", 1));
	meet_sink(1, false);
	CHECK(!hear_report(0, 1000000));
	meet_sink(1, false);
	CHECK(hear_frame(MEASURE_BEGIN, NULL, 0));
	CHECK(!hear_frame(MEASURE_BEGIN, NULL, 0));
	meet_sink(1, false);
	CHECK(hear_frame(MEASURE_BEGIN, NULL, 0));
	next_frame(payload);
	CHECK(!hear_report(1000000000, 1000000)); /* more than was sent */
	CHECK(strstr(gauge.stream.why, "1000000000 bytes in 0.001 s") != NULL);
	meet_sink(1, false);
	CHECK(hear_frame(MEASURE_BEGIN, NULL, 0));
	next_frame(payload);
	CHECK(!hear_report(0, 1000000));
	meet_sink(1, false);
	CHECK(hear_frame(MEASURE_BEGIN, NULL, 0));
	next_frame(payload);
	CHECK(!hear_report(1, UINT64_MAX));
	CHECK_INT(gauge.state, GAUGE_FAILED);
}

static void test_ends_too_early(void)
{
	open_gauge(1, false);
	CHECK_INT(stream_finish(&gauge.stream), -1);
	CHECK(strstr(gauge.stream.why, "without a greeting") != NULL);
	meet_sink(1, false);
	CHECK_INT(stream_finish(&gauge.stream), -1);
	CHECK(strstr(gauge.stream.why, "before all was measured") != NULL);
	open_gauge(0, false);
	CHECK(hear_hello(false, 1));
	CHECK_INT(stream_finish(&gauge.stream), -1);
}

/* Up to the point where a sink has said hello. */
static void meet_client(bool both, uint32_t time)
{
	unsigned char payload[1 << 17];
	size_t greeting;

	open_gauge(0, false);
	greeting = strlen(common.greeting);
	CHECK(is_readable(0));
	CHECK_INT(say(payload, sizeof payload), greeting);
	CHECK(memcmp(payload, "VCAT sink 1 ", 12) == 0);
	CHECK(!is_readable(0));
	CHECK(hear_hello(both, time));
	CHECK_INT(next_frame(payload).type, MEASURE_HELLO);
}

/* The clock alone ends it: nothing more comes. */
static void test_sink(void)
{
	unsigned char payload[1 << 17];
	struct measure_report report;

	meet_client(false, 20);
	gauge.ours.warm_up = 20;
	CHECK(!is_readable(0)); /* it waits for the first byte */
	CHECK(hear_frame(MEASURE_DATA, "0123456789", 10));
	CHECK(is_readable(5000));
	CHECK_INT(next_frame(payload).type, MEASURE_BEGIN);
	CHECK(hear_frame(MEASURE_DATA, "0123456789", 10));
	CHECK(hear_frame(MEASURE_DATA, "01234", 5));
	CHECK(is_readable(5000));
	CHECK_INT(next_frame(payload).type, MEASURE_REPORT);
	CHECK(measure_get_report(payload, &report));
	CHECK_INT(report.bytes, 10 + 5 + 2 * MEASURE_HEADER);
	CHECK(report.time >= 20000000);
	CHECK_INT(report.connections, 1);
	CHECK_INT(gauge.state, GAUGE_DONE);
	CHECK_INT(say(payload, 1), 0);
	/* what is on its way yet is thrown away */
	CHECK(hear_frame(MEASURE_DATA, "0123456789", 10));
	CHECK_INT(stream_finish(&gauge.stream), 0);
}

static void test_sink_of_nothing(void)
{
	unsigned char payload[1 << 17];

	meet_client(false, 1);
	gauge.ours.warm_up = 20;
	CHECK(hear_frame(MEASURE_DATA, "x", 1));
	CHECK(is_readable(5000));
	CHECK_INT(next_frame(payload).type, MEASURE_BEGIN);
	CHECK(is_readable(5000));
	CHECK_INT(say(payload, 100), -1);
	CHECK(strstr(gauge.stream.why, "no byte came in ") != NULL);
}

/* It was not us who sent nothing, if the process had no time to look. */
static void test_late_sink(void)
{
	unsigned char payload[1 << 17];
	struct measure_report report;

	meet_client(false, 20);
	gauge.ours.warm_up = 20;
	CHECK(hear_frame(MEASURE_DATA, "x", 1));
	CHECK(is_readable(5000));
	CHECK_INT(next_frame(payload).type, MEASURE_BEGIN);
	poll(NULL, 0, 50);
	CHECK(hear("\0\0\0\2\0\0\0\1x", 9));
	CHECK_INT(next_frame(payload).type, MEASURE_REPORT);
	CHECK(measure_get_report(payload, &report));
	CHECK_INT(report.bytes, 9);
	CHECK(report.time >= 50000000);
}

static void test_lies_of_a_client(void)
{
	open_gauge(0, false);
	CHECK(!hear_hello(false, 0));
	CHECK(strstr(gauge.stream.why, "HELLO") != NULL);
	open_gauge(0, false);
	CHECK(!hear_text("GET / HTTP/1.0\r\n\r\n"));
	CHECK(strstr(gauge.stream.why, "not a vcat --bench") != NULL);
	open_gauge(0, false);
	CHECK(!hear_frame(MEASURE_DATA, "x", 1));
	meet_client(false, 1);
	CHECK(!hear_hello(false, 1));
	meet_client(false, 1);
	CHECK(!hear_frame(MEASURE_BEGIN, NULL, 0));
	meet_client(true, 1);
	CHECK(hear_frame(MEASURE_BEGIN, NULL, 0));
	CHECK(!hear_hello(true, 1));
}

static void test_echo(void)
{
	unsigned char payload[1 << 17];

	open_gauge(1, false);
	gauge.ours.warm_up = 0;
	CHECK(hear_text("VCAT echo 1 linux=6.1\n"));
	CHECK_INT(next_frame(payload).type, MEASURE_DATA);
	CHECK(hear_frame(MEASURE_DATA, "x", 1));
	CHECK_INT(next_frame(payload).type, MEASURE_DATA);
	CHECK_INT(gauge.tally.state, TALLY_COUNTING);
	CHECK(hear_frame(MEASURE_DATA, "0123456789", 10));
	while (gauge.tally.state == TALLY_COUNTING)
		CHECK(hear_frame(MEASURE_DATA, "0", 1));
	CHECK_INT(gauge.state, GAUGE_DONE);
	CHECK(gauge.tally.report.bytes >= 10 + MEASURE_HEADER);
	CHECK_INT(say(payload, 100), 0);
	CHECK(!hear_frame(MEASURE_BEGIN, NULL, 0));
}

static void test_many(void)
{
	unsigned char payload[1 << 17];
	struct measure_report report;

	meet_client(false, 20);
	CHECK(hear_frame(MEASURE_DATA, "x", 1));
	CHECK(is_readable(5000));
	CHECK_INT(next_frame(payload).type, MEASURE_BEGIN);
	common.house.began += 2;   /* others come, */
	common.house.running += 1; /* and one has gone */
	CHECK(hear_frame(MEASURE_DATA, "x", 1));
	CHECK(is_readable(5000));
	CHECK_INT(next_frame(payload).type, MEASURE_REPORT);
	CHECK(measure_get_report(payload, &report));
	CHECK_INT(report.connections, 3);
	gauge_close(&gauge);
	CHECK_INT(common.house.running, 1);
}

static const struct test tests[] = {
	{ "client: it sends nothing before a whole greeting",
	    test_client_is_silent },
	{ "client: another greeting is refused, with its line",
	    test_client_refuses },
	{ "client: it sends DATA until the report comes", test_client },
	{ "client: it finishes the frame that it has begun",
	    test_client_ends_its_frame },
	{ "client: a sink's lies are found", test_lies_of_a_sink },
	{ "end: one that comes too early is a failure", test_ends_too_early },
	{ "sink: it counts from BEGIN on, and reports by its own clock",
	    test_sink },
	{ "sink: no byte in the whole time is a failure",
	    test_sink_of_nothing },
	{ "sink: bytes that it sees late count as well", test_late_sink },
	{ "sink: a client's lies are found", test_lies_of_a_client },
	{ "echo: the client counts what comes back", test_echo },
	{ "many: the report says how many were measured in its time",
	    test_many },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
