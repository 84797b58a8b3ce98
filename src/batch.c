#include "batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fd.h"
#include "folder.h"

/* Each file has two descriptors, and one more for its sum. */
#define DESCRIPTORS 3
#define SPARE       300 /* for offers, and all else */

/* Stored when so many bytes have arrived, so that no sync takes long. */
#define ENOUGH (256UL << 20)

/* The longest that an entry waits for others. */
#define HELD_SECONDS 5.0

int batch_open(struct batch *batch)
{
	int room = fd_room(batch->into->root, SPARE) / DESCRIPTORS;

	batch->most = room < 1 ? 1 : room < FRAME_BATCH ? room : FRAME_BATCH;
	batch->items = calloc((size_t)batch->most, sizeof *batch->items);
	return batch->items != NULL ? 0 : -1;
}

/* Gives a file its name. */
static void place(struct batch *batch, struct batch_item *item)
{
	if (item->kind == FRAME_FILE && item->deposit.fd >= 0 &&
	    deposit_commit(&item->deposit, &item->facts, batch->overwrite) < 0)
		item->error = errno;
}

/* A directory has all that is in it. */
static void leave(struct batch *batch, struct batch_item *item)
{
	if (item->kind != FRAME_LEAVE || !item->apply)
		return;
	item->deposit.fd = folder_leave(batch->into, item->name, &item->facts);
	if (item->deposit.fd < 0)
		item->error = errno;
}

/* The directory that the name is in has changed. */
static int sync_parent(struct batch *batch, const struct batch_item *item)
{
	const char *last;
	int parent = beneath_parent(batch->into, item->name, &last);

	return parent < 0 ? -1 : deposit_sync_directory(parent);
}

/* Whether both are in the same directory. */
static bool are_together(const char *a, const char *b)
{
	const char *end = strrchr(a, '/');
	size_t length = end != NULL ? (size_t)(end - a) + 1 : 0;

	return strncmp(a, b, length) == 0 && strchr(b + length, '/') == NULL;
}

static void sync_kind(struct batch *batch, enum frame_kind kind)
{
	struct batch_item *end = batch->items + batch->count;
	struct batch_item *item;

	for (item = batch->items; item < end && batch->sync; item++)
		if (item->kind == kind && item->deposit.fd >= 0 &&
		    ((kind == FRAME_FILE &&
			 deposit_describe(&item->deposit, &item->facts) < 0) ||
			deposit_sync(&item->deposit) < 0))
			item->error = errno;
}

/* The directories in which something has got its name. */
static void sync_parents(struct batch *batch)
{
	struct batch_item *end = batch->items + batch->count;
	struct batch_item *item;
	const struct batch_item *before = NULL; /* whose directory is synced */

	for (item = batch->items; item < end && batch->sync; item++) {
		if (item->error != 0 || item->kind == FRAME_LEAVE ||
		    (before != NULL && are_together(before->name, item->name)))
			continue;
		before = item;
		if (sync_parent(batch, item) < 0) {
			item->error = errno;
			before = NULL;
		}
	}
}

/*
 * First the bytes, then the names, then the directories. Only after that, these
 * get permissions with which we may not be able to open them again.
 */
static void store(struct batch *batch)
{
	struct batch_item *end = batch->items + batch->count;
	struct batch_item *item;

	sync_kind(batch, FRAME_FILE);
	for (item = batch->items; item < end; item++)
		if (item->error == 0)
			place(batch, item);
	sync_parents(batch);
	for (item = batch->items; item < end; item++)
		leave(batch, item);
	sync_kind(batch, FRAME_LEAVE);
}

/* Says what has come of it, and lets go of it. */
static int answer(struct batch *batch, struct batch_item *item)
{
	struct receipt *receipt = batch->receipt;
	const char *why = deposit_reason(item->error);
	struct sums_file *sum = item->sum;

	item->sum = NULL;
	if (item->error != 0) {
		if (sum != NULL)
			sums_drop(sum);
		receipt_failed(receipt, item->name, why);
		return channel_say(batch->channel, FRAME_FAILED, item->id, why);
	}
	if (item->kind == FRAME_FILE || item->kind == FRAME_LINK)
		receipt_stored(receipt, item->name, item->size, sum);
	return channel_say(batch->channel, FRAME_STORED, item->id, "");
}

int batch_store(struct batch *batch)
{
	int result = 0;

	store(batch);
	for (int i = 0; i < batch->count; i++) {
		struct batch_item *item = &batch->items[i];

		if (batch->channel->status != STATUS_OK ||
		    answer(batch, item) < 0)
			result = -1;
		if (item->sum != NULL)
			sums_drop(item->sum);
		deposit_drop(&item->deposit, false);
		free(item->name);
	}
	batch->count = 0;
	batch->bytes = 0;
	return result;
}

int batch_store_due(struct batch *batch)
{
	return batch->count > 0 && deadline_passed(batch->due)
		   ? batch_store(batch)
		   : 0;
}

int batch_add(struct batch *batch, const struct batch_item *item)
{
	if (batch->count == 0)
		batch->due = deadline_in(HELD_SECONDS);
	batch->items[batch->count++] = *item;
	batch->bytes += item->size;
	if (batch->count < batch->most && batch->bytes < ENOUGH)
		return 0;
	return batch_store(batch);
}

void batch_close(struct batch *batch)
{
	if (batch->items != NULL)
		batch_store(batch);
	free(batch->items);
	batch->items = NULL;
}
