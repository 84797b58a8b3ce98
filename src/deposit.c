#include "deposit.h"

#include "partial.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* How often to begin again when others make, move or remove the same file. */
#define TRIES 16

/* "/proc/self/fd/" and a number */
#define PROC_SIZE 32

const struct deposit deposit_none = { .fd = -1, .directory = -1 };

/* Closes a descriptor on the way out of an error. Returns -1. */
static int close_failed(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
	return -1;
}

static int drop_failed(struct deposit *deposit)
{
	int saved = errno;

	deposit_drop(deposit, false);
	errno = saved;
	return -1;
}

/* A deposit that has a directory and a name, but no file yet. */
static int begin(struct deposit *deposit, int directory, const char *name)
{
	size_t length = strlen(name);

	*deposit = deposit_none;
	if (strchr(name, '/') != NULL || partial_reserves(name)) {
		errno = EINVAL;
		return -1;
	}
	if (length >= sizeof deposit->name) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(deposit->name, name, length + 1);
	deposit->directory = fcntl(directory, F_DUPFD_CLOEXEC, 0);
	return deposit->directory < 0 ? -1 : 0;
}

bool deposit_has_proc(void)
{
	return access("/proc/self/fd", F_OK) == 0;
}

/* Opens a file without a name, if it can get one later: through /proc. */
static int open_unnamed(int directory, bool proc)
{
	int fd = openat(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		return -1;
	return proc || deposit_has_proc() ? fd : close_failed(fd);
}

static int open_named(struct deposit *deposit)
{
	char part[PARTIAL_NAME_SIZE];

	partial_name(deposit->name, part);
	deposit->fd = partial_claim(deposit->directory, part);
	if (deposit->fd < 0)
		return -1;
	memcpy(deposit->part, part, sizeof part);
	/* it may have got its permissions just before it was left */
	fchmod(deposit->fd, 0600);
	return 0;
}

int deposit_open(struct deposit *deposit, int directory, const char *name,
    enum deposit_known known)
{
	char part[PARTIAL_NAME_SIZE];

	if (begin(deposit, directory, name) < 0)
		return -1;
	partial_name(name, part);
	if ((known & DEPOSIT_CLEAN) == 0 &&
	    partial_clear(deposit->directory, part) < 0)
		return drop_failed(deposit);
	deposit->fd =
	    open_unnamed(deposit->directory, (known & DEPOSIT_PROC) != 0);
	if (deposit->fd >= 0)
		return 0;
	/* whatever failed: if the cause is not O_TMPFILE, this fails, too */
	if (open_named(deposit) < 0 || ftruncate(deposit->fd, 0) < 0)
		return drop_failed(deposit);
	return 0;
}

int deposit_resume(struct deposit *deposit, int directory, const char *name)
{
	if (begin(deposit, directory, name) < 0)
		return -1;
	return open_named(deposit) < 0 ? drop_failed(deposit) : 0;
}

void deposit_push(const struct deposit *deposit, off_t from, off_t bytes)
{
	sync_file_range(deposit->fd, from, bytes, SYNC_FILE_RANGE_WRITE);
}

int deposit_sync(struct deposit *deposit)
{
	int result = fsync(deposit->fd);

	deposit->synced = result == 0;
	return result;
}

int deposit_sync_directory(int directory)
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	if (fsync(fd) < 0)
		return close_failed(fd);
	close(fd);
	return 0;
}

/*
 * Network file systems report at close(2) what they could not write, which is
 * too late once the file has its name. Closing a copy has the same effect;
 * fsync(2) has, too.
 */
static int flush(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	return copy < 0 ? -1 : close(copy);
}

/* vfat, for one, has no permissions to give; the file is ours otherwise. */
static int unless_unknown(int result)
{
	return result < 0 && (errno == EPERM || errno == EOPNOTSUPP) ? 0
								     : result;
}

static void say_times(
    const struct deposit_facts *facts, struct timespec times[2])
{
	times[0] = (struct timespec){ .tv_nsec = UTIME_OMIT };
	times[1] = (struct timespec){
		.tv_sec = (time_t)facts->seconds,
		.tv_nsec = (long)facts->nanoseconds,
	};
}

static int give_facts(int fd, const struct deposit_facts *facts)
{
	struct timespec times[2];

	say_times(facts, times);
	if (unless_unknown(fchmod(fd, facts->mode & 0777)) < 0)
		return -1;
	return unless_unknown(futimens(fd, times));
}

int deposit_describe(struct deposit *deposit, const struct deposit_facts *facts)
{
	int result = give_facts(deposit->fd, facts);

	deposit->described = result == 0;
	return result;
}

/* Gives a file that has no name this one. */
static int link_unnamed(const struct deposit *deposit, const char *name)
{
	char path[PROC_SIZE];
	/* the shorter way needs CAP_DAC_READ_SEARCH, open(2) */
	int result =
	    linkat(deposit->fd, "", deposit->directory, name, AT_EMPTY_PATH);

	if (result == 0 || errno != ENOENT)
		return result;
	snprintf(path, sizeof path, "/proc/self/fd/%d", deposit->fd);
	return linkat(
	    AT_FDCWD, path, deposit->directory, name, AT_SYMLINK_FOLLOW);
}

/* Makes the file or the symbolic link a partial one, whatever is there. */
static int make_part(struct deposit *deposit, const char *target)
{
	char part[PARTIAL_NAME_SIZE];

	partial_name(deposit->name, part);
	for (int i = 0; i < TRIES; i++) {
		int result = target == NULL
				 ? link_unnamed(deposit, part)
				 : symlinkat(target, deposit->directory, part);

		if (result == 0) {
			memcpy(deposit->part, part, sizeof part);
			return 0;
		}
		if (errno != EEXIST ||
		    partial_clear(deposit->directory, part) < 0)
			return -1;
		errno = EBUSY;
	}
	return -1;
}

/* Gives the partial file or link its name. */
static int rename_part(struct deposit *deposit, bool replace)
{
	int at = deposit->directory;
	const char *part = deposit->part;
	int result = renameat2(
	    at, part, at, deposit->name, replace ? 0 : RENAME_NOREPLACE);

	/* a file system that cannot; then dropping removes the partial one */
	if (result < 0 && errno == EINVAL && !replace)
		return linkat(at, part, at, deposit->name, 0);
	if (result == 0)
		deposit->part[0] = '\0';
	return result;
}

static int give_name(struct deposit *deposit, bool replace)
{
	if (deposit->part[0] == '\0') {
		if (link_unnamed(deposit, deposit->name) == 0)
			return 0;
		if (errno != EEXIST || !replace)
			return -1;
		/* the lock shows others that this file is still in use */
		if (flock(deposit->fd, LOCK_EX | LOCK_NB) < 0 ||
		    make_part(deposit, NULL) < 0)
			return -1;
	}
	if (!partial_has_name(deposit->fd, deposit->directory, deposit->part)) {
		deposit->part[0] = '\0'; /* not ours to remove */
		errno = ESTALE;
		return -1;
	}
	return rename_part(deposit, replace);
}

int deposit_commit(
    struct deposit *deposit, const struct deposit_facts *facts, bool replace)
{
	if ((!deposit->synced && flush(deposit->fd) < 0) ||
	    (!deposit->described && deposit_describe(deposit, facts) < 0) ||
	    give_name(deposit, replace) < 0)
		return drop_failed(deposit);
	deposit_drop(deposit, false);
	return 0;
}

void deposit_drop(struct deposit *deposit, bool keep)
{
	/* while it is locked */
	if (deposit->part[0] != '\0' && !keep)
		unlinkat(deposit->directory, deposit->part, 0);
	if (deposit->fd >= 0)
		close(deposit->fd);
	if (deposit->directory >= 0)
		close(deposit->directory);
	*deposit = deposit_none;
}

/* Whether the name already is that of a symbolic link with that target. */
static bool leads_to(const struct deposit *link, const char *target)
{
	char found[4096];
	ssize_t n =
	    readlinkat(link->directory, link->name, found, sizeof found);

	return n >= 0 && (size_t)n == strlen(target) &&
	       memcmp(found, target, (size_t)n) == 0;
}

int deposit_link(int directory, const char *name,
    const struct deposit_facts *facts, bool replace)
{
	struct deposit link;
	struct timespec times[2];

	if (begin(&link, directory, name) < 0)
		return -1;
	say_times(facts, times);
	if (!leads_to(&link, facts->target) &&
	    (make_part(&link, facts->target) < 0 ||
		unless_unknown(utimensat(link.directory, link.part, times,
		    AT_SYMLINK_NOFOLLOW)) < 0 ||
		rename_part(&link, replace) < 0))
		return drop_failed(&link);
	deposit_drop(&link, false);
	return 0;
}

const char *deposit_reason(int error)
{
	switch (error) {
	case EEXIST:
		return "it exists already: --overwrite replaces it, "
		       "--resume compares it";
	case ELOOP:
		return "a symbolic link is in its path";
	case EISDIR:
		return "a directory has this name";
	case EBUSY:
		return "another vcat is receiving it";
	case ESTALE:
		return "somebody has moved or removed its partial file";
	default:
		return strerror(error);
	}
}
