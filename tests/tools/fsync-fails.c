/*
 * For LD_PRELOAD: a disk that fails. fsync(2), fdatasync(2) and syncfs(2) say
 * EIO, after the first FSYNC_FAILS_AFTER calls, which do what they do
 * otherwise.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

/* Calls the real function of that name, while it is not yet time to fail. */
static int sync_or_fail(const char *name, int fd)
{
	static atomic_long calls;
	const char *after = getenv("FSYNC_FAILS_AFTER");
	int (*real)(int);

	if (atomic_fetch_add(&calls, 1) >= (after == NULL ? 0 : atol(after))) {
		errno = EIO;
		return -1;
	}
	*(void **)&real = dlsym(RTLD_NEXT, name);
	return real(fd);
}

int fsync(int fd)
{
	return sync_or_fail("fsync", fd);
}

int fdatasync(int fd)
{
	return sync_or_fail("fdatasync", fd);
}

int syncfs(int fd)
{
	return sync_or_fail("syncfs", fd);
}
