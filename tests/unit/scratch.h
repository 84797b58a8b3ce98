/*
 * A directory of a test's own, and what it finds there. It is gone when the
 * test ends.
 */
#ifndef VCAT_TEST_SCRATCH_H
#define VCAT_TEST_SCRATCH_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "test.h"

#define SCRATCH_TEXT_MAX 100

/* As long as the part of a name can be. */
#define PART_255                                                               \
	"0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmno"        \
	"0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmno"        \
	"0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmno"        \
	"0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmno"        \
	"0123456789a"

/* No failure is expected of these. */
static inline int scratch_must(int result, const char *what)
{
	if (result >= 0)
		return result;
	printf("# %s: %s\n", what, strerror(errno));
	exit(1);
}

static char scratch_path[] = "/tmp/vcat-scratch-XXXXXX";

static inline int scratch_remove(
    const char *path, const struct stat *st, int type, struct FTW *place)
{
	(void)st;
	(void)type;
	(void)place;
	return remove(path);
}

static inline void scratch_clean(void)
{
	nftw(scratch_path, scratch_remove, 20, FTW_DEPTH | FTW_PHYS);
}

/* Makes the directory and goes there; a process forked later must _exit(). */
static inline void scratch_make(void)
{
	if (mkdtemp(scratch_path) == NULL)
		scratch_must(-1, "mkdtemp");
	atexit(scratch_clean);
	scratch_must(chdir(scratch_path), "chdir");
}

static inline void scratch_directory(const char *path)
{
	scratch_must(mkdir(path, 0700), path);
}

static inline void scratch_link(const char *target, const char *path)
{
	scratch_must(symlink(target, path), path);
}

/* A new file with this text. */
static inline void scratch_write(const char *path, const char *text)
{
	int fd = scratch_must(
	    open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644), path);

	scratch_must((int)write(fd, text, strlen(text)), path);
	close(fd);
}

/* The text of a file, until the next call; "none" if there is no file. */
static inline const char *scratch_read(const char *path)
{
	static char text[SCRATCH_TEXT_MAX];
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT ? "none" : strerror(errno);
	n = read(fd, text, sizeof text - 1);
	text[n < 0 ? 0 : n] = '\0';
	close(fd);
	return n < 0 ? strerror(errno) : text;
}

/* What the link says, until the next call; "none" if there is no link. */
static inline const char *scratch_target(const char *path)
{
	static char text[SCRATCH_TEXT_MAX];
	ssize_t n = readlink(path, text, sizeof text - 1);

	if (n < 0)
		return "none";
	text[n] = '\0';
	return text;
}

/* How many names the directory has, beside "." and "..". */
static inline int scratch_count(const char *path)
{
	DIR *directory = opendir(path);
	int count = 0;

	if (directory == NULL)
		scratch_must(-1, path);
	while (readdir(directory) != NULL)
		count++;
	closedir(directory);
	return count - 2;
}

/* How many descriptors are open: it tells of lost ones. */
static inline int scratch_open_fds(void)
{
	return scratch_count("/proc/self/fd");
}

/* What lseek(3) of a 64-bit off_t calls on a machine of 32 bits. */
#ifdef SYS__llseek
#define SCRATCH_LSEEK SYS__llseek
#else
#define SCRATCH_LSEEK SYS_lseek
#endif

/*
 * From now on the kernel answers that system call with an error, as under the
 * filter of a container, if one of these bits is set in that argument, or, if
 * there are no bits, always.
 */
static inline void scratch_deny(int call, int error, int argument, int bits)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call, 0, 3),
		/* the low half of the argument, on little endian */
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    (unsigned)(offsetof(struct seccomp_data, args) +
			       8 * (unsigned)argument)),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (unsigned)bits, 0,
		    bits == 0 ? 0 : 1),
		BPF_STMT(BPF_RET | BPF_K,
		    SECCOMP_RET_ERRNO | ((unsigned)error & SECCOMP_RET_DATA)),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {
		.len = LENGTH(code),
		.filter = code,
	};

	scratch_must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privs");
	scratch_must(
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), "seccomp");
}

#endif
