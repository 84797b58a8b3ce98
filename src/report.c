#include "report.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "json.h"
#include "log.h"
#include "text.h"

static const char *reason(enum outcome outcome, int error)
{
	return outcome == OUTCOME_FAILED ? strerror(error)
					 : trouble_outcome_name(outcome);
}

static void print_object(
    FILE *to, const struct report_entry *entry, enum outcome outcome)
{
	char text[ADDRESS_TEXT_SIZE];
	struct json json;

	json_open(&json, to);
	json_string(&json, "address", address_format(&entry->address, text));
	if (address_has(entry->address.kind, ADDRESS_PORT))
		json_number(&json, "port", entry->address.port);
	json_string(&json, "outcome", trouble_outcome_name(outcome));
	json_bool(&json, "open", entry->error == 0);
	json_number(&json, "ms", entry->ms);
	if (entry->error != 0) {
		json_string(&json, "step", entry->fault.step);
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

void report_port(struct report *report, const struct report_entry *entry)
{
	enum outcome outcome = trouble_outcome(&entry->address, entry->error);
	char text[ADDRESS_TEXT_SIZE];

	report->done++;
	if (report->counts[outcome]++ == 0)
		report->firsts[outcome] = *entry;
	if (!report->json && !report->verbose && outcome != OUTCOME_OPEN)
		return;
	clear_progress(report);
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
	    report->total, report->counts[OUTCOME_OPEN]);
	log_progress(text);
	report->progress = true;
}

/*
 * Writes a list such as "990 refused, 10 timed out". Returns the most frequent
 * outcome.
 */
static enum outcome list_reasons(
    const struct report *report, char *list, size_t size)
{
	enum outcome most = OUTCOME_OPEN; /* of which there is none */
	char item[96];

	list[0] = '\0';
	for (enum outcome i = 0; i < OUTCOMES; i++) {
		if (report->counts[i] == 0)
			continue;
		snprintf(item, sizeof item, "%s%" PRIu64 " %s",
		    list[0] != '\0' ? ", " : "", report->counts[i],
		    reason(i, report->firsts[i].error));
		strlcat(list, item, size);
		if (report->counts[i] > report->counts[most])
			most = i;
	}
	return most;
}

/* Says why no port is open. */
static void complain(const struct report *report)
{
	char reasons[512];
	char name[ADDRESS_TEXT_SIZE];
	enum outcome most = list_reasons(report, reasons, sizeof reasons);
	const struct report_entry *entry = &report->firsts[most];

	if (report->done == 1) {
		trouble_report(&entry->address, &entry->fault, entry->error);
		return;
	}
	address_name(&entry->address, name);
	*strrchr(name, ':') = '\0';
	log_error("%s: none of %" PRIu64 " ports is open: %s", name,
	    report->done, reasons);
	/* among many ports, a refusal needs no explanation */
	if (most != OUTCOME_REFUSED)
		trouble_hint(&entry->address, &entry->fault, entry->error);
}

enum status report_end(struct report *report)
{
	clear_progress(report);
	if (!report_flush(report)) {
		log_error("stdout: write: %s", strerror(report->error));
		return STATUS_FAILED;
	}
	if (report->counts[OUTCOME_OPEN] > 0)
		return STATUS_OK;
	if (report->done > 0 && !report->json)
		complain(report);
	return report->counts[OUTCOME_TIMED_OUT] == report->done
		   ? STATUS_TIMEOUT
		   : STATUS_FAILED;
}
