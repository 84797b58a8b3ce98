#include "offers.h"

#include <stdlib.h>
#include <string.h>

#include "folder.h"

void offers_init(struct offers *offers, const struct arrival *common)
{
	offers->common = *common;
	STAILQ_INIT(&offers->queue);
	offers->count = offers->files = 0;
}

struct offer *offers_add(
    struct offers *offers, uint64_t id, const struct frame_entry *entry)
{
	struct offer *offer = calloc(1, sizeof *offer);
	char *name = strdup(entry->name);

	if (offer == NULL || name == NULL) {
		free(offer);
		free(name);
		return NULL;
	}
	offer->item = (struct batch_item){
		.kind = entry->kind,
		.id = id,
		.name = name,
		.deposit = deposit_none,
		.facts = folder_facts(entry),
		.size = entry->size,
	};
	offer->arrival = offers->common;
	offer->arrival.name = name;
	offer->arrival.deposit = deposit_none;
	offer->arrival.found = -1;
	STAILQ_INSERT_TAIL(&offers->queue, offer, next);
	offers->count++;
	offers->files += entry->kind == FRAME_FILE;
	return offer;
}

struct offer *offers_first(const struct offers *offers)
{
	return STAILQ_FIRST(&offers->queue);
}

void offers_remove(struct offers *offers, struct offer *offer)
{
	STAILQ_REMOVE(&offers->queue, offer, offer, next);
	offers->count--;
	offers->files -= offer->item.kind == FRAME_FILE;
	if (offer->item.sum != NULL)
		sums_drop(offer->item.sum);
	arrival_drop(&offer->arrival);
	free(offer->item.name);
	free(offer);
}
