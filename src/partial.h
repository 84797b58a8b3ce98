/*
 * Partial files: what has arrived of a file, in the directory of the target.
 * Its name is ".vcat-part-" followed by the XXH3-128 of the target's name, in
 * hexadecimal, so that a later run finds it. It is locked, flock(2), while it
 * is being written.
 */
#ifndef VCAT_PARTIAL_H
#define VCAT_PARTIAL_H

#include <stdbool.h>

#define PARTIAL_NAME_SIZE 48

/* The name of the partial file of that target. */
void partial_name(const char *target, char part[PARTIAL_NAME_SIZE]);

/* Whether this is such a name, so that no target may have it. */
bool partial_reserves(const char *name);

/*
 * Opens a partial file for reading and writing, or makes an empty one, mode
 * 0600, and locks it. One that was there counts only if it is a file of this
 * user that nobody else can write to; otherwise it is removed. Returns a
 * descriptor, or -1 with errno: EBUSY if another process has it.
 */
int partial_claim(int directory, const char *part);

/*
 * Removes a partial file, if there is one. Returns 0, or -1 with errno, as
 * partial_claim().
 */
int partial_clear(int directory, const char *part);

/* Whether an open file has that name in the directory. */
bool partial_has_name(int fd, int directory, const char *name);

#endif
