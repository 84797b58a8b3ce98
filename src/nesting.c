#include "nesting.h"

#include <stdlib.h>
#include <string.h>

struct nesting_level {
	char *name;
	bool apply, is_new;
	SLIST_ENTRY(nesting_level) next;
};

bool nesting_holds(const struct nesting *nesting, const char *name)
{
	const struct nesting_level *level = SLIST_FIRST(&nesting->levels);
	size_t length = level != NULL ? strlen(level->name) : 0;

	if (level != NULL) {
		if (strncmp(name, level->name, length) != 0 ||
		    name[length] != '/')
			return false;
		name += length + 1;
	}
	return strchr(name, '/') == NULL;
}

bool nesting_is_new(const struct nesting *nesting)
{
	const struct nesting_level *level = SLIST_FIRST(&nesting->levels);

	return level != NULL && level->is_new;
}

int nesting_enter(
    struct nesting *nesting, const char *name, bool apply, bool is_new)
{
	struct nesting_level *level = calloc(1, sizeof *level);
	char *copy = strdup(name);

	if (level == NULL || copy == NULL) {
		free(level);
		free(copy);
		return -1;
	}
	level->name = copy;
	level->apply = apply;
	level->is_new = is_new;
	SLIST_INSERT_HEAD(&nesting->levels, level, next);
	nesting->depth++;
	return 0;
}

bool nesting_leave(struct nesting *nesting, const char *name, bool *apply)
{
	struct nesting_level *level = SLIST_FIRST(&nesting->levels);

	if (level == NULL || strcmp(level->name, name) != 0)
		return false;
	*apply = level->apply;
	SLIST_REMOVE_HEAD(&nesting->levels, next);
	nesting->depth--;
	free(level->name);
	free(level);
	return true;
}

void nesting_free(struct nesting *nesting)
{
	struct nesting_level *level;
	bool apply;

	while ((level = SLIST_FIRST(&nesting->levels)) != NULL)
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it is another */
		nesting_leave(nesting, level->name, &apply);
}
