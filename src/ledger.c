#include "ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct ledger_item *item_of(struct ledger *ledger, uint64_t id)
{
	return &ledger->items[id % LEDGER_SIZE];
}

static void let_go(struct ledger *ledger, struct ledger_item *item)
{
	if (item->state < LEDGER_SENT)
		ledger->ahead--;
	if (item->sum != NULL)
		sums_drop(item->sum);
	content_forget_blocks(&item->blocks);
	free(item->name);
	free(item->path);
	*item = (struct ledger_item){ .state = LEDGER_GONE };
	while (ledger->oldest < ledger->next &&
	       item_of(ledger, ledger->oldest)->state == LEDGER_GONE)
		ledger->oldest++;
}

bool ledger_has_room(const struct ledger *ledger)
{
	return ledger->ahead < FRAME_OFFERS &&
	       ledger->next - ledger->oldest < LEDGER_SIZE;
}

int ledger_add(
    struct ledger *ledger, const struct walk_entry *entry, uint64_t *id)
{
	struct ledger_item *item = item_of(ledger, ledger->next);
	bool file = entry->kind == WALK_FILE;

	*item = (struct ledger_item){
		.state = file ? LEDGER_OFFERED : LEDGER_SENT,
		.kind = entry->kind,
		.name = strdup(entry->name),
		.path = strdup(entry->path),
		.st = entry->st,
		.blocks.end = frame_blocks((uint64_t)entry->st.st_size),
	};
	*id = ledger->next++;
	ledger->ahead += file;
	return item->name != NULL && item->path != NULL ? 0 : -1;
}

struct ledger_item *ledger_find_taken(struct ledger *ledger)
{
	struct ledger_item *item;

	if (ledger->sending < ledger->oldest)
		ledger->sending = ledger->oldest;
	for (; ledger->sending < ledger->next; ledger->sending++) {
		item = item_of(ledger, ledger->sending);
		if (item->state < LEDGER_SENT)
			return item->state == LEDGER_TAKEN ? item : NULL;
	}
	return NULL;
}

void ledger_note_sent(
    struct ledger *ledger, struct ledger_item *item, const char *why)
{
	if (why != NULL) {
		receipt_failed_at(ledger->receipt, item->name, item->path, why);
		item->reported = true;
	}
	ledger->ahead--;
	item->state = LEDGER_SENT;
	if (item->failed)
		let_go(ledger, item);
}

/* The receiver does not have it. What is being sent is still needed. */
static void note_failed(
    struct ledger *ledger, struct ledger_item *item, const char *why)
{
	if (!item->reported)
		receipt_failed_at(ledger->receipt, item->name, item->path, why);
	if (item->state == LEDGER_SENDING)
		item->failed = true;
	else
		let_go(ledger, item);
}

static void note_stored(struct ledger *ledger, struct ledger_item *item)
{
	bool file = item->kind == WALK_FILE;
	struct sums_file *sum = item->sum;

	item->sum = NULL;
	if (file || item->kind == WALK_LINK)
		receipt_stored(ledger->receipt, item->name,
		    file ? (uint64_t)item->st.st_size : 0, sum);
	let_go(ledger, item);
}

static const char *note_result(struct ledger *ledger, const struct frame *frame,
    const unsigned char *payload)
{
	if (!ledger->finished || ledger->oldest != ledger->next ||
	    frame->at != ledger->next)
		return "the peer has not answered for all entries";
	if (frame_get_number(payload) > ledger->receipt->failed)
		return "the peer has not stored all entries";
	ledger->over = true;
	return NULL;
}

/* Whether a file or other entry may be refused or fail now. */
static bool may_fail(const struct ledger_item *item, enum frame_type type)
{
	bool undecided = item->kind == WALK_FILE ? item->state == LEDGER_OFFERED
						 : item->state == LEDGER_SENT;
	bool coming =
	    item->state == LEDGER_SENT || item->state == LEDGER_SENDING;

	return type == FRAME_REFUSE
		   ? undecided
		   : type == FRAME_FAILED && coming && !item->failed;
}

const char *ledger_take(struct ledger *ledger, const struct frame *frame,
    const unsigned char *payload)
{
	struct ledger_item *item = item_of(ledger, frame->at);
	char why[FRAME_TEXT_MAX + 1];

	if (frame->type == FRAME_RESULT)
		return note_result(ledger, frame, payload);
	if (frame->at < ledger->oldest || frame->at >= ledger->next)
		return "an answer refers to an unknown entry";
	snprintf(why, sizeof why, "%.*s", (int)frame->length, payload);
	if (frame->type == FRAME_HAVE && item->state == LEDGER_OFFERED)
		return content_add_blocks(
		    &item->blocks, payload, frame->length);
	if (frame->type == FRAME_GO && item->state == LEDGER_OFFERED)
		item->state = LEDGER_TAKEN;
	else if (frame->type == FRAME_STORED && item->state == LEDGER_SENT &&
		 !item->reported)
		note_stored(ledger, item);
	else if (may_fail(item, frame->type))
		note_failed(ledger, item, why);
	else
		return "an answer does not fit its entry";
	return NULL;
}

void ledger_free(struct ledger *ledger)
{
	while (ledger->oldest < ledger->next) {
		struct ledger_item *item = item_of(ledger, ledger->oldest);

		if (!item->reported && !item->failed)
			receipt_lost(ledger->receipt, item->name);
		let_go(ledger, item);
	}
}
