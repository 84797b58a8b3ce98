/*
 * Directories and symbolic links that arrive: they have no content, and are
 * made at once. A directory gets its permissions and its time when all that is
 * in it is there.
 */
#ifndef VCAT_FOLDER_H
#define VCAT_FOLDER_H

#include <stdbool.h>

#include "beneath.h"
#include "deposit.h"
#include "frame.h"

/* Whether an entry may have that name. Returns NULL, or why not. */
const char *folder_check(const char *name);

/* What an entry says about itself; the target stays the entry's. */
struct deposit_facts folder_facts(const struct frame_entry *entry);

/*
 * Makes a directory, for its owner alone; one that is there is as good. Returns
 * NULL, *made says whether it is new, or why there is none.
 */
const char *folder_make(struct beneath *into, const char *name, bool *made);

/* Makes a symbolic link. Returns NULL, or why not. */
const char *folder_link(
    struct beneath *into, const struct frame_entry *entry, bool overwrite);

/* Gives a directory its permissions and time. Returns a descriptor of it, or -1
 * with errno. */
int folder_leave(
    struct beneath *into, const char *name, const struct deposit_facts *facts);

#endif
