/*
 * Entries that have arrived whole and are to be put in their place: together,
 * since syncing many files at once takes little longer than syncing one. An
 * answer goes out for each, when it is safe.
 */
#ifndef VCAT_BATCH_H
#define VCAT_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "beneath.h"
#include "channel.h"
#include "deadline.h"
#include "deposit.h"
#include "frame.h"
#include "receipt.h"

struct batch_item {
	enum frame_kind kind;
	uint64_t id;
	char *name;
	struct deposit deposit; /* of a file; fd -1: it was there already */
	struct deposit_facts facts;
	bool apply;    /* FRAME_LEAVE: the facts are to be applied */
	uint64_t size; /* of a file */
	struct sums_file *sum;
	int error; /* errno's, once something has failed */
};

struct batch {
	/* For the owner to set; borrowed. */
	struct channel *channel;
	struct receipt *receipt;
	struct beneath *into;
	bool overwrite, sync;

	struct batch_item *items;
	int count, most;
	uint64_t bytes;
	struct deadline due; /* if it holds any: to be stored by then */
};

/* Returns 0, or -1 with errno. batch_close() it in any case. */
int batch_open(struct batch *batch);

/* Adds an entry, which then owns all that the item has. Stores the batch if it
 * is full. Returns 0, or -1 after a message. */
int batch_add(struct batch *batch, const struct batch_item *item);

/* Stores all if it is time. Returns 0, or -1 after a message. */
int batch_store_due(struct batch *batch);

/* Stores all, and answers. Returns 0, or -1 after a message. */
int batch_store(struct batch *batch);

/* Stores what is left without an answer, and frees. */
void batch_close(struct batch *batch);

#endif
