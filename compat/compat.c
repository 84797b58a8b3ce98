#include "compat.h"
#include "vis.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>

long long strtonum(
    const char *text, long long least, long long most, const char **error)
{
	int before = errno;
	char *end;
	errno = 0;
	long long number = strtoll(text, &end, 10);
	const char *wrong = NULL;
	int code = 0;
	if (end == text || *end != '\0') {
		wrong = "invalid";
		code = EINVAL;
	} else if (number < least || (errno == ERANGE && number < 0)) {
		wrong = "too small";
		code = ERANGE;
	} else if (number > most || errno == ERANGE) {
		wrong = "too large";
		code = ERANGE;
	}
	errno = wrong != NULL ? code : before;
	if (error != NULL)
		*error = wrong;
	return wrong != NULL ? 0 : number;
}

size_t strlcpy(char *to, const char *from, size_t size)
{
	size_t length = strlen(from);
	if (size > 0) {
		size_t fits = length < size ? length : size - 1;
		memcpy(to, from, fits);
		to[fits] = '\0';
	}
	return length;
}

size_t strlcat(char *to, const char *from, size_t size)
{
	size_t used = strnlen(to, size);
	return used + strlcpy(to + used, from, size - used);
}

void closefrom(int first)
{
	int before = errno;
#ifdef SYS_close_range
	if (syscall(SYS_close_range, (unsigned int)first, UINT_MAX, 0) == 0)
		return;
#endif
	/* Linux before 5.9 */
	long most = sysconf(_SC_OPEN_MAX);
	for (int fd = first; fd < most; fd++)
		close(fd);
	errno = before;
}

/* Room for the longest number. */
#define ID_SIZE sizeof "4294967295"

static const char *id_text(char text[ID_SIZE], uintmax_t id)
{
	if (id == 0)
		return "root";
	snprintf(text, ID_SIZE, "%ju", id);
	return text;
}

const char *user_from_uid(uid_t uid, int no_name)
{
	static char text[ID_SIZE];
	(void)no_name;
	return id_text(text, uid);
}

const char *group_from_gid(gid_t gid, int no_name)
{
	static char text[ID_SIZE];
	(void)no_name;
	return id_text(text, gid);
}

static size_t escape(char *to, unsigned char byte, unsigned char next)
{
	static const char known[] = "\a\b\t\v\f\r\\";
	static const char letters[] = "abtvfr\\";
	if (byte == '\n' || (byte >= ' ' && byte <= '~' && byte != '\\')) {
		to[0] = (char)byte;
		return 1;
	}
	const char *at = byte != 0 ? strchr(known, byte) : NULL;
	if (at != NULL)
		return (size_t)sprintf(to, "\\%c", letters[at - known]);
	if (byte == 0 && (next < '0' || next > '7'))
		return (size_t)sprintf(to, "\\0");
	return (size_t)sprintf(to, "\\%03o", byte);
}

int strvisx(char *to, const char *from, size_t length, int flags)
{
	size_t used = 0;
	(void)flags;
	for (size_t i = 0; i < length; i++)
		used += escape(to + used, (unsigned char)from[i],
		    i + 1 < length ? (unsigned char)from[i + 1] : 0);
	to[used] = '\0';
	return (int)used;
}

#ifdef COMPAT_SCANDIRAT
static void free_entries(struct dirent **list, int count)
{
	while (count > 0)
		free(list[--count]);
	free(list);
}

/* Adds a copy of the entry to the list; returns -1 without memory. */
static int add_entry(
    struct dirent ***list, int count, const struct dirent *entry)
{
	struct dirent **longer =
	    reallocarray(*list, (size_t)count + 1, sizeof **list);
	if (longer == NULL)
		return -1;
	*list = longer;
	longer[count] = malloc(entry->d_reclen);
	if (longer[count] == NULL)
		return -1;
	memcpy(longer[count], entry, entry->d_reclen);
	return 0;
}

/* Returns the number of entries that the filter takes, -1 with errno. */
static int read_entries(
    DIR *directory, struct dirent ***list, int (*filter)(const struct dirent *))
{
	struct dirent *entry;
	int count = 0;
	while (errno = 0, (entry = readdir(directory)) != NULL) {
		if (filter != NULL && !filter(entry))
			continue;
		if (add_entry(list, count, entry) < 0)
			break;
		count++;
	}
	if (errno == 0)
		return count;
	int error = errno;
	free_entries(*list, count);
	errno = error;
	return -1;
}

int compat_scandir(int fd, struct dirent ***list,
    int (*filter)(const struct dirent *), compat_order order)
{
	if (fd < 0)
		return -1;
	DIR *directory = fdopendir(fd);
	if (directory == NULL) {
		close(fd);
		return -1;
	}
	*list = NULL;
	int count = read_entries(directory, list, filter);
	int error = errno;
	closedir(directory);
	errno = error;
	if (count > 0 && order != NULL)
		qsort(*list, (size_t)count, sizeof **list,
		    (int (*)(const void *, const void *))order);
	return count;
}
#endif
