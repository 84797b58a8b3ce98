#include "partial.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#define PREFIX ".vcat-part-"

/* How often to begin again when others make, move or remove the same file. */
#define TRIES 16

void partial_name(const char *target, char part[PARTIAL_NAME_SIZE])
{
	XXH128_canonical_t hash;
	static const char digits[] = "0123456789abcdef";
	char *at = stpcpy(part, PREFIX);

	XXH128_canonicalFromHash(&hash, XXH3_128bits(target, strlen(target)));
	for (size_t i = 0; i < sizeof hash.digest; i++) {
		*at++ = digits[hash.digest[i] / 16];
		*at++ = digits[hash.digest[i] % 16];
	}
	*at = '\0';
}

bool partial_reserves(const char *name)
{
	return strncmp(name, PREFIX, strlen(PREFIX)) == 0;
}

/* Closes a descriptor on the way out of an error. Returns -1. */
static int close_failed(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
	return -1;
}

static bool is_same(const struct stat *one, const struct stat *other)
{
	return one->st_dev == other->st_dev && one->st_ino == other->st_ino;
}

bool partial_has_name(int fd, int directory, const char *name)
{
	struct stat file;
	struct stat named;

	return fstat(fd, &file) == 0 &&
	       fstatat(directory, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       is_same(&file, &named);
}

/*
 * Whether a file that was there before can have been left by this user, and is
 * nobody else's: it has no second name, and others may not write to it.
 */
static bool is_ours(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1 &&
	       st.st_uid == geteuid() &&
	       (st.st_mode & (S_IRUSR | S_IWUSR | S_IWGRP | S_IWOTH)) ==
		   (S_IRUSR | S_IWUSR);
}

/*
 * Opens a partial file, or makes it, which is a new one then. Returns -1 with
 * ENOENT, EEXIST or ELOOP if it is worth to begin again: what has the name has
 * just changed, or was no file and has been removed.
 */
static int open_part(int directory, const char *part, bool *is_new)
{
	const int flags = O_RDWR | O_CLOEXEC;
	struct stat st;
	int fd;

	*is_new = false;
	if (fstatat(directory, part, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		*is_new = errno == ENOENT;
		return *is_new ? openat(directory, part,
				     flags | O_CREAT | O_EXCL, 0600)
			       : -1;
	}
	fd = S_ISREG(st.st_mode)
		 ? openat(directory, part,
		       flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
		 : -1;
	/* our own may be closed to us, if it already has its permissions */
	if (!S_ISREG(st.st_mode) ||
	    (fd < 0 && errno == EACCES && st.st_uid == geteuid()))
		if (unlinkat(directory, part, 0) == 0)
			errno = ENOENT;
	return fd;
}

/*
 * Only who has the lock may give the file another name or remove it, and may
 * have done so just before: so it must have its name once it is locked.
 */
int partial_claim(int directory, const char *part)
{
	for (int i = 0; i < TRIES; i++) {
		bool is_new;
		int fd = open_part(directory, part, &is_new);

		if (fd < 0 && errno != ENOENT && errno != EEXIST &&
		    errno != ELOOP)
			return -1;
		if (fd < 0)
			continue;
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			if (errno == EWOULDBLOCK)
				errno = EBUSY;
			return close_failed(fd);
		}
		if (partial_has_name(fd, directory, part)) {
			/* some file systems say another owner than us */
			if (is_new || is_ours(fd))
				return fd;
			if (unlinkat(directory, part, 0) < 0)
				return close_failed(fd);
		}
		close(fd);
		errno = EBUSY;
	}
	return -1;
}

int partial_clear(int directory, const char *part)
{
	struct stat st;
	int fd;

	if (fstatat(directory, part, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -1;
	fd = partial_claim(directory, part);
	if (fd < 0)
		return -1;
	if (unlinkat(directory, part, 0) < 0)
		return close_failed(fd);
	close(fd);
	return 0;
}
