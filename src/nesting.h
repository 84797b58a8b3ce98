/*
 * The directories that a sender is in: what it offers must lie in the
 * innermost, and it leaves them in reverse order.
 */
#ifndef VCAT_NESTING_H
#define VCAT_NESTING_H

#include <stdbool.h>
#include <sys/queue.h>

struct nesting_level;

struct nesting {
	SLIST_HEAD(nesting_levels, nesting_level) levels; /* at first {0} */
	int depth;
};

/* Whether a name lies in the innermost directory, and no deeper. */
bool nesting_holds(const struct nesting *nesting, const char *name);

/*
 * Enters a directory; `apply` is for nesting_leave(), `is_new` for
 * nesting_is_new(). Returns 0, or -1 with errno.
 */
int nesting_enter(
    struct nesting *nesting, const char *name, bool apply, bool is_new);

/* Whether the innermost directory was new when it was entered. */
bool nesting_is_new(const struct nesting *nesting);

/* Leaves a directory. Returns whether it was the innermost. */
bool nesting_leave(struct nesting *nesting, const char *name, bool *apply);

void nesting_free(struct nesting *nesting);

#endif
