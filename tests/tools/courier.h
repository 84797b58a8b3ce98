/*
 * A courier speaks frames with one peer, as its script says: rightly, or as a
 * hostile or broken peer would.
 */
#ifndef COURIER_H
#define COURIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire.h"

struct bytes {
	unsigned char *data;
	size_t length, room;
};

/* What is to be wrong with the next frame; its hashes fit nevertheless. */
struct spoil {
	const char *what; /* NULL: nothing; else the operand of "spoil" */
	size_t name;      /* length of what, without its "=NUMBER" */
	uint64_t value;
};

/* The facts that the next entries have. */
struct courier_facts {
	uint64_t mode, seconds, nanoseconds;
};

struct courier {
	int fd;
	double patience;    /* seconds that each wait may take */
	struct bytes inbox; /* received, of which some is read */
	size_t read;
	bool ended; /* the peer has closed, or reset */
	bool reset;
	bool deaf;            /* the peer takes nothing more */
	bool ignores;         /* nothing is received while it sends */
	uint32_t sent, heard; /* frames */
	unsigned long seen;   /* a bit a type that was heard */
	uint64_t entries;     /* offered */
	struct courier_facts facts;
	struct spoil spoil;
	uint64_t turn; /* of "repeat": the number of this turn, from 0 */
	unsigned char said_digest[WIRE_DIGEST], heard_digest[WIRE_DIGEST];
	bool same; /* heard_digest is not ours to know: a SAME came */
};

struct courier_frame {
	struct wire_header header;
	unsigned char *payload;
};

/* What courier_hear() has found. */
enum courier_heard {
	COURIER_FRAME,
	COURIER_CLOSED,
	COURIER_SILENT, /* nothing came within the patience */
	COURIER_BROKEN, /* it said what on stderr: not a frame */
};

struct courier_verb {
	const char *name;
	int operands;
	bool (*run)(struct courier *c, char **operands);
	const char *help;
};

/* All that it can say, and that it can wait for; no name ends a table. */
extern const struct courier_verb courier_says[];
extern const struct courier_verb courier_waits[];

/*
 * Sends bytes, and receives into the inbox meanwhile. A peer that does not take
 * them any more only makes it deaf; false if it takes too long.
 */
bool courier_send(struct courier *c, const void *data, size_t length);

/* Sends a frame; `spoil` applies, once. */
bool courier_frame(struct courier *c, int type, uint64_t at, struct bytes load);

/*
 * Receives until the inbox has so many bytes, or the peer has ended; false, if
 * neither is so within the patience.
 */
bool courier_fill(struct courier *c, size_t wanted);

/* Takes the next frame; its payload is good until the next call. */
enum courier_heard courier_hear(struct courier *c, struct courier_frame *frame);

/* Prints it on stdout, as a line. */
void courier_print(const struct courier_frame *frame);

/*
 * An operand as bytes: \xHH is that byte, % the number of the turn, %% a '%'.
 * The caller frees data.
 */
struct bytes courier_text(const struct courier *c, const char *operand);

/*
 * An operand as a number: decimal, 0x or octal; % is the turn, last the id of
 * the latest entry. Exits with 2 if it is none.
 */
uint64_t courier_number(const struct courier *c, const char *operand);

/* Appends bytes. */
void bytes_add(struct bytes *bytes, const void *data, size_t length);

#endif
