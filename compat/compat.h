/*
 * What vcat uses of libbsd, for systems without it: make LIBBSD=no includes
 * this before all else. The functions keep the promises of their manual pages,
 * strtonum(3), strlcpy(3), closefrom(3) and user_from_uid(3), with one
 * exception: users and groups but root have no names here, only numbers, as
 * there may be no /etc, and a static program cannot load NSS.
 */
#ifndef VCAT_COMPAT_H
#define VCAT_COMPAT_H

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* a libc that has some of them keeps its own */
#define strtonum       compat_strtonum
#define strlcpy        compat_strlcpy
#define strlcat        compat_strlcat
#define closefrom      compat_closefrom
#define user_from_uid  compat_user_from_uid
#define group_from_gid compat_group_from_gid

long long strtonum(
    const char *text, long long least, long long most, const char **error);
size_t strlcpy(char *to, const char *from, size_t size);
size_t strlcat(char *to, const char *from, size_t size);
void closefrom(int first);

/* The text is overwritten by the next call of the same function. */
const char *user_from_uid(uid_t uid, int no_name);
const char *group_from_gid(gid_t gid, int no_name);

/* musl lacks it. The descriptor is closed. */
#ifndef __GLIBC__
#define COMPAT_SCANDIRAT
typedef int (*compat_order)(const struct dirent **, const struct dirent **);
int compat_scandir(int fd, struct dirent ***list,
    int (*filter)(const struct dirent *), compat_order order);
#define scandirat(at, path, list, filter, order)                               \
	compat_scandir(                                                        \
	    openat((at), (path), O_RDONLY | O_DIRECTORY | O_CLOEXEC), (list),  \
	    (filter), (order))
#endif

/* older musl lacks it */
#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#define renameat2(from_directory, from, to_directory, to, flags)               \
	((int)syscall(SYS_renameat2, (from_directory), (from), (to_directory), \
	    (to), (flags)))
#endif

#endif
