#include "trouble.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "family.h"
#include "log.h"

static const struct {
	int error;
	enum outcome outcome;
	bool passes;
} errors[] = {
	{ 0, OUTCOME_OPEN, false },
	{ ECONNREFUSED, OUTCOME_REFUSED, true },
	{ ECONNRESET, OUTCOME_FAILED, true },
	{ ENODEV, OUTCOME_NO_VM, true },
	{ EAFNOSUPPORT, OUTCOME_NO_VSOCK, false },
	{ ENOENT, OUTCOME_NO_SOCKET, true },
	{ EHOSTUNREACH, OUTCOME_UNREACHABLE, true },
	{ ENETUNREACH, OUTCOME_UNREACHABLE, true },
	{ ETIMEDOUT, OUTCOME_TIMED_OUT, true },
	{ EACCES, OUTCOME_NOT_PERMITTED, false },
	{ EPERM, OUTCOME_NOT_PERMITTED, false },
};

#define ERRORS (sizeof errors / sizeof errors[0])

enum outcome trouble_outcome(const struct address *address, int error)
{
	/* without a transport no CID leads anywhere */
	if (error == ENODEV && address->cid <= ADDRESS_CID_HOST)
		return OUTCOME_NO_VSOCK;
	for (size_t i = 0; i < ERRORS; i++)
		if (errors[i].error == error)
			return errors[i].outcome;
	return OUTCOME_FAILED;
}

bool trouble_passes(int error)
{
	for (size_t i = 0; i < ERRORS; i++)
		if (errors[i].error == error)
			return errors[i].passes;
	return false;
}

const char *trouble_outcome_name(enum outcome outcome)
{
	static const char *const names[OUTCOMES] = {
		[OUTCOME_UNKNOWN] = "unknown",
		[OUTCOME_OPEN] = "open",
		[OUTCOME_REFUSED] = "refused",
		[OUTCOME_NO_VM] = "no such VM",
		[OUTCOME_NO_VSOCK] = "no vsock here",
		[OUTCOME_NO_SOCKET] = "no such socket",
		[OUTCOME_UNREACHABLE] = "unreachable",
		[OUTCOME_TIMED_OUT] = "timed out",
		[OUTCOME_NOT_PERMITTED] = "not permitted",
		[OUTCOME_FAILED] = "failed",
	};

	return names[outcome];
}

static bool cid_fits(enum hint_cid which, uint32_t cid)
{
	switch (which) {
	case HINT_HYPERVISOR:
		return cid == ADDRESS_CID_HYPERVISOR;
	case HINT_LOCAL:
		return cid == ADDRESS_CID_LOCAL;
	case HINT_GUEST:
		return cid > ADDRESS_CID_HOST && cid != ADDRESS_ANY;
	case HINT_ANY:
		break;
	}
	return true;
}

/* The row that fits, or NULL. */
static const struct hint *find(
    const struct address *address, const char *step, int error)
{
	const struct hint *row = family_of(address->kind)->hints;

	for (; row != NULL && row->text != NULL; row++)
		if (row->error == error && cid_fits(row->cid, address->cid) &&
		    (row->step == NULL || strcmp(row->step, step) == 0))
			return row;
	return NULL;
}

/* Writes the text with each %s in it replaced by the port. */
static size_t fill_in(
    char text[TROUBLE_HINT_SIZE], const char *template, uint32_t port)
{
	size_t used = 0;

	while (*template != '\0' && used < TROUBLE_HINT_SIZE - 16) {
		if (port == ADDRESS_ANY && strncmp(template, ":%s", 3) == 0) {
			template += 3; /* any:any is typed any */
			continue;
		}
		if (strncmp(template, "%s", 2) != 0) {
			text[used++] = *template ++;
			continue;
		}
		used += (size_t)snprintf(
		    text + used, 16, port == ADDRESS_ANY ? "any" : "%u", port);
		template += 2;
	}
	text[used] = '\0';
	return used;
}

const char *trouble_find_hint(const struct address *address,
    const struct socket_fault *fault, int error, char text[TROUBLE_HINT_SIZE])
{
	const struct hint *row = find(address, fault->step, error);
	size_t used;

	if (row == NULL)
		return NULL;
	used = fill_in(text, row->text, address->port);
	/* a question before the advice ends by itself */
	if (row->wait && !fault->waited)
		snprintf(text + used, TROUBLE_HINT_SIZE - used,
		    "%s wait for it with --retry",
		    text[used - 1] == '?' ? "" : ";");
	return text;
}

void trouble_hint(
    const struct address *address, const struct socket_fault *fault, int error)
{
	char text[TROUBLE_HINT_SIZE];

	if (trouble_find_hint(address, fault, error, text) != NULL)
		log_hint("%s", text);
}

void trouble_report(
    const struct address *address, const struct socket_fault *fault, int error)
{
	char name[ADDRESS_TEXT_SIZE];

	log_error("%s: %s: %s", address_name(address, name), fault->step,
	    fault->said[0] != '\0' ? fault->said : strerror(error));
	trouble_hint(address, fault, error);
}

void trouble_at(const struct address *address, const char *step, int error)
{
	const struct socket_fault fault = { .step = step };

	trouble_report(address, &fault, error);
}
