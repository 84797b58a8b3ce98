#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "partial.h"

const char *folder_check(const char *name)
{
	const char *slash = strrchr(name, '/');

	if (partial_reserves(slash != NULL ? slash + 1 : name))
		return "vcat uses such names for partial files";
	return beneath_check(name, strlen(name));
}

struct deposit_facts folder_facts(const struct frame_entry *entry)
{
	return (struct deposit_facts){
		.mode = entry->mode,
		.seconds = entry->seconds,
		.nanoseconds = entry->nanoseconds,
		.target = entry->target,
	};
}

const char *folder_make(struct beneath *into, const char *name, bool *made)
{
	const char *last;
	int parent = beneath_parent(into, name, &last);
	struct stat st;

	*made = parent >= 0 && mkdirat(parent, last, 0700) == 0;
	if (*made)
		return NULL;
	if (parent < 0 || errno != EEXIST ||
	    fstatat(parent, last, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return deposit_reason(errno);
	return S_ISDIR(st.st_mode) ? NULL
				   : "something that is not a directory has "
				     "this name";
}

const char *folder_link(
    struct beneath *into, const struct frame_entry *entry, bool overwrite)
{
	const struct deposit_facts facts = folder_facts(entry);
	const char *last;
	int parent = beneath_parent(into, entry->name, &last);

	if (parent < 0 || deposit_link(parent, last, &facts, overwrite) < 0)
		return deposit_reason(errno);
	return NULL;
}

int folder_leave(
    struct beneath *into, const char *name, const struct deposit_facts *facts)
{
	const struct timespec times[] = {
		{ .tv_nsec = UTIME_OMIT },
		{ .tv_sec = facts->seconds, .tv_nsec = facts->nanoseconds },
	};
	const char *last;
	int parent = beneath_parent(into, name, &last);
	int fd = parent < 0
		     ? -1
		     : openat(parent, last,
			   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int error;

	if (fd < 0)
		return -1;
	if (futimens(fd, times) == 0 && fchmod(fd, facts->mode) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}
