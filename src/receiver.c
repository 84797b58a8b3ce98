/*
 * Offers are answered when they come. Those of directories and links are made
 * at once; those of files wait in a queue for their contents, which come in the
 * same order. The end of a directory waits there, too, since it must come after
 * the contents of its files. What is complete goes to the batch.
 */
#include "receiver.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arrival.h"
#include "batch.h"
#include "deadline.h"
#include "folder.h"
#include "nesting.h"
#include "offers.h"

/* Entries without an answer, in the queue and in the batch. */
#define OFFERS_MAX 1024

/* How long what is complete may wait for more that is stored with it. */
#define HOLD_SECONDS 0.1

struct receiver {
	struct channel *channel;
	struct receipt *receipt;
	struct beneath *into;
	const struct receiver_rules *rules;
	struct batch batch;
	struct offers offers;
	struct nesting nesting;
	uint64_t next;     /* id */
	uint64_t promised; /* bytes of all files that were taken */
	uint64_t unsent;   /* entries that the sender could not send */
	bool over;
};

static int wrong(struct receiver *receiver)
{
	return channel_fail(receiver->channel, arrival_wrong);
}

static int refuse(
    struct receiver *receiver, uint64_t id, const char *name, const char *why)
{
	receipt_failed(receiver->receipt, name, why);
	return channel_say(receiver->channel, FRAME_REFUSE, id, why);
}

static int fail(struct receiver *receiver)
{
	return channel_fail(receiver->channel, strerror(errno));
}

/* A directory or a link. */
static int take_made(
    struct receiver *receiver, const struct frame_entry *entry, const char *why)
{
	const struct receiver_rules *rules = receiver->rules;
	struct batch_item item = { .kind = entry->kind,
		.id = receiver->next - 1,
		.deposit = deposit_none };
	bool made = false;

	if (why == NULL)
		why = entry->kind == FRAME_LINK
			  ? folder_link(receiver->into, entry, rules->overwrite)
			  : folder_make(receiver->into, entry->name, &made);
	/* also one that was refused: the sender still offers its contents */
	if (entry->kind == FRAME_DIRECTORY &&
	    nesting_enter(&receiver->nesting, entry->name,
		made || (why == NULL && (rules->overwrite || rules->resume)),
		made) < 0)
		return fail(receiver);
	if (why != NULL)
		return refuse(receiver, item.id, entry->name, why);
	item.name = strdup(entry->name);
	if (item.name == NULL)
		return fail(receiver);
	return batch_add(&receiver->batch, &item);
}

/* A file that was there already is equal. Returns 0, or an errno. */
static int keep(const struct receiver_rules *rules, int found, mode_t mode)
{
	/* EPERM: it is another user's, or there are no permissions here */
	if (rules->overwrite && fchmod(found, mode) < 0 && errno != EPERM)
		return errno;
	return rules->sync && fsync(found) < 0 ? errno : 0;
}

/* The head of the queue is complete. */
static int hand_on(struct receiver *receiver)
{
	struct offer *offer = offers_first(&receiver->offers);
	struct batch_item item = offer->item;

	item.deposit = offer->arrival.deposit;
	if (offer->arrival.found >= 0)
		item.error = keep(
		    receiver->rules, offer->arrival.found, item.facts.mode);
	offer->arrival.deposit = deposit_none;
	offer->item.sum = NULL;
	offer->item.name = NULL;
	offers_remove(&receiver->offers, offer);
	return batch_add(&receiver->batch, &item);
}

/* Ends of directories whose turn it is. */
static int settle(struct receiver *receiver)
{
	const struct offer *offer;

	while ((offer = offers_first(&receiver->offers)) != NULL &&
	       offer->item.kind == FRAME_LEAVE)
		if (hand_on(receiver) < 0)
			return -1;
	return 0;
}

static int take_leave(
    struct receiver *receiver, const struct frame_entry *entry)
{
	struct offer *offer;
	bool apply;

	if (!nesting_leave(&receiver->nesting, entry->name, &apply))
		return wrong(receiver);
	offer = offers_add(&receiver->offers, receiver->next - 1, entry);
	if (offer == NULL)
		return fail(receiver);
	offer->item.apply = apply;
	return settle(receiver);
}

static int take_file(
    struct receiver *receiver, const struct frame_entry *entry, const char *why)
{
	uint64_t most = receiver->rules->max_bytes;
	uint64_t id = receiver->next - 1;
	struct offer *offer;

	if (receiver->offers.files == FRAME_OFFERS)
		return wrong(receiver);
	if (why == NULL && most > 0 && entry->size > most - receiver->promised)
		why = "this file would exceed --max-size";
	if (why != NULL)
		return refuse(receiver, id, entry->name, why);
	offer = offers_add(&receiver->offers, id, entry);
	if (offer == NULL)
		return fail(receiver);
	offer->arrival.alone = nesting_is_new(&receiver->nesting);
	if (offer->arrival.alone)
		offer->arrival.sure |= DEPOSIT_CLEAN;
	why = arrival_begin(&offer->arrival, entry);
	if (why != NULL) {
		offers_remove(&receiver->offers, offer);
		return refuse(receiver, id, entry->name, why);
	}
	if (most > 0)
		receiver->promised += entry->size;
	if (arrival_say_blocks(&offer->arrival, receiver->channel, id) < 0)
		return -1;
	return channel_say(receiver->channel, FRAME_GO, id, "");
}

static int take_entry(struct receiver *receiver, const struct frame *frame,
    const unsigned char *payload)
{
	struct frame_entry entry;
	const char *why;

	if (frame->at != receiver->next ||
	    receiver->offers.count + receiver->batch.count >= OFFERS_MAX ||
	    !frame_get_entry(payload, frame->length, &entry))
		return wrong(receiver);
	receiver->next++;
	if (entry.kind == FRAME_LEAVE)
		return take_leave(receiver, &entry);
	why = folder_check(entry.name);
	if (why == NULL && !nesting_holds(&receiver->nesting, entry.name))
		return wrong(receiver);
	/* a name that is refused may lie anywhere: there is no end of those */
	if (entry.kind == FRAME_DIRECTORY &&
	    receiver->nesting.depth == BENEATH_DEPTH)
		return wrong(receiver);
	return entry.kind == FRAME_FILE ? take_file(receiver, &entry, why)
					: take_made(receiver, &entry, why);
}

static int begin(struct receiver *receiver, const struct frame *frame)
{
	struct offer *offer = offers_first(&receiver->offers);

	if (offer == NULL || offer->begun || offer->item.id != frame->at)
		return wrong(receiver);
	offer->begun = true;
	receiver->channel->subject = offer->item.name;
	progress_name(&receiver->receipt->progress, offer->item.name);
	return 0;
}

static int fail_content(
    struct receiver *receiver, struct offer *offer, const char *why)
{
	offer->failed = true;
	receipt_failed(receiver->receipt, offer->item.name, why);
	arrival_drop(&offer->arrival);
	if (channel_say(receiver->channel, FRAME_FAILED, offer->item.id, why) <
	    0)
		return -1;
	channel_flush(receiver->channel);
	return 0;
}

/* The sum follows the content, wherever that is now. */
static void follow(struct receiver *receiver, struct offer *offer, int before)
{
	struct batch_item *item = &offer->item;
	int fd = arrival_fd(&offer->arrival);

	if (item->sum != NULL && before != fd) {
		sums_drop(item->sum);
		item->sum = NULL;
	}
	if (item->sum == NULL)
		item->sum = receipt_sum(receiver->receipt, fd);
	if (item->sum != NULL)
		sums_reached(item->sum, offer->arrival.at);
}

static int take_part(struct receiver *receiver, struct offer *offer,
    const struct frame *frame, const unsigned char *payload)
{
	struct arrival *arrival = &offer->arrival;
	uint64_t at = arrival->at;
	int fd = arrival_fd(arrival);
	const char *why;

	if (offer->failed)
		return 0;
	why = arrival_take(arrival, frame, payload);
	if (why == arrival_wrong)
		return wrong(receiver);
	if (why != NULL)
		return fail_content(receiver, offer, why);
	receipt_moved(receiver->receipt, arrival->at - at, frame->length);
	follow(receiver, offer, fd);
	return 0;
}

static int take_end(struct receiver *receiver, struct offer *offer,
    const struct frame *frame, const unsigned char *payload)
{
	struct arrival *arrival = &offer->arrival;
	char text[FRAME_TEXT_MAX + 1];
	const char *why = text;
	int fd = arrival_fd(arrival);

	receiver->channel->subject = NULL;
	snprintf(text, sizeof text, "%.*s", (int)frame->length, payload);
	if (!offer->failed && frame->type == FRAME_END)
		why = arrival_take(arrival, frame, payload);
	if (why == arrival_wrong)
		return wrong(receiver);
	if (!offer->failed && why != NULL &&
	    fail_content(receiver, offer, why) < 0)
		return -1;
	if (offer->failed) {
		offers_remove(&receiver->offers, offer);
		return settle(receiver);
	}
	receipt_moved(receiver->receipt, arrival->size - arrival->at, 0);
	follow(receiver, offer, fd);
	if (offer->item.sum != NULL)
		sums_complete(offer->item.sum, arrival->size);
	return hand_on(receiver) < 0 ? -1 : settle(receiver);
}

static int finish(struct receiver *receiver, const struct frame *frame,
    const unsigned char *payload)
{
	struct frame result = {
		.type = FRAME_RESULT, .at = receiver->next, .length = 8
	};
	unsigned char failed[8];

	if (frame->at != receiver->next || receiver->offers.count > 0)
		return wrong(receiver);
	receiver->unsent = frame_get_number(payload);
	if (batch_store(&receiver->batch) < 0)
		return -1;
	frame_put_number(failed, receiver->receipt->failed);
	if (channel_send(receiver->channel, result, failed) < 0)
		return -1;
	receiver->over = true;
	channel_part(receiver->channel, SIZE_MAX);
	return 0;
}

static int take(struct receiver *receiver, const struct frame *frame,
    const unsigned char *payload)
{
	struct offer *offer = offers_first(&receiver->offers);

	if (frame->type == FRAME_ENTRY)
		return take_entry(receiver, frame, payload);
	if (frame->type == FRAME_BEGIN)
		return begin(receiver, frame);
	if (frame->type == FRAME_FINISH)
		return finish(receiver, frame, payload);
	if (offer == NULL || !offer->begun)
		return wrong(receiver);
	if (frame->type == FRAME_DATA || frame->type == FRAME_SAME)
		return take_part(receiver, offer, frame, payload);
	if (frame->type == FRAME_END || frame->type == FRAME_ABORT)
		return take_end(receiver, offer, frame, payload);
	return wrong(receiver);
}

/* Waits for more; if nothing comes for a while, what is complete is stored. */
static int wait(struct receiver *receiver)
{
	struct channel *channel = receiver->channel;
	bool holds = receiver->batch.count > 0;

	channel->limit = holds ? deadline_in(HOLD_SECONDS) : deadline_never();
	if (channel_turn(channel, NULL, 0) < 0)
		return -1;
	return holds && deadline_passed(channel->limit)
		   ? batch_store(&receiver->batch)
		   : 0;
}

static bool run(struct receiver *receiver)
{
	const unsigned char *payload;
	struct frame frame;

	while (!receiver->over) {
		int got = channel_take(receiver->channel, &frame, &payload);

		if (got < 0 || (got == 0 && wait(receiver) < 0) ||
		    (got > 0 && take(receiver, &frame, payload) < 0) ||
		    batch_store_due(&receiver->batch) < 0)
			return false;
	}
	return true;
}

bool receiver_run(struct channel *channel, struct receipt *receipt,
    struct beneath *into, const struct receiver_rules *rules)
{
	struct receiver receiver = {
		.channel = channel,
		.receipt = receipt,
		.into = into,
		.rules = rules,
		.batch = { .channel = channel,
		    .receipt = receipt,
		    .into = into,
		    .overwrite = rules->overwrite,
		    .sync = rules->sync },
	};
	struct offer *offer;
	bool complete = false;

	offers_init(&receiver.offers,
	    &(struct arrival){
		.into = into,
		.overwrite = rules->overwrite,
		.resume = rules->resume,
		.sync = rules->sync,
		.sure = deposit_has_proc() ? DEPOSIT_PROC : DEPOSIT_NOTHING,
	    });
	if (batch_open(&receiver.batch) < 0)
		fail(&receiver);
	else
		complete = run(&receiver);
	batch_close(&receiver.batch);
	while ((offer = offers_first(&receiver.offers)) != NULL) {
		if (offer->item.kind == FRAME_FILE && !offer->failed)
			receipt_lost(receipt, offer->item.name);
		offers_remove(&receiver.offers, offer);
	}
	nesting_free(&receiver.nesting);
	receipt->unsent = receiver.unsent;
	return complete;
}
