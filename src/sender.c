#include "sender.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "beneath.h"
#include "content.h"
#include "ledger.h"
#include "walk.h"

struct sender {
	struct channel *channel;
	struct receipt *receipt;
	struct walk *walk;
	struct ledger ledger;
	uint64_t unsent; /* entries that could not be offered */
	bool walked;     /* all are offered */
	unsigned char *block;
};

/* Takes the answers that are there; waits for one if `wait`. */
static int take_answers(struct sender *sender, bool wait)
{
	struct channel *channel = sender->channel;
	const unsigned char *payload;
	struct frame frame;
	const char *why;
	int got;

	if (!wait && channel_pull(channel) < 0)
		return -1;
	for (;;) {
		got = wait ? channel_receive(channel, &frame, &payload) + 1
			   : channel_take(channel, &frame, &payload);
		if (got <= 0)
			return wait ? -1 : got;
		why = ledger_take(&sender->ledger, &frame, payload);
		if (why != NULL)
			return channel_fail(channel, why);
		wait = false;
	}
}

/*
 * As channel_send(), but takes answers while it waits: hashes of blocks may be
 * more than a channel holds, and their sender does not read meanwhile.
 */
static int send_frame(
    struct sender *sender, struct frame frame, const void *payload)
{
	struct channel *channel = sender->channel;

	channel_put(channel, frame, payload);
	if (!channel_is_full(channel))
		return 0;
	channel_flush(channel);
	while (channel_is_sending(channel))
		if (channel_turn(channel, NULL, 0) < 0 ||
		    take_answers(sender, false) < 0)
			return -1;
	return 0;
}

/* Sends one part of a content. */
static int send_part(struct sender *sender, struct ledger_item *item,
    const struct content_part *part)
{
	struct frame frame = {
		.type = part->same ? FRAME_SAME : FRAME_DATA,
		.at = part->offset,
		.length = part->same ? 0 : part->length,
		.hash = part->same ? 0 : part->hash,
	};

	if (item->sum != NULL)
		sums_reached(item->sum, part->offset + part->length);
	if (send_frame(sender, frame, sender->block) < 0)
		return -1;
	/* the next one may be long in coming, and a peer with -i waits */
	if (part->same)
		channel_flush(sender->channel);
	return 0;
}

/*
 * All parts, one after the other, and END. Returns 0; 1 if that was broken off,
 * errno says why unless the receiver did it; or -1 after a message.
 */
static int send_parts(
    struct sender *sender, struct ledger_item *item, struct content *content)
{
	struct frame_digest digest = { { 0 } };
	struct content_part part;
	uint64_t at = 0;
	int got = 0;

	while (!item->failed && (got = content_next(content, &part)) > 0) {
		frame_digest_add(&digest, part.offset, part.length, part.hash);
		if (send_part(sender, item, &part) < 0 ||
		    take_answers(sender, false) < 0)
			return -1;
		receipt_moved(sender->receipt, content->at - at,
		    part.same ? 0 : part.length);
		at = content->at;
	}
	if (got < 0 || item->failed)
		return 1;
	receipt_moved(sender->receipt, (uint64_t)item->st.st_size - at, 0);
	if (item->sum != NULL)
		sums_complete(item->sum, (uint64_t)item->st.st_size);
	return send_frame(sender,
	    (struct frame){ .type = FRAME_END,
		.at = (uint64_t)item->st.st_size,
		.length = sizeof digest.bytes },
	    digest.bytes);
}

/* The content of a file, from BEGIN to END or ABORT. */
static int send_content(struct sender *sender, struct ledger_item *item)
{
	struct channel *channel = sender->channel;
	struct content content = {
		.buffer = sender->block,
		.blocks = &item->blocks,
	};
	const char *why;
	int result = 1;

	item->state = LEDGER_SENDING;
	channel->subject = item->name;
	progress_name(&sender->receipt->progress, item->name);
	if (channel_say(channel, FRAME_BEGIN, sender->ledger.sending, "") < 0)
		return -1;
	if (content_open(&content, item->path, &item->st) == 0) {
		item->sum = receipt_sum(sender->receipt, content.fd);
		result = send_parts(sender, item, &content);
	}
	why = errno == ESTALE ? "it was changed while it was sent"
			      : strerror(errno);
	content_close(&content);
	channel->subject = NULL;
	if (result < 0 ||
	    (result > 0 && channel_say(channel, FRAME_ABORT, 0, why) < 0))
		return -1;
	ledger_note_sent(
	    &sender->ledger, item, result > 0 && !item->failed ? why : NULL);
	return 0;
}

/* If not, reports why; the receiver learns only the number of such entries.
 */
static bool is_sendable(struct sender *sender, const struct walk_entry *entry)
{
	const char *why = NULL;

	if (entry->kind == WALK_ERROR)
		why = strerror(entry->error);
	else if (entry->kind == WALK_OTHER)
		why = "not a file, directory or symbolic link: skipped";
	else if (strlen(entry->name) > BENEATH_NAME_MAX)
		why = strerror(ENAMETOOLONG);
	if (why == NULL)
		return true;
	receipt_failed_at(sender->receipt, entry->name, entry->path, why);
	sender->unsent++;
	return false;
}

static void fill_entry(struct frame_entry *to, const struct walk_entry *entry)
{
	static const enum frame_kind kinds[WALK_ERROR + 1] = {
		[WALK_FILE] = FRAME_FILE,
		[WALK_DIRECTORY] = FRAME_DIRECTORY,
		[WALK_LINK] = FRAME_LINK,
		[WALK_LEAVE] = FRAME_LEAVE,
	};

	to->kind = kinds[entry->kind];
	to->mode = entry->st.st_mode & 0777;
	to->seconds = entry->st.st_mtim.tv_sec;
	to->nanoseconds = (uint32_t)entry->st.st_mtim.tv_nsec;
	to->size = entry->kind == WALK_FILE ? (uint64_t)entry->st.st_size : 0;
	strlcpy(to->name, entry->name, sizeof to->name);
	strlcpy(to->target, entry->target != NULL ? entry->target : "",
	    sizeof to->target);
}

/* Offers the next entry of the walk, if there is one. */
static int offer(struct sender *sender)
{
	const struct walk_entry *entry = walk_next(sender->walk);
	struct frame frame = { .type = FRAME_ENTRY };
	unsigned char payload[FRAME_ENTRY_MAX];
	struct frame_entry offered;

	sender->walked = entry == NULL;
	if (sender->walked || !is_sendable(sender, entry))
		return 0;
	if (ledger_add(&sender->ledger, entry, &frame.at) < 0)
		return channel_fail(sender->channel, strerror(errno));
	fill_entry(&offered, entry);
	frame.length = (uint32_t)frame_put_entry(payload, &offered);
	return send_frame(sender, frame, payload);
}

/* No more entries, and no more contents. */
static int finish(struct sender *sender)
{
	const struct frame frame = {
		.type = FRAME_FINISH, .at = sender->ledger.next, .length = 8
	};
	unsigned char unsent[8];

	frame_put_number(unsent, sender->unsent);
	sender->ledger.finished = true;
	return send_frame(sender, frame, unsent);
}

static bool run(struct sender *sender)
{
	struct ledger *ledger = &sender->ledger;
	struct ledger_item *item;

	while (!ledger->over) {
		bool more = !sender->walked && ledger_has_room(ledger);

		if (more && offer(sender) < 0)
			return false;
		item = ledger_find_taken(ledger);
		if (item != NULL && send_content(sender, item) < 0)
			return false;
		if (sender->walked && ledger->ahead == 0 && !ledger->finished &&
		    finish(sender) < 0)
			return false;
		if (take_answers(sender, !more && item == NULL) < 0)
			return false;
	}
	/* the receiver does not need to hear it: it has said its result */
	channel_say(sender->channel, FRAME_BYE, 0, "");
	channel_flush(sender->channel);
	return sender->unsent == 0;
}

bool sender_run(
    struct channel *channel, struct receipt *receipt, char *const *operands)
{
	struct sender *sender = calloc(1, sizeof *sender);
	bool complete = false;

	if (sender != NULL) {
		sender->channel = channel;
		sender->receipt = receipt;
		sender->ledger.receipt = receipt;
		sender->walk = walk_open(operands);
		sender->block = malloc(FRAME_BLOCK);
	}
	if (sender == NULL || sender->walk == NULL || sender->block == NULL)
		channel_fail(channel, strerror(errno));
	else
		complete = run(sender);
	if (sender == NULL)
		return false;
	ledger_free(&sender->ledger);
	if (sender->walk != NULL)
		walk_close(sender->walk);
	free(sender->block);
	free(sender);
	return complete;
}

uint64_t sender_total(char *const *operands)
{
	uint64_t total = 0;
	struct stat st;

	for (; *operands != NULL; operands++) {
		if (lstat(*operands, &st) < 0 || !S_ISREG(st.st_mode))
			return FRAME_UNKNOWN;
		total += (uint64_t)st.st_size;
	}
	return total;
}
