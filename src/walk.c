#include "walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <unistd.h>

/* A directory that the walk is in. */
struct walk_level {
	int fd;
	int error;     /* why it cannot be read; 0 once that has been told */
	size_t inside; /* where the names of its entries begin in the path */
	struct dirent **entries;
	int count;
	int next;
	struct stat st;
};

/* The path has room for the longest one and a name: neither is ever cut. */
struct walk {
	char *const *operands; /* that are yet to come */
	size_t base;           /* where the peer's name begins in the path */
	int depth;
	struct walk_level levels[WALK_DEPTH + 1]; /* "." is no part of a name */
	struct walk_entry entry;
	char path[2 * PATH_MAX];
	char target[PATH_MAX];
};

struct walk *walk_open(char *const operands[])
{
	struct walk *walk = calloc(1, sizeof *walk);

	if (walk != NULL)
		walk->operands = operands;
	return walk;
}

static int is_entry(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 &&
	       strcmp(entry->d_name, "..") != 0;
}

/* The order of bytes, the same in each locale. */
static int compare(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* What is opened is what st describes then, whatever was there before. */
static int level_read(
    struct walk_level *level, int at, const char *name, struct stat *st)
{
	level->fd =
	    openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (level->fd < 0 || fstat(level->fd, st) < 0)
		return -1;
	level->st = *st;
	level->count =
	    scandirat(level->fd, ".", &level->entries, is_entry, compare);
	return level->count;
}

static void level_close(struct walk_level *level)
{
	while (level->next < level->count)
		free(level->entries[level->next++]);
	free(level->entries);
	if (level->fd >= 0)
		close(level->fd);
}

/* The entry is about the first `length` bytes of the path. */
static void walk_begin_entry(struct walk *walk, size_t length)
{
	walk->path[length] = '\0';
	walk->entry = (struct walk_entry){
		.path = walk->path,
		.name = walk->path + MIN(walk->base, length),
	};
}

static void walk_fail(struct walk *walk, int error)
{
	walk->entry.kind = WALK_ERROR;
	walk->entry.error = error;
}

/* The entry is a directory: goes into it, readable or not. */
static void walk_enter(struct walk *walk, int at, const char *name)
{
	struct walk_level *level = &walk->levels[walk->depth++];
	size_t length = strlen(walk->path);

	walk->entry.kind = WALK_DIRECTORY;
	*level = (struct walk_level){
		.inside = length + (walk->path[length - 1] != '/'),
		.st = walk->entry.st,
	};
	if (level_read(level, at, name, &walk->entry.st) < 0) {
		level->error = errno;
		level->count = 0;
	}
}

static void walk_read_link(struct walk *walk, int at, const char *name)
{
	ssize_t n;

	errno = ENOENT; /* of a link to "": it leads nowhere */
	n = readlinkat(at, name, walk->target, sizeof walk->target);
	if (n <= 0 || n == sizeof walk->target) {
		walk_fail(walk, n <= 0 ? errno : ENAMETOOLONG);
		return;
	}
	walk->target[n] = '\0';
	walk->entry.kind = WALK_LINK;
	walk->entry.target = walk->target;
}

/* Finds out what the entry is, which has that name in the directory `at`. */
static void walk_look(struct walk *walk, int at, const char *name)
{
	struct walk_entry *entry = &walk->entry;

	if (fstatat(at, name, &entry->st, AT_SYMLINK_NOFOLLOW) < 0)
		walk_fail(walk, errno);
	else if (S_ISDIR(entry->st.st_mode))
		walk_enter(walk, at, name);
	else if (S_ISLNK(entry->st.st_mode))
		walk_read_link(walk, at, name);
	else
		entry->kind =
		    S_ISREG(entry->st.st_mode) ? WALK_FILE : WALK_OTHER;
}

/* Whether the first `length` bytes of the path end in that part. */
static bool ends_in(const char *path, size_t length, const char *part)
{
	size_t n = strlen(part);

	return length >= n && memcmp(path + length - n, part, n) == 0 &&
	       (length == n || path[length - n - 1] == '/');
}

/* The kernel gets it with the '/' at its end: then it follows a link. */
static void walk_operand(struct walk *walk)
{
	const char *operand = *walk->operands++;
	size_t length = strlcpy(walk->path, operand, sizeof walk->path);
	const char *slash;

	while (length > 1 && operand[length - 1] == '/')
		length--;
	slash = memrchr(operand, '/', length);
	walk->base = slash == NULL ? 0 : (size_t)(slash - operand) + 1;
	if (ends_in(operand, length, ".") || ends_in(operand, length, ".."))
		walk->base = length + 1;
	walk_begin_entry(walk, MIN(length, sizeof walk->path - 1));
	if (length >= PATH_MAX) {
		walk->entry.path = operand;
		walk->entry.name = operand + MIN(walk->base, length);
	}
	walk_look(walk, AT_FDCWD, operand);
}

static void walk_child(struct walk *walk, struct walk_level *level)
{
	struct dirent *child = level->entries[level->next++];
	char *name = walk->path + level->inside;
	size_t length =
	    strlcpy(name, child->d_name, sizeof walk->path - level->inside);
	bool unnamed = walk->base == walk->levels[0].inside;

	name[-1] = '/';
	walk_begin_entry(walk, level->inside + length);
	if (level->inside + length >= PATH_MAX || length > NAME_MAX ||
	    walk->depth + !unnamed > WALK_DEPTH)
		walk_fail(walk, ENAMETOOLONG);
	else
		walk_look(walk, level->fd, name);
	free(child);
}

/* Tells why the directory could not be read, or that it ends. */
static void walk_end(struct walk *walk, struct walk_level *level)
{
	walk_begin_entry(walk, level->inside - (level->inside > 1));
	walk->entry.st = level->st;
	if (level->error != 0) {
		walk_fail(walk, level->error);
		level->error = 0;
		return;
	}
	walk->entry.kind = WALK_LEAVE;
	level_close(level);
	walk->depth--;
}

/* Makes the next entry. Returns whether there is one. */
static bool walk_step(struct walk *walk)
{
	struct walk_level *level;

	if (walk->depth == 0) {
		if (*walk->operands == NULL)
			return false;
		walk_operand(walk);
		return true;
	}
	level = &walk->levels[walk->depth - 1];
	if (level->next < level->count)
		walk_child(walk, level);
	else
		walk_end(walk, level);
	return true;
}

const struct walk_entry *walk_next(struct walk *walk)
{
	const struct walk_entry *entry = &walk->entry;

	while (walk_step(walk)) {
		if (entry->name[0] != '\0' || entry->kind == WALK_ERROR)
			return entry;
	}
	return NULL;
}

int walk_open_file(const char *path, const struct stat *st)
{
	struct stat now;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0) {
		/* what a symbolic link and a socket answer */
		if (errno == ELOOP || errno == ENXIO)
			errno = ESTALE;
		return -1;
	}
	if (fstat(fd, &now) == 0 && S_ISREG(now.st_mode) &&
	    now.st_dev == st->st_dev && now.st_ino == st->st_ino)
		return fd;
	close(fd);
	errno = ESTALE;
	return -1;
}

void walk_close(struct walk *walk)
{
	while (walk->depth > 0)
		level_close(&walk->levels[--walk->depth]);
	free(walk);
}
