#include "owner.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

/* As long as a name can be, login.defs(5), and more. */
#define NAME_SIZE 256

/* The highest ID; the next number stands for none. */
#define ID_MOST (UINT32_MAX - 1)

/* "/proc/self/fd/" and a number */
#define PROC_SIZE 32

/* login: its login group, too. */
static const char *read_user(const char *name, bool login, struct owner *owner)
{
	const struct passwd *entry;
	bool number = text_is_number(name);

	if (number && !text_number(name, 0, ID_MOST, &owner->user))
		return "that user's number is too high";
	if (number && !login)
		return NULL;
	entry = number ? getpwuid(owner->user) : getpwnam(name);
	if (entry == NULL)
		return "there is no such user";
	owner->user = entry->pw_uid;
	if (login)
		owner->group = entry->pw_gid;
	return NULL;
}

static const char *read_group(const char *name, struct owner *owner)
{
	const struct group *entry;

	if (text_is_number(name))
		return text_number(name, 0, ID_MOST, &owner->group)
			   ? NULL
			   : "that group's number is too high";
	entry = getgrnam(name);
	if (entry == NULL)
		return "there is no such group";
	owner->group = entry->gr_gid;
	return NULL;
}

const char *owner_read(const char *text, void *field)
{
	struct owner *owner = field;
	char copy[NAME_SIZE];
	char *group = copy;
	const char *user;
	const char *why = NULL;

	*owner = (struct owner){ (uid_t)-1, (gid_t)-1 };
	if (strlcpy(copy, text, sizeof copy) >= sizeof copy)
		return "that is too long";
	user = strsep(&group, ":");
	if (user[0] == '\0' && (group == NULL || group[0] == '\0'))
		return "not a user or a group, such as root:kvm";
	if (user[0] != '\0')
		why = read_user(user, group != NULL && group[0] == '\0', owner);
	if (why == NULL && group != NULL && group[0] != '\0')
		why = read_group(group, owner);
	return why;
}

/* Its descriptor stands for the file that was looked at, and no other. */
static int give(
    int fd, const struct owner *owner, mode_t mode, const char **step)
{
	char path[PROC_SIZE];
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -1;
	errno = EEXIST;
	if (!S_ISSOCK(st.st_mode))
		return -1;
	*step = "chown";
	if (fchownat(fd, "", owner->user, owner->group, AT_EMPTY_PATH) < 0)
		return -1;
	*step = "chmod";
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return chmod(path, mode);
}

int owner_give(
    const char *path, const struct owner *owner, mode_t mode, const char **step)
{
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	int result;
	int error;

	*step = "open";
	if (fd < 0)
		return -1;
	result = give(fd, owner, mode, step);
	error = errno;
	close(fd);
	errno = error;
	return result;
}
