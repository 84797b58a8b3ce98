#include "doctor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "diagnosis.h"
#include "json.h"
#include "log.h"
#include "probe.h"
#include "trouble.h"
#include "vsock.h"

static const struct {
	const char *word;
	const char *colour;
} looks[] = {
	[FINDING_OK] = { "ok", "\x1b[32m" },
	[FINDING_NO] = { "no", "\x1b[31m" },
	[FINDING_NOTE] = { "note", "\x1b[33m" },
};

/* no-color.org: NO_COLOR counts if it is set and not empty. */
static bool wants_colour(void)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return (no_color == NULL || no_color[0] == '\0') && term != NULL &&
	       strcmp(term, "dumb") != 0 && isatty(STDOUT_FILENO);
}

static void print_text(const struct finding *finding, bool colour)
{
	const char *word = looks[finding->status].word;

	printf("%s%s%s%*s  %-16s  %s\n",
	    colour ? looks[finding->status].colour : "", word,
	    colour ? "\x1b[0m" : "", 4 - (int)strlen(word), "", finding->check,
	    finding->text);
	if (finding->fix[0] != '\0')
		printf("%24sfix: %s\n", "", finding->fix);
	if (finding->note[0] != '\0')
		printf("%24snote: %s\n", "", finding->note);
}

static void print_json(const struct finding *finding, const struct probe *probe)
{
	bool ok = finding->status == FINDING_OK;
	struct json json;

	json_open(&json, stdout);
	json_string(&json, "check", finding->check);
	json_string(&json, "status", looks[finding->status].word);
	json_string(&json, "text", finding->text);
	if (ok && strcmp(finding->check, "cid") == 0)
		json_number(&json, "cid", probe->cid);
	if (finding->fix[0] != '\0')
		json_string(&json, "fix", finding->fix);
	if (finding->note[0] != '\0')
		json_string(&json, "note", finding->note);
	if (strcmp(finding->check, "verdict") == 0)
		json_bool(&json, "usable", ok);
	json_close(&json);
}

bool doctor_report(bool json)
{
	struct probe probe;
	struct diagnosis diagnosis;
	bool colour = !json && wants_colour();

	probe_machine(&probe);
	diagnosis_make(&diagnosis, &probe);
	for (size_t i = 0; i < diagnosis.count; i++) {
		if (json)
			print_json(&diagnosis.findings[i], &probe);
		else
			print_text(&diagnosis.findings[i], colour);
	}
	if (json)
		print_json(&diagnosis.verdict, &probe);
	else
		puts(diagnosis.verdict.text);
	return diagnosis.verdict.status == FINDING_OK;
}

static void fail_cid(void)
{
	static const struct address any = {
		.kind = ADDRESS_VSOCK,
		.cid = ADDRESS_ANY,
		.port = ADDRESS_ANY,
	};
	bool none = errno == EAFNOSUPPORT;
	const char *step = none ? "socket" : "cid";
	const struct socket_fault fault = { .step = step };

	log_error(
	    "%s: %s: %s", none ? "vsock" : "/dev/vsock", step, strerror(errno));
	trouble_hint(&any, &fault, errno);
}

int doctor_print_cid(bool verbose)
{
	uint32_t cid;

	if (vsock_local_cid(&cid) < 0) {
		fail_cid();
		return -1;
	}
	printf("%" PRIu32, cid);
	if (verbose)
		printf(" %s", address_cid_name(cid));
	putchar('\n');
	return 0;
}
