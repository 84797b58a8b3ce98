#include "ping_report.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>

#include "json.h"
#include "text.h"

#define NS_PER_MS 1e6

static const char *const outcomes[] = {
	[PING_ECHO] = "echo",
	[PING_CONNECTED] = "connected",
	[PING_REFUSED] = "refused",
	[PING_SILENT] = "no answer",
	[PING_LOST] = "lost",
};

/* The middle of a distribution, and its end. */
static const struct {
	unsigned percent;
	const char *name;
} points[] = { { 50, "p50" }, { 90, "p90" }, { 99, "p99" } };
#define POINTS (sizeof points / sizeof points[0])

/* After a failure stdio drops what it held: the next fflush(3) succeeds. */
static bool flush(struct ping_report *report)
{
	if (report->error == 0 &&
	    (fflush(report->to) != 0 || ferror(report->to)))
		report->error = errno;
	return report->error == 0;
}

static const char *address_of(
    const struct ping_report *report, char text[ADDRESS_TEXT_SIZE])
{
	address_format(&report->address, text);
	text_tame(text);
	return text;
}

/* Begins an object with whom it is about. */
static void open_object(struct json *json, const struct ping_report *report)
{
	char text[ADDRESS_TEXT_SIZE];

	json_open(json, report->to);
	json_string(json, "address", address_format(&report->address, text));
	if (address_has(report->address.kind, ADDRESS_PORT))
		json_number(json, "port", report->address.port);
}

static void print_object(
    const struct ping_report *report, const struct ping_result *result)
{
	struct json json;

	open_object(&json, report);
	json_number(&json, "seq", (double)result->seq);
	json_string(&json, "outcome", outcomes[result->outcome]);
	json_bool(&json, "answered", result->outcome < PING_ANSWERS);
	json_number(&json, "ms", (double)result->ns / NS_PER_MS);
	if (result->connect_ns != 0)
		json_number(&json, "connect_ms",
		    (double)result->connect_ns / NS_PER_MS);
	if (result->outcome == PING_LOST)
		json_string(&json, "error", result->why);
	json_close(&json);
}

/* A refusal by a monitor says nothing of the guest. */
static const char *refusal(const struct ping_report *report)
{
	return address_has(report->address.kind, ADDRESS_FILE)
		   ? "the monitor answers; nobody listens there in the guest"
		   : "it answers; nobody listens on that port";
}

static void print_line(
    const struct ping_report *report, const struct ping_result *result)
{
	char text[ADDRESS_TEXT_SIZE];
	FILE *to = report->to;

	fprintf(to, "%s: %s: seq=%" PRIu64 " %s%.3f ms",
	    address_of(report, text), outcomes[result->outcome], result->seq,
	    result->outcome < PING_ANSWERS ? "time=" : "after ",
	    (double)result->ns / NS_PER_MS);
	if (result->connect_ns != 0)
		fprintf(to, " (connected in %.3f ms)",
		    (double)result->connect_ns / NS_PER_MS);
	else if (result->outcome == PING_REFUSED)
		fprintf(to, " (%s)", refusal(report));
	else if (result->outcome == PING_LOST)
		fprintf(to, " (%s)", result->why);
	putc('\n', to);
}

bool ping_report_one(
    struct ping_report *report, const struct ping_result *result)
{
	if (result->outcome < PING_ANSWERS)
		histogram_add(&report->answers[result->outcome], result->ns);
	report->silent += result->outcome == PING_SILENT;
	report->lost += result->outcome == PING_LOST;
	if (report->json)
		print_object(report, result);
	else
		print_line(report, result);
	return flush(report);
}

uint64_t ping_report_answered(const struct ping_report *report)
{
	uint64_t answered = 0;

	for (int i = 0; i < PING_ANSWERS; i++)
		answered += report->answers[i].count;
	return answered;
}

static void put_time(
    struct json *json, const char *outcome, const char *name, int64_t ns)
{
	char key[32];

	snprintf(key, sizeof key, "%s_%s_ms", outcome, name);
	json_number(json, key, (double)ns / NS_PER_MS);
}

static void put_times(
    struct json *json, const char *outcome, const struct histogram *times)
{
	json_number(json, outcome, (double)times->count);
	put_time(json, outcome, "min", times->least);
	for (size_t i = 0; i < POINTS; i++)
		put_time(json, outcome, points[i].name,
		    histogram_at(times, points[i].percent));
	put_time(json, outcome, "max", times->most);
}

static void print_times(
    const char *outcome, const struct histogram *times, FILE *to)
{
	fprintf(to, "%s: %" PRIu64 ", min/p50/p90/p99/max %.3f/", outcome,
	    times->count, (double)times->least / NS_PER_MS);
	for (size_t i = 0; i < POINTS; i++)
		fprintf(to, "%.3f/",
		    (double)histogram_at(times, points[i].percent) / NS_PER_MS);
	fprintf(to, "%.3f ms\n", (double)times->most / NS_PER_MS);
}

static void print_summary(
    const struct ping_report *report, unsigned unfinished, double loss)
{
	uint64_t answered = ping_report_answered(report);
	uint64_t lost = report->silent + report->lost;
	char text[ADDRESS_TEXT_SIZE];
	FILE *to = report->to;

	address_of(report, text);
	fprintf(to,
	    "--- %s: %" PRIu64 " sent, %" PRIu64 " answered, %" PRIu64
	    " lost (%.3g %%)",
	    text, answered + lost + unfinished, answered, lost, loss);
	fputs(unfinished > 0 ? ", 1 unfinished\n" : "\n", to);
	for (int i = 0; i < PING_ANSWERS; i++)
		if (report->answers[i].count > 0)
			print_times(outcomes[i], &report->answers[i], to);
}

static void print_summary_object(
    const struct ping_report *report, unsigned unfinished, double loss)
{
	uint64_t answered = ping_report_answered(report);
	uint64_t lost = report->silent + report->lost;
	struct json json;

	open_object(&json, report);
	json_number(&json, "sent", (double)(answered + lost + unfinished));
	json_number(&json, "answered", (double)answered);
	json_number(&json, "lost", (double)lost);
	json_number(&json, "loss_percent", loss);
	json_number(&json, "unfinished", unfinished);
	for (int i = 0; i < PING_ANSWERS; i++)
		if (report->answers[i].count > 0)
			put_times(&json, outcomes[i], &report->answers[i]);
	json_close(&json);
}

bool ping_report_end(struct ping_report *report, unsigned unfinished)
{
	uint64_t lost = report->silent + report->lost;
	uint64_t ended = ping_report_answered(report) + lost;
	double loss = ended > 0 ? 100.0 * (double)lost / (double)ended : 0;

	if (report->json)
		print_summary_object(report, unfinished, loss);
	else
		print_summary(report, unfinished, loss);
	return flush(report);
}
