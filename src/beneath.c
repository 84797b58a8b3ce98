#include "beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FLAGS (O_PATH | O_DIRECTORY | O_CLOEXEC)

static const char *check_part(const char *part, size_t length)
{
	if (length == 0)
		return "a part of the name is empty";
	if (part[0] == '.' && (length == 1 || (length == 2 && part[1] == '.')))
		return "a part of the name is \".\" or \"..\"";
	if (length > BENEATH_PART_MAX)
		return "a part of the name is longer than 255 bytes";
	return NULL;
}

static const char *check_parts(const char *name, size_t length)
{
	const char *const end = name + length;

	for (int parts = 1;; parts++) {
		const char *slash = memchr(name, '/', (size_t)(end - name));
		const char *wrong = check_part(
		    name, (size_t)((slash == NULL ? end : slash) - name));

		if (wrong == NULL && parts > BENEATH_DEPTH)
			wrong = "the name has more than 128 parts";
		if (wrong != NULL || slash == NULL)
			return wrong;
		name = slash + 1;
	}
}

const char *beneath_check(const char *name, size_t length)
{
	if (length == 0)
		return "the name is empty";
	if (length > BENEATH_NAME_MAX)
		return "the name is longer than 4095 bytes";
	if (memchr(name, '\0', length) != NULL)
		return "the name contains a zero byte";
	if (name[0] == '/')
		return "the name is absolute";
	return check_parts(name, length);
}

/* Opens a directory in one step. No library has a function for this call. */
static int resolve(int root, const char *path)
{
	struct open_how how = {
		.flags = FLAGS,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
			   RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

/*
 * The same, part by part. Each is opened in the directory before, which is held
 * open: whatever is moved meanwhile, no step leads up or through a link.
 */
static int walk(int root, const char *path)
{
	int at = root;

	for (;;) {
		char part[BENEATH_PART_MAX + 1];
		size_t length = strcspn(path, "/");
		int below;

		memcpy(part, path, length);
		part[length] = '\0';
		below = openat(at, part, FLAGS | O_NOFOLLOW);
		if (at != root)
			close(at);
		if (below < 0 || path[length] == '\0')
			return below;
		at = below;
		path += length + 1;
	}
}

/* EAGAIN: openat2(2) cannot be sure, since something has just been moved. */
static int open_directory(const struct beneath *beneath, const char *path)
{
	int fd = beneath->walks ? -1 : resolve(beneath->root, path);

	if (beneath->walks || (fd < 0 && errno == EAGAIN))
		fd = walk(beneath->root, path);
	return fd;
}

static void forget_parent(struct beneath *beneath)
{
	if (beneath->parent >= 0)
		close(beneath->parent);
	beneath->parent = -1;
}

int beneath_open(struct beneath *beneath, const char *directory)
{
	int probe;

	beneath->parent = -1;
	beneath->path[0] = '\0';
	beneath->root = open(directory, FLAGS);
	if (beneath->root < 0)
		return -1;
	/* ENOSYS of an old kernel, EPERM of a container's filter */
	probe = resolve(beneath->root, ".");
	beneath->walks = probe < 0;
	if (probe >= 0)
		close(probe);
	return 0;
}

void beneath_close(struct beneath *beneath)
{
	forget_parent(beneath);
	close(beneath->root);
	beneath->root = -1;
}

int beneath_parent(struct beneath *beneath, const char *name, const char **last)
{
	const char *slash = strrchr(name, '/');
	size_t length = slash == NULL ? 0 : (size_t)(slash - name);

	/* all that follows relies on it */
	if (beneath_check(name, strlen(name)) != NULL) {
		errno = EINVAL;
		return -1;
	}
	*last = slash == NULL ? name : slash + 1;
	if (slash == NULL)
		return beneath->root;
	if (beneath->parent >= 0 && strncmp(beneath->path, name, length) == 0 &&
	    beneath->path[length] == '\0')
		return beneath->parent;
	forget_parent(beneath);
	memcpy(beneath->path, name, length);
	beneath->path[length] = '\0';
	beneath->parent = open_directory(beneath, beneath->path);
	return beneath->parent;
}
