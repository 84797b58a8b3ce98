#include "trouble.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "family.h"
#include "log.h"
#include "text.h"

struct error {
	int number;
	const char *outcome;
	bool passes;
};

static const char no_vsock[] = "no vsock here";

static const struct error errors[] = {
	{ 0, "open", false },
	{ ECONNREFUSED, "refused", true },
	{ ECONNRESET, "failed", true },
	{ ENODEV, "no such VM", true },
	{ EAFNOSUPPORT, no_vsock, false },
	{ ENOENT, "no such socket", true },
	{ EHOSTUNREACH, "unreachable", true },
	{ ENETUNREACH, "unreachable", true },
	{ ETIMEDOUT, "timed out", true },
	{ EACCES, "not permitted", false },
	{ EPERM, "not permitted", false },
};

static struct error error_of(int number)
{
	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
		if (errors[i].number == number)
			return errors[i];
	return (struct error){ number, "failed", false };
}

const char *trouble_outcome(const struct address *address, int error)
{
	/* without a transport no CID leads anywhere */
	if (error == ENODEV && address->cid <= ADDRESS_CID_HOST)
		return no_vsock;
	return error_of(error).outcome;
}

bool trouble_passes(int error)
{
	return error_of(error).passes;
}

/* The first of these rows that fits, or NULL. */
static const struct hint *find(const struct hint *row,
    const struct address *address, const char *step, int error)
{
	const char *whose = address_cid_name(address->cid);

	for (; row != NULL && row->text != NULL; row++)
		if (row->error == error &&
		    (row->step == NULL || strcmp(row->step, step) == 0) &&
		    (row->cid == NULL || strcmp(row->cid, whose) == 0))
			return row;
	return NULL;
}

/* What is the same in all families. */
static const struct hint any_hints[] = {
	{ "banner", ETIMEDOUT, NULL,
	    "the port accepts, but no service speaks there: some VMMs accept "
	    "for a guest that does not listen yet, and some services wait for "
	    "the client to speak first{retry}" },
	{ "banner", ECONNRESET, NULL,
	    "the port accepts, but no service speaks there: some VMMs accept "
	    "for a guest that does not listen yet{retry}" },
	{ .text = NULL },
};

const char *trouble_find_hint(const struct address *address,
    const struct socket_fault *fault, int error, char text[TROUBLE_HINT_SIZE])
{
	const struct hint *const *hints = family_of(address->kind)->hints;
	const struct hint *row = find(hints[0], address, fault->step, error);
	char port[16] = "any";
	const struct text_word words[] = {
		{ "{port}", port },
		{ "{retry}",
		    fault->waited ? "" : "; wait for it with --retry" },
		{ NULL, NULL },
	};

	if (row == NULL)
		row = find(hints[1], address, fault->step, error);
	if (row == NULL)
		row = find(any_hints, address, fault->step, error);
	if (row == NULL)
		return NULL;
	if (address->port != ADDRESS_ANY)
		snprintf(port, sizeof port, "%u", address->port);
	/* {retry} comes last: without it, the text ends there */
	text_fill(text, TROUBLE_HINT_SIZE, row->text, words);
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
	trouble_report(address, &(struct socket_fault){ .step = step }, error);
}
