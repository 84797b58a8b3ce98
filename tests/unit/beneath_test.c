/*
 * Names beneath a directory. All is tried both with openat2(2) and part by
 * part.
 */
#include "beneath.h"

#include <sys/syscall.h>

#include "scratch.h"

static const bool ways[] = { false, true };

static struct beneath opened(const char *directory, bool walks)
{
	struct beneath beneath;

	scratch_must(beneath_open(&beneath, directory), directory);
	CHECK(!beneath.walks);
	beneath.walks = walks;
	return beneath;
}

/* Whether fd is that directory, which is no symbolic link. */
static bool is_directory(int fd, const char *path)
{
	struct stat one;
	struct stat other;

	return fstat(fd, &one) == 0 && lstat(path, &other) == 0 &&
	       one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/* The name lies in the directory `path`; its last part is `wanted`. */
static bool lies_in(struct beneath *beneath, const char *name, const char *path)
{
	const char *last = "";
	int fd = beneath_parent(beneath, name, &last);
	const char *slash = strrchr(name, '/');

	return CHECK(fd >= 0) &&
	       CHECK_STR(last, slash == NULL ? name : slash + 1) &&
	       CHECK(is_directory(fd, path));
}

/* The errno of a name without a directory, 0 if it has one. */
static int error_of(struct beneath *beneath, const char *name)
{
	const char *last;

	return beneath_parent(beneath, name, &last) < 0 ? errno : 0;
}

static bool is_no_directory(int error)
{
	return error == ELOOP || error == ENOTDIR;
}

/* "d/d/d" with that many parts. */
static const char *deep(int parts)
{
	static char name[BENEATH_NAME_MAX + 1];

	memset(name, '/', sizeof name);
	for (int i = 0; i < parts; i++)
		name[2 * i] = 'd';
	name[2 * parts - 1] = '\0';
	return name;
}

static void test_deep(void)
{
	const char *name = deep(BENEATH_DEPTH + 1);

	CHECK_STR(beneath_check(name, strlen(name)),
	    "the name has more than 128 parts");
	scratch_make();
	for (int i = 1; i < BENEATH_DEPTH; i++)
		scratch_directory(deep(i));
	for (size_t i = 0; i < LENGTH(ways); i++) {
		struct beneath beneath = opened(".", ways[i]);
		char above[2 * BENEATH_DEPTH];

		strcpy(above, deep(BENEATH_DEPTH - 1));
		name = deep(BENEATH_DEPTH);
		CHECK(beneath_check(name, strlen(name)) == NULL);
		lies_in(&beneath, name, above);
		beneath_close(&beneath);
	}
}

static void test_finds(void)
{
	scratch_make();
	scratch_directory("a");
	scratch_directory("a/b");
	scratch_directory("ab");
	scratch_directory(PART_255);
	for (size_t i = 0; i < LENGTH(ways); i++) {
		struct beneath beneath = opened(".", ways[i]);

		lies_in(&beneath, "x", ".");
		lies_in(&beneath, "a/x", "a");
		lies_in(&beneath, "ab/x", "ab");
		lies_in(&beneath, "a/x", "a");
		lies_in(&beneath, "a/b/x", "a/b");
		lies_in(&beneath, "a/b", "a");
		lies_in(&beneath, PART_255 "/" PART_255, PART_255);
		lies_in(&beneath, "y", ".");
		lies_in(&beneath, "a/y", "a");
		beneath_close(&beneath);
	}
}

static void test_missing(void)
{
	scratch_make();
	scratch_directory("a");
	scratch_write("a/file", "");
	for (size_t i = 0; i < LENGTH(ways); i++) {
		struct beneath beneath = opened(".", ways[i]);

		CHECK_INT(error_of(&beneath, "none/x"), ENOENT);
		CHECK_INT(error_of(&beneath, "a/none/x"), ENOENT);
		CHECK_INT(error_of(&beneath, "a/file/x"), ENOTDIR);
		CHECK_INT(error_of(&beneath, "a/file/x/y"), ENOTDIR);
		/* and what failed is not taken for the latest directory */
		CHECK_INT(error_of(&beneath, "a/file/x"), ENOTDIR);
		lies_in(&beneath, "a/x", "a");
		beneath_close(&beneath);
	}
}

static void test_links(void)
{
	scratch_make();
	scratch_directory("outside");
	scratch_directory("outside/b");
	scratch_directory("in");
	scratch_directory("in/a");
	scratch_directory("in/a/b");
	scratch_link("../outside", "in/out");
	scratch_link("/", "in/root");
	scratch_link("a", "in/inside");
	scratch_link("../../outside", "in/a/out");
	scratch_link("b", "in/a/inside");
	scratch_link("none", "in/dangling");
	scratch_link("round", "in/round");
	for (size_t i = 0; i < LENGTH(ways); i++) {
		static const char *const names[] = { "out/x", "out/b/x",
			"root/x", "root/tmp/x", "inside/x", "inside/b/x",
			"a/out/x", "a/out/b/x", "a/inside/x", "dangling/x",
			"dangling/x/y", "round/x" };
		struct beneath beneath = opened("in", ways[i]);

		for (size_t n = 0; n < LENGTH(names); n++)
			CHECK(is_no_directory(error_of(&beneath, names[n])));
		/* the last part is for others to look at */
		lies_in(&beneath, "out", "in");
		lies_in(&beneath, "a/out", "in/a");
		beneath_close(&beneath);
	}
}

static void test_magic(void)
{
	for (size_t i = 0; i < LENGTH(ways); i++) {
		struct beneath beneath = opened("/proc/self", ways[i]);

		CHECK(is_no_directory(error_of(&beneath, "root/x")));
		CHECK(is_no_directory(error_of(&beneath, "root/tmp/x")));
		CHECK(is_no_directory(error_of(&beneath, "cwd/x")));
		CHECK_INT(error_of(&beneath, "fd/x"), 0);
		beneath_close(&beneath);
	}
}

static void test_unchecked(void)
{
	scratch_make();
	scratch_directory("in");
	scratch_directory("in/a");
	for (size_t i = 0; i < LENGTH(ways); i++) {
		static const char *const names[] = { "", "..", "../x", "/x",
			"/tmp/x", "a/../x", "a/../../x", "a//x", "a/",
			PART_255 "b/x" };
		struct beneath beneath = opened("in", ways[i]);

		for (size_t n = 0; n < LENGTH(names); n++)
			CHECK_INT(error_of(&beneath, names[n]), EINVAL);
		CHECK_INT(error_of(&beneath, deep(BENEATH_DEPTH + 1)), EINVAL);
		beneath_close(&beneath);
	}
}

static void test_root(void)
{
	scratch_make();
	scratch_directory("real");
	scratch_directory("real/a");
	scratch_link("real", "link");
	scratch_link("link", "link-to-link");
	for (size_t i = 0; i < LENGTH(ways); i++) {
		struct beneath beneath = opened("link-to-link", ways[i]);

		lies_in(&beneath, "x", "real");
		lies_in(&beneath, "a/x", "real/a");
		beneath_close(&beneath);
	}
}

static void test_open_fails(void)
{
	struct beneath beneath;
	int before;

	scratch_make();
	scratch_write("file", "");
	scratch_link("none", "dangling");
	before = scratch_open_fds();
	CHECK_INT(beneath_open(&beneath, "none"), -1);
	CHECK_INT(errno, ENOENT);
	CHECK_INT(beneath_open(&beneath, "dangling"), -1);
	CHECK_INT(errno, ENOENT);
	CHECK_INT(beneath_open(&beneath, "file"), -1);
	CHECK_INT(errno, ENOTDIR);
	CHECK_INT(scratch_open_fds(), before);
}

/* The directory of the latest name is kept, whatever has its name by now. */
static void test_latest(void)
{
	scratch_make();
	scratch_directory("outside");
	for (size_t i = 0; i < LENGTH(ways); i++) {
		struct beneath beneath = opened(".", ways[i]);
		const char *last;
		int fd;

		scratch_directory("a");
		fd = beneath_parent(&beneath, "a/x", &last);
		CHECK_INT(beneath_parent(&beneath, "a/y", &last), fd);
		CHECK_STR(last, "y");
		scratch_must(rename("a", "b"), "rename");
		scratch_link("outside", "a");
		lies_in(&beneath, "a/x", "b");
		lies_in(&beneath, "b/x", "b");
		CHECK(is_no_directory(error_of(&beneath, "a/x")));
		beneath_close(&beneath);
		scratch_must(unlink("a"), "unlink");
		scratch_must(rmdir("b"), "rmdir");
	}
}

static void test_closes(void)
{
	scratch_make();
	scratch_directory("a");
	scratch_directory("a/b");
	for (size_t i = 0; i < LENGTH(ways); i++) {
		int before = scratch_open_fds();
		struct beneath beneath = opened(".", ways[i]);
		const char *last;
		int fd;

		CHECK_INT(error_of(&beneath, "a/b/x/y"), ENOENT);
		CHECK_INT(error_of(&beneath, "a/x"), 0);
		fd = beneath_parent(&beneath, "a/b/x", &last);
		CHECK_INT(fcntl(fd, F_GETFD), FD_CLOEXEC);
		CHECK_INT(fcntl(beneath.root, F_GETFD), FD_CLOEXEC);
		beneath_close(&beneath);
		CHECK_INT(scratch_open_fds(), before);
	}
}

static void check_denied(int error)
{
	struct beneath beneath;

	scratch_make();
	scratch_directory("a");
	scratch_link("a", "link");
	scratch_deny(SYS_openat2, error, 0, 0);
	CHECK_INT(beneath_open(&beneath, "."), 0);
	CHECK(beneath.walks);
	lies_in(&beneath, "x", ".");
	lies_in(&beneath, "a/x", "a");
	CHECK(is_no_directory(error_of(&beneath, "link/x")));
	CHECK_INT(error_of(&beneath, "a/none/x"), ENOENT);
	beneath_close(&beneath);
}

static void test_old_kernel(void)
{
	check_denied(ENOSYS);
}

static void test_filter(void)
{
	check_denied(EPERM);
}

static void test_unsure(void)
{
	struct beneath beneath;

	scratch_make();
	scratch_directory("a");
	scratch_link("a", "link");
	beneath = opened(".", false);
	scratch_deny(SYS_openat2, EAGAIN, 0, 0);
	lies_in(&beneath, "a/x", "a");
	CHECK(is_no_directory(error_of(&beneath, "link/x")));
	beneath_close(&beneath);
}

/* A child that puts a link to another directory in the place of one, and back,
 * until it is killed. */
static pid_t swapper(const char *one, const char *other)
{
	pid_t pid = scratch_must(fork(), "fork");

	while (pid == 0)
		if (renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE) <
		    0)
			_exit(1);
	return pid;
}

static void test_race(void)
{
	pid_t pid;

	scratch_make();
	scratch_directory("outside");
	scratch_directory("outside/b");
	scratch_directory("in");
	scratch_directory("in/a");
	scratch_directory("in/a/b");
	scratch_link("../outside", "in/link");
	pid = swapper("in/a", "in/link");
	for (size_t i = 0; i < LENGTH(ways); i++) {
		struct beneath beneath = opened("in", ways[i]);
		int found = 0;
		int refused = 0;

		for (int n = 0;
		     n < 100000 && (n < 5000 || found < 20 || refused < 20);
		     n++) {
			const char *last;
			int fd = beneath_parent(&beneath, "a/b/x", &last);

			if (fd >= 0 && CHECK(!is_directory(fd, "outside/b")))
				found++;
			else if (CHECK(is_no_directory(errno)))
				refused++;
			/* so that it is not taken from the latest name */
			CHECK_INT(error_of(&beneath, "none/x"), ENOENT);
		}
		CHECK(found >= 20);
		CHECK(refused >= 20);
		beneath_close(&beneath);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static const struct test tests[] = {
	{ "beneath: a name may have 128 parts", test_deep },
	{ "beneath: a name's directory and last part are found", test_finds },
	{ "beneath: what is no directory, or not there, is an error",
	    test_missing },
	{ "beneath: no symbolic link is followed, wherever it leads",
	    test_links },
	{ "beneath: no link of /proc is followed", test_magic },
	{ "beneath: a name that nobody has checked does not lead out",
	    test_unchecked },
	{ "beneath: the directory itself may be reached through links",
	    test_root },
	{ "beneath: a directory that cannot be opened leaves nothing open",
	    test_open_fails },
	{ "beneath: the directory of the latest name is not opened again",
	    test_latest },
	{ "beneath: all is closed, and no command inherits it", test_closes },
	{ "beneath: a kernel without openat2(2) is as safe", test_old_kernel },
	{ "beneath: so is a container that forbids it", test_filter },
	{ "beneath: a kernel that cannot be sure does not fail a transfer",
	    test_unsure },
	{ "beneath: a link put there in between leads nowhere", test_race },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
