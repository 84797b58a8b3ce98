#include "report.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "json.h"
#include "log.h"
#include "text.h"

static const char *outcome_of(const struct report_entry *entry)
{
	const char *outcome = NULL;

	if (entry->error != 0 && strcmp(entry->fault.step, "banner") == 0)
		outcome = banner_outcome(entry->error);
	return outcome != NULL ? outcome
			       : trouble_outcome(&entry->address, entry->error);
}

static const char *reason(const char *outcome, int error)
{
	return strcmp(outcome, "failed") == 0 ? strerror(error) : outcome;
}

static void print_object(
    FILE *to, const struct report_entry *entry, const char *outcome)
{
	char text[ADDRESS_TEXT_SIZE];
	struct json json;

	json_open(&json, to);
	json_string(&json, "address", address_format(&entry->address, text));
	if (address_has(entry->address.kind, ADDRESS_PORT))
		json_number(&json, "port", entry->address.port);
	json_string(&json, "outcome", outcome);
	json_bool(&json, "open", entry->error == 0);
	json_number(&json, "ms", entry->ms);
	if (entry->banner != NULL)
		json_string(&json, "banner", entry->banner);
	if (entry->error != 0) {
		json_string(&json, "step", entry->fault.step);
		json_string(&json, "error", strerror(entry->error));
	}
	json_close(&json);
}

static void count(struct report *report, const struct report_entry *entry,
    const char *outcome)
{
	struct report_count *count = report->counts;

	while (count->outcome != NULL && strcmp(count->outcome, outcome) != 0)
		count++;
	if (count->ports++ == 0) {
		count->outcome = outcome;
		count->first = *entry;
		count->first.banner = NULL; /* which is gone by then */
	}
	report->done++;
	report->open += entry->error == 0;
	report->late += entry->error == ETIMEDOUT;
}

void report_port(struct report *report, const struct report_entry *entry)
{
	const char *outcome = outcome_of(entry);
	char text[ADDRESS_TEXT_SIZE];

	count(report, entry, outcome);
	if (!report->json && !report->verbose && entry->error != 0)
		return;
	log_progress(""); /* stdout may be the same terminal */
	if (report->json) {
		print_object(report->to, entry, outcome);
		return;
	}
	address_format(&entry->address, text);
	text_tame(text);
	fputs(text, report->to);
	if (report->verbose)
		fprintf(report->to, " %s %.1f ms",
		    reason(outcome, entry->error), entry->ms);
	if (report->verbose && entry->banner != NULL)
		fprintf(report->to, " %s", entry->banner);
	putc('\n', report->to);
}

/* After a failure stdio drops what it held: the next fflush(3) succeeds. */
bool report_flush(struct report *report)
{
	if (report->error == 0 &&
	    (fflush(report->to) != 0 || ferror(report->to)))
		report->error = errno;
	return report->error == 0;
}

void report_progress(struct report *report)
{
	char text[96];

	snprintf(text, sizeof text,
	    "%" PRIu64 " of %" PRIu64 " ports, %" PRIu64 " open", report->done,
	    report->total, report->open);
	log_progress(text);
}

/*
 * Writes a list such as "990 refused, 10 timed out". Returns the most frequent
 * outcome.
 */
static const struct report_count *list_reasons(
    const struct report *report, char *list, size_t size)
{
	const struct report_count *most = report->counts;
	char item[96];

	list[0] = '\0';
	for (const struct report_count *i = most; i->outcome != NULL; i++) {
		snprintf(item, sizeof item, "%s%" PRIu64 " %s",
		    list[0] != '\0' ? ", " : "", i->ports,
		    reason(i->outcome, i->first.error));
		strlcat(list, item, size);
		if (i->ports > most->ports)
			most = i;
	}
	return most;
}

/* Says why no port is open. */
static void complain(const struct report *report)
{
	char reasons[512];
	char name[ADDRESS_TEXT_SIZE];
	const struct report_entry *entry =
	    &list_reasons(report, reasons, sizeof reasons)->first;

	if (report->done == 1) {
		trouble_report(&entry->address, &entry->fault, entry->error);
		return;
	}
	address_name(&entry->address, name);
	*strrchr(name, ':') = '\0';
	log_error("%s: none of %" PRIu64 " ports is open: %s", name,
	    report->done, reasons);
	/* among many ports, a refusal needs no explanation */
	if (entry->error != ECONNREFUSED)
		trouble_hint(&entry->address, &entry->fault, entry->error);
}

enum status report_end(struct report *report)
{
	log_progress("");
	if (!report_flush(report)) {
		log_error("stdout: write: %s", strerror(report->error));
		return STATUS_FAILED;
	}
	if (report->open > 0)
		return STATUS_OK;
	if (report->done > 0 && !report->json)
		complain(report);
	return report->late == report->done ? STATUS_TIMEOUT : STATUS_FAILED;
}
