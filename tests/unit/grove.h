/*
 * Trees of files to walk, and what a walk found. Each test has a fresh
 * directory, and is in it.
 */
#ifndef VCAT_TEST_GROVE_H
#define VCAT_TEST_GROVE_H

#include "walk.h"

#include "ends.h"
#include "test.h"

static char place[] = "/tmp/vcat-walk.XXXXXX";

static inline void clean(void)
{
	char command[64];

	snprintf(command, sizeof command, "rm -rf %s", place);
	if (chdir("/") < 0 || system(command) != 0)
		printf("# %s failed\n", command);
}

static inline void begin(void)
{
	if (mkdtemp(place) == NULL || chdir(place) < 0)
		ends_must(-1, place);
	atexit(clean);
}

static inline void make_file(const char *path, const char *text)
{
	int fd = ends_must(open(path, O_WRONLY | O_CREAT | O_EXCL, 0600), path);

	ends_say(fd, text);
	close(fd);
}

static inline void make_directory(const char *path)
{
	ends_must(mkdir(path, 0700), path);
}

static inline void make_link(const char *target, const char *path)
{
	ends_must(symlink(target, path), path);
}

/* "D dir|F dir/file|< dir": all entries, by kind and name. */
static inline const char *walked(struct walk *walk)
{
	static const char kinds[] = {
		[WALK_FILE] = 'F',
		[WALK_DIRECTORY] = 'D',
		[WALK_LINK] = 'L',
		[WALK_LEAVE] = '<',
		[WALK_OTHER] = 'O',
		[WALK_ERROR] = '!',
	};
	static char text[4096];
	const struct walk_entry *entry;
	size_t length = 0;

	text[0] = '\0';
	while (length < sizeof text && (entry = walk_next(walk)) != NULL) {
		length += (size_t)snprintf(text + length, sizeof text - length,
		    "%s%c %s", length == 0 ? "" : "|", kinds[entry->kind],
		    entry->name);
		if (entry->kind == WALK_ERROR && length < sizeof text)
			length += (size_t)snprintf(text + length,
			    sizeof text - length, ": %s",
			    strerrorname_np(entry->error));
	}
	walk_close(walk);
	return text;
}

static inline struct walk *opened(char *const operands[])
{
	struct walk *walk = walk_open(operands);

	if (walk == NULL)
		ends_must(-1, "walk_open");
	return walk;
}

#define OPEN(...)   opened((char *[]){ __VA_ARGS__, NULL })
#define WALKED(...) walked(OPEN(__VA_ARGS__))

/* Checks the path of the only entry that has this name. */
static inline void check_path(
    struct walk *walk, const char *name, const char *path)
{
	const struct walk_entry *entry = walk_next(walk);

	while (entry != NULL && strcmp(entry->name, name) != 0)
		entry = walk_next(walk);
	if (CHECK(entry != NULL))
		CHECK_STR(entry->path, path);
	walk_close(walk);
}

#endif
