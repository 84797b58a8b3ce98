/* What a courier can be told to wait for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "courier.h"
#include "timing.h"

/* Whether the frame is what the operand says: TYPE[:AT[:TEXT]]. */
static bool matches(
    const struct courier *c, const struct courier_frame *f, const char *wanted)
{
	char copy[1024], *at, *text = NULL;
	struct bytes part;
	bool found;

	snprintf(copy, sizeof(copy), "%s", wanted);
	at = strchr(copy, ':');
	if (at != NULL) {
		*at++ = '\0';
		text = strchr(at, ':');
	}
	if (text != NULL)
		*text++ = '\0';
	if (f->header.type != wire_type(copy))
		return false;
	if (at != NULL && strcmp(at, "*") != 0 &&
	    f->header.at != courier_number(c, at))
		return false;
	part = courier_text(c, text == NULL ? "" : text);
	found = part.length == 0 || memmem(f->payload, f->header.length,
					part.data, part.length) != NULL;
	free(part.data);
	return found;
}

static bool complain(const char *wanted, const char *got)
{
	fprintf(stderr, "courier: wanted %s, got %s\n", wanted, got);
	return false;
}

/* The peer has closed, or nothing came: was that wanted? */
static bool no_frame(
    const struct courier *c, enum courier_heard heard, const char *wanted)
{
	if (heard == COURIER_SILENT)
		return complain(wanted, "nothing in time");
	if (heard == COURIER_BROKEN)
		return complain(wanted, "no frame");
	if (strcmp(wanted, "closed") == 0)
		return true;
	if (c->reset)
		return complain(wanted, "a reset");
	return strcmp(wanted, "eof") == 0 ? true : complain(wanted, "an end");
}

static bool wait_for(struct courier *c, const char *wanted, bool skips)
{
	struct courier_frame f = { 0 };
	enum courier_heard heard;
	bool found = false;

	do {
		heard = courier_hear(c, &f);
		if (heard != COURIER_FRAME) {
			found = no_frame(c, heard, wanted);
			break;
		}
		courier_print(&f);
		found = matches(c, &f, wanted);
		if (!found && (!skips || f.header.type == WIRE_FATAL)) {
			complain(wanted, "that");
			break;
		}
	} while (!found);
	free(f.payload);
	return found;
}

static bool wait_expect(struct courier *c, char **o)
{
	return wait_for(c, o[0], false);
}

static bool wait_await(struct courier *c, char **o)
{
	return wait_for(c, o[0], true);
}

/* The type has come already, or it is awaited. */
static bool wait_seen(struct courier *c, char **o)
{
	return c->seen & 1UL << wire_type(o[0]) || wait_for(c, o[0], true);
}

/* FATAL, or a close, whatever comes before, except a RESULT. */
static bool wait_gives_up(struct courier *c, char **o)
{
	struct courier_frame f = { 0 };
	enum courier_heard heard;
	int type = 0;

	(void)o;
	while (type != WIRE_RESULT && type != WIRE_FATAL &&
	       (heard = courier_hear(c, &f)) == COURIER_FRAME) {
		courier_print(&f);
		type = f.header.type;
	}
	free(f.payload);
	if (type == WIRE_FATAL)
		return true;
	return type == WIRE_RESULT ? complain("it to give up", "a result")
				   : no_frame(c, heard, "closed");
}

/* No GO and no STORED for that id, but REFUSE, FAILED, or the end. */
static bool wait_rejects(struct courier *c, char **o)
{
	uint64_t id = courier_number(c, o[0]);
	struct courier_frame f = { 0 };
	enum courier_heard heard;
	int type = 0;

	while ((heard = courier_hear(c, &f)) == COURIER_FRAME) {
		courier_print(&f);
		type = f.header.type;
		if (type == WIRE_FATAL ||
		    (f.header.at == id && type >= WIRE_GO &&
			type <= WIRE_FAILED) ||
		    type == WIRE_RESULT)
			break;
	}
	free(f.payload);
	if (heard != COURIER_FRAME)
		return no_frame(c, heard, "closed");
	return type == WIRE_GO || type == WIRE_STORED || type == WIRE_RESULT
		   ? complain("it to be rejected", wire_name(type))
		   : true;
}

/* Until the peer closes or gives up, or its RESULT has its BYE. */
static bool wait_ends(struct courier *c, char **o)
{
	static const struct bytes nothing;
	struct courier_frame f = { 0 };
	enum courier_heard heard;
	int type = 0;

	(void)o;
	if (c->seen & 1UL << WIRE_FATAL)
		return true;
	while (type != WIRE_RESULT && type != WIRE_FATAL &&
	       (heard = courier_hear(c, &f)) == COURIER_FRAME) {
		courier_print(&f);
		type = f.header.type;
	}
	free(f.payload);
	if (type == WIRE_RESULT)
		return courier_frame(c, WIRE_BYE, 0, nothing);
	return type == WIRE_FATAL || no_frame(c, heard, "closed");
}

/* What else is to happen meanwhile. */
static bool wait_run(struct courier *c, char **o)
{
	(void)c;
	return system(o[0]) == 0 || complain(o[0], "a failure");
}

/* Says nothing, and does not look at what comes. */
static bool wait_silence(struct courier *c, char **o)
{
	(void)o;
	if (!courier_fill(c, SIZE_MAX))
		return complain("the peer to close", "no end in time");
	return true;
}

static bool wait_sleep(struct courier *c, char **o)
{
	(void)c;
	timing_pause(strtod(o[0], NULL));
	return true;
}

static bool wait_patience(struct courier *c, char **o)
{
	c->patience = strtod(o[0], NULL);
	return true;
}

const struct courier_verb courier_waits[] = {
	{ "expect", 1, wait_expect,
	    "TYPE[:AT[:TEXT]]: the next frame; AT * is any, and TEXT is in\n"
	    "          its payload; or eof, or closed: eof or a reset" },
	{ "await", 1, wait_await, "...: likewise, whatever comes before" },
	{ "gives-up", 0, wait_gives_up, ": by FATAL, or by closing" },
	{ "seen", 1, wait_seen, "TYPE: it has come, or comes" },
	{ "rejects", 1, wait_rejects,
	    "ID: REFUSE or FAILED for it, FATAL or an end; no GO or STORED" },
	{ "ends", 0, wait_ends,
	    ": a RESULT gets its BYE; or the peer gives up" },
	{ "run", 1, wait_run, "COMMAND: which must succeed" },
	{ "silence", 0, wait_silence, ": wait until it closes" },
	{ "sleep", 1, wait_sleep, "SECONDS" },
	{ "patience", 1, wait_patience, "SECONDS: of each wait; 10" },
	{ NULL, 0, NULL, NULL },
};
