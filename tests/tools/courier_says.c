/* What a courier can be told to send. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "courier.h"

enum { KIND_FILE = 1, KIND_DIRECTORY, KIND_LINK, KIND_LEAVE };

static const struct bytes nothing;

/* A frame whose payload is an operand. */
static bool say_text(
    struct courier *c, int type, uint64_t at, const char *operand)
{
	struct bytes text = courier_text(c, operand);
	bool said = courier_frame(c, type, at, text);

	free(text.data);
	return said;
}

static bool say_frame(struct courier *c, char **o)
{
	return say_text(c, wire_type(o[0]), courier_number(c, o[1]), o[2]);
}

static bool say_raw(struct courier *c, char **o)
{
	struct bytes text = courier_text(c, o[0]);
	bool said = courier_send(c, text.data, text.length);

	free(text.data);
	return said;
}

static bool say_hello(struct courier *c, char **o)
{
	unsigned char payload[19] = { 0 };
	struct bytes load = { payload, sizeof(payload), 0 };

	payload[0] = (unsigned char)courier_number(c, o[0]);
	payload[1] = payload[0] == 2;
	memset(payload + 4, 0xff, 8);
	memcpy(payload + 12, "courier", 7);
	return courier_frame(c, WIRE_HELLO, 0, load);
}

struct entry {
	int kind;
	uint64_t size;
	const char *name, *target;
};

static bool say_entry(struct courier *c, const struct entry *entry)
{
	struct bytes name = courier_text(c, entry->name);
	struct bytes target = courier_text(c, entry->target);
	unsigned char facts[28] = { (unsigned char)entry->kind };
	struct bytes load = { 0 };
	bool said;

	wire_put(facts + 2, 2, c->facts.mode);
	wire_put(facts + 4, 4, c->facts.nanoseconds);
	wire_put(facts + 8, 8, c->facts.seconds);
	wire_put(facts + 16, 8, entry->size);
	wire_put(facts + 24, 2, name.length);
	wire_put(facts + 26, 2, target.length);
	bytes_add(&load, facts, sizeof(facts));
	bytes_add(&load, name.data, name.length);
	bytes_add(&load, target.data, target.length);
	said = courier_frame(c, WIRE_ENTRY, c->entries++, load);
	free(load.data);
	free(name.data);
	free(target.data);
	return said;
}

static bool say_file(struct courier *c, char **o)
{
	return say_entry(
	    c, &(struct entry){ KIND_FILE, courier_number(c, o[1]), o[0], "" });
}

static bool say_directory(struct courier *c, char **o)
{
	return say_entry(c, &(struct entry){ KIND_DIRECTORY, 0, o[0], "" });
}

static bool say_link(struct courier *c, char **o)
{
	return say_entry(c, &(struct entry){ KIND_LINK, 0, o[0], o[1] });
}

static bool say_leave(struct courier *c, char **o)
{
	return say_entry(c, &(struct entry){ KIND_LEAVE, 0, o[0], "" });
}

/* Any kind, size, name and target, however odd. */
static bool say_odd(struct courier *c, char **o)
{
	return say_entry(c, &(struct entry){ (int)courier_number(c, o[0]),
				courier_number(c, o[1]), o[2], o[3] });
}

static bool say_begin(struct courier *c, char **o)
{
	memset(c->said_digest, 0, WIRE_DIGEST);
	return courier_frame(c, WIRE_BEGIN, courier_number(c, o[0]), nothing);
}

static bool say_bytes(struct courier *c, int type, uint64_t at, struct bytes b)
{
	wire_digest(c->said_digest, at, b.length, wire_hash(b.data, b.length));
	return courier_frame(c, type, at, type == WIRE_SAME ? nothing : b);
}

static bool say_data(struct courier *c, char **o)
{
	struct bytes text = courier_text(c, o[1]);
	bool said = say_bytes(c, WIRE_DATA, courier_number(c, o[0]), text);

	free(text.data);
	return said;
}

static bool say_same(struct courier *c, char **o)
{
	struct bytes text = courier_text(c, o[1]);
	bool said = say_bytes(c, WIRE_SAME, courier_number(c, o[0]), text);

	free(text.data);
	return said;
}

static bool say_zeros(struct courier *c, char **o)
{
	struct bytes zeros = { 0 };
	bool said;

	zeros.length = courier_number(c, o[1]);
	zeros.data = calloc(1, zeros.length + 1);
	if (zeros.data == NULL)
		abort();
	said = say_bytes(c, WIRE_DATA, courier_number(c, o[0]), zeros);
	free(zeros.data);
	return said;
}

static bool say_end(struct courier *c, char **o)
{
	struct bytes load = { c->said_digest, WIRE_DIGEST, 0 };

	return courier_frame(c, WIRE_END, courier_number(c, o[0]), load);
}

/* Another digest than what was sent has. */
static bool say_wrong_end(struct courier *c, char **o)
{
	c->said_digest[0] ^= 1;
	return say_end(c, o);
}

/* FINISH and RESULT. */
static bool say_count(struct courier *c, int type, uint64_t entries, char *o)
{
	unsigned char payload[8];
	struct bytes load = { payload, sizeof(payload), 0 };

	wire_put(payload, 8, courier_number(c, o));
	return courier_frame(c, type, entries, load);
}

static bool say_finish(struct courier *c, char **o)
{
	return say_count(c, WIRE_FINISH, c->entries, o[0]);
}

static bool say_result(struct courier *c, char **o)
{
	return say_count(c, WIRE_RESULT, courier_number(c, o[0]), o[1]);
}

/* HAVE with the number of a block, and the hash of that one. */
static bool say_have(struct courier *c, char **o)
{
	struct bytes text = courier_text(c, o[2]);
	unsigned char hashes[16];
	struct bytes load = { hashes, sizeof(hashes), 0 };

	wire_put(hashes, 8, courier_number(c, o[1]));
	wire_put(hashes + 8, 8, wire_hash(text.data, text.length));
	free(text.data);
	return courier_frame(c, WIRE_HAVE, courier_number(c, o[0]), load);
}

/* The longest HAVE; in the next turn that of the blocks that follow. */
static bool say_have_all(struct courier *c, char **o)
{
	static unsigned char hashes[8 + 8192];
	struct bytes load = { hashes, sizeof(hashes), 0 };

	wire_put(hashes, 8, 1024 * c->turn);
	return courier_frame(c, WIRE_HAVE, courier_number(c, o[0]), load);
}

static bool say_go(struct courier *c, char **o)
{
	return courier_frame(c, WIRE_GO, courier_number(c, o[0]), nothing);
}

static bool say_stored(struct courier *c, char **o)
{
	return courier_frame(c, WIRE_STORED, courier_number(c, o[0]), nothing);
}

static bool say_refuse(struct courier *c, char **o)
{
	return say_text(c, WIRE_REFUSE, courier_number(c, o[0]), o[1]);
}

static bool say_failed(struct courier *c, char **o)
{
	return say_text(c, WIRE_FAILED, courier_number(c, o[0]), o[1]);
}

static bool say_abort(struct courier *c, char **o)
{
	return say_text(c, WIRE_ABORT, 0, o[0]);
}

static bool say_fatal(struct courier *c, char **o)
{
	return say_text(c, WIRE_FATAL, 0, o[0]);
}

static bool say_bye(struct courier *c, char **o)
{
	(void)o;
	return courier_frame(c, WIRE_BYE, 0, nothing);
}

static bool set_mode(struct courier *c, char **o)
{
	c->facts.mode = courier_number(c, o[0]);
	return true;
}

static bool set_time(struct courier *c, char **o)
{
	c->facts.seconds = courier_number(c, o[0]);
	c->facts.nanoseconds = courier_number(c, o[1]);
	return true;
}

static bool set_spoil(struct courier *c, char **o)
{
	const char *equals = strchr(o[0], '=');

	c->spoil.what = o[0];
	c->spoil.name = strcspn(o[0], "=");
	if (equals != NULL)
		c->spoil.value = courier_number(c, equals + 1);
	return true;
}

static bool set_id(struct courier *c, char **o)
{
	c->entries = courier_number(c, o[0]);
	return true;
}

static bool set_ignore(struct courier *c, char **o)
{
	c->ignores = courier_number(c, o[0]);
	return true;
}

static bool half_close(struct courier *c, char **o)
{
	(void)o;
	shutdown(c->fd, SHUT_WR);
	return true;
}

static bool hang_up(struct courier *c, char **o)
{
	(void)o;
	close(c->fd);
	exit(0);
}

const struct courier_verb courier_says[] = {
	{ "hello", 1, say_hello, "ROLE" },
	{ "mode", 1, set_mode, "MODE: of the entries that follow" },
	{ "time", 2, set_time, "SECONDS NANOSECONDS: likewise" },
	{ "id", 1, set_id, "ID: of the next entry; the next ones follow" },
	{ "file", 2, say_file, "NAME SIZE" },
	{ "dir", 1, say_directory, "NAME" },
	{ "link", 2, say_link, "NAME TARGET" },
	{ "leave", 1, say_leave, "NAME" },
	{ "odd", 4, say_odd, "KIND SIZE NAME TARGET: any entry" },
	{ "begin", 1, say_begin, "ID" },
	{ "data", 2, say_data, "OFFSET TEXT" },
	{ "zeros", 2, say_zeros, "OFFSET BYTES: DATA" },
	{ "same", 2, say_same, "OFFSET TEXT: which counts for the digest" },
	{ "end", 1, say_end, "SIZE" },
	{ "wrong-end", 1, say_wrong_end, "SIZE: with another digest" },
	{ "abort", 1, say_abort, "TEXT" },
	{ "finish", 1, say_finish, "NOT-SENT" },
	{ "have", 3, say_have, "ID BLOCK TEXT: one block, with that content" },
	{ "have-all", 1, say_have_all, "ID: 1024 blocks; each turn, the next" },
	{ "go", 1, say_go, "ID" },
	{ "refuse", 2, say_refuse, "ID TEXT" },
	{ "stored", 1, say_stored, "ID" },
	{ "failed", 2, say_failed, "ID TEXT" },
	{ "result", 2, say_result, "ENTRIES NOT-STORED" },
	{ "bye", 0, say_bye, "" },
	{ "fatal", 1, say_fatal, "TEXT" },
	{ "frame", 3, say_frame, "TYPE AT PAYLOAD: any other frame" },
	{ "raw", 1, say_raw, "TEXT: no frame at all" },
	{ "spoil", 1, set_spoil,
	    "WHAT: of the next frame: magic, header-hash, payload-hash,\n"
	    "          version=N, type=N, zero=N, length=N, number=N, at=N" },
	{ "ignore", 1, set_ignore,
	    "1|0: do not receive, or do, while sending" },
	{ "half-close", 0, half_close, "" },
	{ "close", 0, hang_up, "" },
	{ NULL, 0, NULL, NULL },
};
