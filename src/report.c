#include "report.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "json.h"
#include "log.h"
#include "text.h"

static const char *reason(const struct report_entry *entry)
{
	return entry->outcome == OUTCOME_FAILED
		   ? strerror(entry->error)
		   : trouble_outcome_name(entry->outcome);
}

static void print_object(const struct report *report, const char *address,
    const struct report_entry *entry)
{
	bool open = entry->outcome == OUTCOME_OPEN;
	struct json json;

	json_open(&json, report->to);
	json_string(&json, "address", address);
	if (address_has(report->address.kind, ADDRESS_PORT))
		json_number(&json, "port", entry->port);
	json_string(&json, "outcome", trouble_outcome_name(entry->outcome));
	json_bool(&json, "open", open);
	json_number(&json, "ms", entry->ms);
	if (!open) {
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

static void print(struct report *report, const struct report_entry *entry)
{
	char text[ADDRESS_TEXT_SIZE];

	clear_progress(report);
	report->address.port = entry->port;
	address_format(&report->address, text);
	if (report->json) {
		print_object(report, text, entry);
		return;
	}
	text_tame(text);
	fputs(text, report->to);
	if (report->verbose)
		fprintf(report->to, " %s %.1f ms", reason(entry), entry->ms);
	putc('\n', report->to);
}

void report_port(struct report *report, const struct report_entry *entry)
{
	struct report_tally *tally = &report->tallies[entry->outcome];

	report->done++;
	if (tally->count++ == 0)
		tally->first = *entry;
	if (report->json || report->verbose || entry->outcome == OUTCOME_OPEN)
		print(report, entry);
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
	    report->total, report->tallies[OUTCOME_OPEN].count);
	log_progress(text);
	report->progress = true;
}

/*
 * Writes a list such as "990 refused, 10 timed out". Returns the first port
 * with the most frequent outcome.
 */
static const struct report_entry *list_reasons(
    const struct report *report, char *list, size_t size)
{
	const struct report_tally *most = report->tallies;
	char item[96];

	list[0] = '\0';
	for (int i = 0; i < OUTCOMES; i++) {
		const struct report_tally *tally = &report->tallies[i];

		if (tally->count == 0)
			continue;
		snprintf(item, sizeof item, "%s%" PRIu64 " %s",
		    list[0] != '\0' ? ", " : "", tally->count,
		    reason(&tally->first));
		strlcat(list, item, size);
		if (tally->count > most->count)
			most = tally;
	}
	return &most->first;
}

/* Says why no port is open. */
static void complain(struct report *report)
{
	char reasons[512];
	char name[ADDRESS_TEXT_SIZE];
	const struct report_entry *entry =
	    list_reasons(report, reasons, sizeof reasons);

	report->address.port = entry->port;
	if (report->done == 1) {
		trouble_report(&report->address, &entry->fault, entry->error);
		return;
	}
	address_name(&report->address, name);
	*strrchr(name, ':') = '\0';
	log_error("%s: none of %" PRIu64 " ports is open: %s", name,
	    report->done, reasons);
	/* among many ports, a refusal needs no explanation */
	if (entry->outcome != OUTCOME_REFUSED)
		trouble_hint(&report->address, &entry->fault, entry->error);
}

enum status report_end(struct report *report)
{
	clear_progress(report);
	if (!report_flush(report)) {
		log_error("stdout: write: %s", strerror(report->error));
		return STATUS_FAILED;
	}
	if (report->tallies[OUTCOME_OPEN].count > 0)
		return STATUS_OK;
	if (report->done == 0)
		return STATUS_FAILED;
	if (!report->json)
		complain(report);
	return report->tallies[OUTCOME_TIMED_OUT].count == report->done
		   ? STATUS_TIMEOUT
		   : STATUS_FAILED;
}
