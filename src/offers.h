/*
 * What a receiver has been offered and cannot store yet: files whose content is
 * to come, and between them ends of directories, in the order of the offers.
 */
#ifndef VCAT_OFFERS_H
#define VCAT_OFFERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "arrival.h"
#include "batch.h"
#include "frame.h"

struct offer {
	struct batch_item item; /* what it is to become */
	struct arrival arrival; /* of a file */
	bool begun;             /* its content comes */
	bool failed;            /* the rest of it is thrown away */
	STAILQ_ENTRY(offer) next;
};

struct offers {
	STAILQ_HEAD(offers_queue, offer) queue;
	int count, files;      /* in it: all, and files */
	struct arrival common; /* for the owner to set: what all have */
};

void offers_init(struct offers *offers, const struct arrival *common);

/* Adds one at the end. Returns NULL with errno. */
struct offer *offers_add(
    struct offers *offers, uint64_t id, const struct frame_entry *entry);

/* The oldest, or NULL. */
struct offer *offers_first(const struct offers *offers);

/* Takes one out, wherever it is, and frees all that it still has. */
void offers_remove(struct offers *offers, struct offer *offer);

#endif
