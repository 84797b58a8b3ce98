/*
 * What a sender has offered, and what has come of it. An entry goes through
 * these states, a file through all of them, others begin as SENT:
 *
 *	OFFERED		the receiver has not said whether it takes it
 *	TAKEN		it does: the content is to be sent, in order
 *	SENDING		the content is being sent
 *	SENT		the receiver has all, and has not said that it is stored
 *	GONE		stored, or failed, or refused
 *
 * Entries are kept in a ring, by their ids, from the oldest that is not GONE to
 * the next to be offered.
 */
#ifndef VCAT_LEDGER_H
#define VCAT_LEDGER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "content.h"
#include "frame.h"
#include "receipt.h"
#include "sums.h"
#include "walk.h"

/* Offered and not GONE; a receiver may not hold back so many. */
#define LEDGER_SIZE 1024

enum ledger_state {
	LEDGER_OFFERED,
	LEDGER_TAKEN,
	LEDGER_SENDING,
	LEDGER_SENT,
	LEDGER_GONE,
};

struct ledger_item {
	enum ledger_state state;
	enum walk_kind kind;
	bool failed; /* while SENDING: the receiver does not want the rest */
	bool
	    reported; /* that it has failed; the receiver's answer is to come */
	char *name, *path;
	struct stat st;
	struct content_blocks blocks; /* that the receiver has */
	struct sums_file *sum;
};

struct ledger {
	/* For the owner to set. */
	struct receipt *receipt; /* borrowed */
	bool finished;           /* FINISH is sent: a RESULT may come */

	struct ledger_item items[LEDGER_SIZE];
	uint64_t oldest, next, sending; /* ids */
	int ahead;                      /* files before SENT */
	bool over;                      /* the RESULT has come */
};

/* Whether there is room for another offer. */
bool ledger_has_room(const struct ledger *ledger);

/* Adds an entry that is being offered. Returns its id in *id: 0, or -1 with
 * errno. */
int ledger_add(
    struct ledger *ledger, const struct walk_entry *entry, uint64_t *id);

/* The next file whose content is to be sent, or NULL; ledger->sending is its
 * id.
 */
struct ledger_item *ledger_find_taken(struct ledger *ledger);

/* Its content is being sent no more; `why`: we have given it up, and said so to
 * the receiver; NULL: it is complete, or the receiver had given it up. */
void ledger_note_sent(
    struct ledger *ledger, struct ledger_item *item, const char *why);

/* Takes a frame of the receiver. Returns NULL, or what is wrong with it. */
const char *ledger_take(struct ledger *ledger, const struct frame *frame,
    const unsigned char *payload);

/* Frees what is left. */
void ledger_free(struct ledger *ledger);

#endif
