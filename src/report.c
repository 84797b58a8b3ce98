#include "report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fd.h"
#include "json.h"
#include "log.h"
#include "text.h"
#include "trouble.h"

void report_init(struct report *report, const struct address *address,
    bool verbose, bool json)
{
	*report = (struct report){
		.address = *address,
		.verbose = verbose,
		.json = json,
		.to = fd_output(STDOUT_FILENO),
	};
}

static const char *reason(const struct report_entry *entry)
{
	return entry->outcome == OUTCOME_FAILED
		   ? strerror(entry->error)
		   : trouble_outcome_name(entry->outcome);
}

static void print_object(
    const struct report *report, const struct report_entry *entry)
{
	const struct address *address = &report->address;
	char text[ADDRESS_TEXT_SIZE];
	struct json json;

	json_open(&json, report->to);
	json_string(&json, "address", address_format(address, text));
	if (address_has(address->kind, ADDRESS_PORT))
		json_number(&json, "port", address->port);
	json_string(&json, "outcome", trouble_outcome_name(entry->outcome));
	json_bool(&json, "open", entry->outcome == OUTCOME_OPEN);
	json_number(&json, "ms", entry->ms);
	if (entry->outcome != OUTCOME_OPEN) {
		json_string(&json, "step", entry->step);
		json_string(&json, "error", strerror(entry->error));
	}
	json_close(&json);
}

static void clear_progress(struct report *report)
{
	if (report->progress)
		log_progress("");
	report->progress = false;
}

void report_port(
    struct report *report, uint32_t port, const struct report_entry *entry)
{
	char text[ADDRESS_TEXT_SIZE];

	report->address.port = port;
	if (report->counts[entry->outcome]++ == 0) {
		report->examples[entry->outcome] = *entry;
		report->ports[entry->outcome] = port;
	}
	if (report->json || report->verbose || entry->outcome == OUTCOME_OPEN)
		clear_progress(report);
	address_format(&report->address, text);
	text_tame(text);
	if (report->json)
		print_object(report, entry);
	else if (report->verbose)
		fprintf(report->to, "%s %s %.1f ms\n", text, reason(entry),
		    entry->ms);
	else if (entry->outcome == OUTCOME_OPEN)
		fprintf(report->to, "%s\n", text);
}

bool report_flush(struct report *report)
{
	if (fflush(report->to) != 0 && report->error == 0)
		report->error = errno;
	return report->error == 0;
}

bool report_has_progress(void)
{
	return isatty(STDERR_FILENO) == 1;
}

void report_progress(struct report *report, uint64_t done, uint64_t total)
{
	char text[96];

	snprintf(text, sizeof text,
	    "%" PRIu64 " of %" PRIu64 " ports, %" PRIu64 " open", done, total,
	    report->counts[OUTCOME_OPEN]);
	log_progress(text);
	report->progress = true;
}

static uint64_t total(const struct report *report)
{
	uint64_t sum = 0;

	for (int kind = 0; kind < OUTCOMES; kind++)
		sum += report->counts[kind];
	return sum;
}

static enum outcome most_frequent(const struct report *report)
{
	enum outcome most = OUTCOME_UNKNOWN;

	for (int kind = 0; kind < OUTCOMES; kind++)
		if (report->counts[kind] > report->counts[most])
			most = (enum outcome)kind;
	return most;
}

/* "990 refused, 10 timed out" */
static void list_counts(const struct report *report, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (int kind = 0; kind < OUTCOMES && used < size; kind++) {
		const struct report_entry *example = &report->examples[kind];

		if (report->counts[kind] > 0)
			used += (size_t)snprintf(text + used, size - used,
			    "%s%" PRIu64 " %s", used > 0 ? ", " : "",
			    report->counts[kind], reason(example));
	}
}

/* Why none is open: of several, how many for which reason. */
static void complain(struct report *report)
{
	enum outcome kind = most_frequent(report);
	const struct report_entry *example = &report->examples[kind];
	const struct socket_fault fault = {
		.step = example->step,
		.waited = report->retried,
	};
	char name[ADDRESS_TEXT_SIZE];
	char counts[512];

	report->address.port = report->ports[kind];
	if (total(report) == 1) {
		trouble_report(&report->address, &fault, example->error);
		return;
	}
	address_name(&report->address, name);
	*strrchr(name, ':') = '\0';
	list_counts(report, counts, sizeof counts);
	log_error("%s: none of %" PRIu64 " ports is open: %s", name,
	    total(report), counts);
	/* that nobody listens needs no explanation there */
	if (kind != OUTCOME_REFUSED)
		trouble_hint(&report->address, &fault, example->error);
}

enum status report_end(struct report *report)
{
	uint64_t all = total(report);

	clear_progress(report);
	if (!report_flush(report)) {
		log_error("stdout: write: %s", strerror(report->error));
		return STATUS_FAILED;
	}
	if (report->counts[OUTCOME_OPEN] > 0)
		return STATUS_OK;
	if (all == 0)
		return STATUS_FAILED;
	if (!report->json)
		complain(report);
	return report->counts[OUTCOME_TIMED_OUT] == all ? STATUS_TIMEOUT
							: STATUS_FAILED;
}
