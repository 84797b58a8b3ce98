/*
 * Names beneath a directory: a peer says them, so none may lead out of it, nor
 * through a symbolic link that it or somebody else has put there.
 */
#ifndef VCAT_BENEATH_H
#define VCAT_BENEATH_H

#include <stdbool.h>
#include <stddef.h>

/* Of a whole name without its '\0', of one part, and of parts: path(7). */
#define BENEATH_NAME_MAX 4095
#define BENEATH_PART_MAX 255
#define BENEATH_DEPTH    128

struct beneath {
	int root;   /* the directory */
	bool walks; /* openat2(2) is not there: part by part, as safe */
	/*
	 * The latest directory beside the root, since the next name is often
	 * there. If another has taken its name by now, it still is one that was
	 * beneath the root.
	 */
	int parent;                      /* -1: none */
	char path[BENEATH_NAME_MAX + 1]; /* the name that it was found by */
};

/*
 * Opens the directory, which may be reached through symbolic links. Returns 0,
 * or -1 with errno; then nothing is open.
 */
int beneath_open(struct beneath *beneath, const char *directory);
void beneath_close(struct beneath *beneath);

/*
 * Whether the text, length bytes, is a name that can be beneath a directory:
 * relative, no part of it empty, "." or "..", no part and not all too long, no
 * '\0' in it. Returns NULL, or a static sentence that says what is wrong.
 */
const char *beneath_check(const char *name, size_t length);

/*
 * Finds the directory that a name lies in, as a descriptor that stays the
 * beneath's and is good until the next call, and in *last its last part. It is
 * an O_PATH one of open(2). Returns -1 with errno: EINVAL if beneath_check()
 * would refuse the name, ELOOP or ENOTDIR if a part before the last is no
 * directory, symbolic links included.
 */
int beneath_parent(
    struct beneath *beneath, const char *name, const char **last);

#endif
