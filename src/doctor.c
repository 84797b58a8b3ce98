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

/* no-color.org: a variable that is there and is not empty. */
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
	if (finding->mend[0] != '\0')
		printf("%24smend: %s\n", "", finding->mend);
	if (finding->note[0] != '\0')
		printf("%24snote: %s\n", "", finding->note);
}

static void print_json(const struct finding *finding, const uint32_t *cid)
{
	struct json json;

	json_open(&json, stdout);
	json_string(&json, "check", finding->check);
	json_string(&json, "status", looks[finding->status].word);
	json_string(&json, "text", finding->text);
	if (cid != NULL)
		json_number(&json, "cid", *cid);
	if (finding->mend[0] != '\0')
		json_string(&json, "mend", finding->mend);
	if (finding->note[0] != '\0')
		json_string(&json, "note", finding->note);
	json_close(&json);
}

static void print_json_verdict(const struct diagnosis *diagnosis)
{
	enum finding_status status =
	    diagnosis->usable ? FINDING_OK : FINDING_NO;
	struct json json;

	json_open(&json, stdout);
	json_string(&json, "check", "verdict");
	json_string(&json, "status", looks[status].word);
	json_string(&json, "text", diagnosis->verdict);
	json_bool(&json, "usable", diagnosis->usable);
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
		const struct finding *finding = &diagnosis.findings[i];
		bool known = strcmp(finding->check, "cid") == 0 &&
			     finding->status == FINDING_OK;

		if (json)
			print_json(finding, known ? &probe.cid : NULL);
		else
			print_text(finding, colour);
	}
	if (json)
		print_json_verdict(&diagnosis);
	else
		puts(diagnosis.verdict);
	return diagnosis.usable;
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
