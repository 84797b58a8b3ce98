/*
 * Deposits and partial files: resuming, two of one name, symbolic links, and
 * file systems that lack something.
 */
#include "deposit.h"

#include <sys/syscall.h>

#include "scratch.h"

static const struct deposit_facts facts = {
	.mode = 0640,
	.seconds = 1000000000,
	.nanoseconds = 123456789,
	.target = "there",
};

/* The scratch directory, as a receiver has it. */
static int here(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = scratch_must(open(".", O_PATH | O_CLOEXEC), ".");
	return fd;
}

static struct deposit resumed(const char *name)
{
	struct deposit deposit;

	scratch_must(deposit_resume(&deposit, here(), name), name);
	return deposit;
}

static struct deposit opened(const char *name)
{
	struct deposit deposit;

	scratch_must(
	    deposit_open(&deposit, here(), name, DEPOSIT_NOTHING), name);
	return deposit;
}

/* Leaves a partial file of that target, with that text. */
static void leave(const char *name, const char *text)
{
	struct deposit deposit = resumed(name);

	CHECK_INT(write(deposit.fd, text, strlen(text)), strlen(text));
	deposit_drop(&deposit, true);
}

static void test_resume(void)
{
	struct deposit deposit;
	char text[5] = "";

	scratch_make();
	leave("file", "text");
	leave("other", "something else");
	CHECK_INT(scratch_count("."), 2);
	deposit = resumed("file");
	CHECK_INT(pread(deposit.fd, text, 4, 0), 4);
	CHECK_STR(text, "text");
	CHECK_INT(pwrite(deposit.fd, "ure", 3, 4), 3);
	CHECK_INT(deposit_commit(&deposit, &facts, false), 0);
	CHECK_STR(scratch_read("file"), "texture");
	CHECK_INT(scratch_count("."), 2);
}

/* As a process that is killed just before it renames the file leaves it. */
static void test_resume_late(void)
{
	struct deposit deposit = deposit_none;
	struct stat st;

	scratch_make();
	leave("file", "text");
	deposit = resumed("file");
	CHECK_INT(fchmod(deposit.fd, 0755), 0);
	deposit_drop(&deposit, true);
	deposit = resumed("file");
	CHECK_INT(fstat(deposit.fd, &st), 0);
	CHECK_INT(st.st_mode, S_IFREG | 0600);
	CHECK_INT(st.st_size, 4);
	deposit_drop(&deposit, false);
	CHECK_INT(scratch_count("."), 0);
}

static void test_open_removes(void)
{
	struct deposit deposit;
	struct stat st;

	scratch_make();
	leave("file", "text");
	deposit = opened("file");
	CHECK_INT(scratch_count("."), 0);
	CHECK_INT(fstat(deposit.fd, &st), 0);
	CHECK_INT(st.st_size, 0);
	deposit_drop(&deposit, true);
	CHECK_INT(scratch_count("."), 0);
}

static void test_busy(void)
{
	struct deposit deposit;
	struct deposit other;

	scratch_make();
	deposit = resumed("file");
	CHECK_INT(deposit_resume(&other, here(), "file"), -1);
	CHECK_INT(errno, EBUSY);
	CHECK_INT(deposit_open(&other, here(), "file", DEPOSIT_NOTHING), -1);
	CHECK_INT(errno, EBUSY);
	CHECK_INT(other.fd, -1);
	CHECK_INT(deposit_link(here(), "file", &facts, true), -1);
	CHECK_INT(errno, EBUSY);
	CHECK_INT(deposit_commit(&deposit, &facts, false), 0);
	CHECK_INT(deposit_open(&other, here(), "file", DEPOSIT_NOTHING), 0);
	deposit_drop(&other, false);
	CHECK_INT(scratch_count("."), 1);
}

static void test_two(void)
{
	struct deposit one;
	struct deposit other;

	scratch_make();
	for (int replace = 0; replace < 2; replace++) {
		one = opened("file");
		other = opened("file");
		CHECK_INT(write(one.fd, "one", 3), 3);
		CHECK_INT(write(other.fd, "other", 5), 5);
		CHECK_INT(deposit_commit(&one, &facts, replace), 0);
		CHECK_STR(scratch_read("file"), "one");
		CHECK_INT(deposit_commit(&other, &facts, replace), replace - 1);
		CHECK_STR(scratch_read("file"), replace ? "other" : "one");
		CHECK_INT(scratch_count("."), 1);
		unlink("file");
	}
	/* an unnamed one needs the partial name to replace another */
	one = opened("file");
	other = resumed("file");
	scratch_write("file", "old");
	CHECK_INT(deposit_commit(&one, &facts, true), -1);
	CHECK_INT(errno, EBUSY);
	CHECK_STR(scratch_read("file"), "old");
	CHECK_INT(deposit_commit(&other, &facts, true), 0);
	CHECK_INT(scratch_count("."), 1);
}

/*
 * Replaces the file again and again, until it has succeeded once, too: on a
 * busy machine another may sleep with the lock for thousands of tries. Exits
 * with 1 if that ever failed.
 */
static void compete(const char *text)
{
	int done = 0;

	alarm(60);
	for (int i = 0; i < 3000 || done == 0; i++) {
		struct deposit deposit;

		if (deposit_open(&deposit, here(), "file", DEPOSIT_NOTHING) ==
		    0) {
			if (write(deposit.fd, text, strlen(text)) < 0)
				_exit(2);
			if (deposit_commit(&deposit, &facts, true) == 0)
				done++;
			else if (errno != EBUSY)
				_exit(1);
		} else if (errno != EBUSY && errno != ENOENT &&
			   errno != EEXIST) {
			_exit(3);
		}
	}
	_exit(0);
}

static void test_compete(void)
{
	static const char *const texts[] = { "one", "two", "three" };
	pid_t pids[LENGTH(texts)];

	scratch_make();
	for (size_t i = 0; i < LENGTH(texts); i++) {
		pids[i] = scratch_must(fork(), "fork");
		if (pids[i] == 0)
			compete(texts[i]);
	}
	for (size_t i = 0; i < LENGTH(texts); i++) {
		int status;

		waitpid(pids[i], &status, 0);
		CHECK_INT(status, 0);
	}
	CHECK(strstr("one two three", scratch_read("file")) != NULL);
	CHECK_INT(scratch_count("."), 1);
}

static void test_left_in_between(void)
{
	struct deposit deposit;

	scratch_make();
	scratch_write("file", "old");
	deposit = opened("file");
	CHECK_INT(write(deposit.fd, "new", 3), 3);
	leave("file", "left");
	CHECK_INT(deposit_commit(&deposit, &facts, true), 0);
	CHECK_STR(scratch_read("file"), "new");
	CHECK_INT(scratch_count("."), 1);
}

static void test_moved(void)
{
	struct deposit deposit;
	char part[PARTIAL_NAME_SIZE];

	scratch_make();
	deposit = resumed("file");
	strcpy(part, deposit.part);
	CHECK_INT(rename(part, "moved"), 0);
	scratch_write(part, "theirs");
	CHECK_INT(deposit_commit(&deposit, &facts, true), -1);
	CHECK_INT(errno, ESTALE);
	CHECK_STR(scratch_read("file"), "none");
	CHECK_STR(scratch_read(part), "theirs");
}

/* A file system that does not know RENAME_NOREPLACE, such as NFS. */
static void test_old_rename(void)
{
	struct deposit deposit;

	scratch_make();
	scratch_deny(SYS_renameat2, EINVAL, 4, RENAME_NOREPLACE);
	leave("file", "text");
	deposit = resumed("file");
	CHECK_INT(deposit_commit(&deposit, &facts, false), 0);
	CHECK_STR(scratch_read("file"), "text");
	CHECK_INT(scratch_count("."), 1);
	deposit = resumed("file");
	CHECK_INT(deposit_commit(&deposit, &facts, false), -1);
	CHECK_INT(errno, EEXIST);
	CHECK_STR(scratch_read("file"), "text");
	CHECK_INT(deposit_link(here(), "link", &facts, false), 0);
	CHECK_STR(scratch_target("link"), "there");
	CHECK_INT(scratch_count("."), 2);
}

/* A file system that has no permissions, such as vfat. */
static void test_no_modes(void)
{
	struct deposit deposit;

	scratch_make();
	deposit = opened("file");
	scratch_deny(SYS_fchmod, EPERM, 0, 0);
	CHECK_INT(deposit_commit(&deposit, &facts, false), 0);
	CHECK_INT(scratch_count("."), 1);
}

static void test_no_disk(void)
{
	struct deposit deposit;

	scratch_make();
	deposit = opened("file");
	scratch_deny(SYS_fsync, EIO, 0, 0);
	CHECK_INT(deposit_sync(&deposit), -1);
	CHECK_INT(errno, EIO);
	CHECK_INT(deposit_sync_directory(here()), -1);
	CHECK_INT(errno, EIO);
	deposit_drop(&deposit, false);
}

static void test_unwritable(void)
{
	struct deposit deposit;

	scratch_make();
	scratch_must(chmod(".", 0555), "chmod");
	if (geteuid() == 0)
		scratch_must(seteuid(4711), "seteuid");
	CHECK_INT(deposit_open(&deposit, here(), "file", DEPOSIT_NOTHING), -1);
	CHECK_INT(errno, EACCES);
	CHECK_INT(deposit_resume(&deposit, here(), "file"), -1);
	CHECK_INT(errno, EACCES);
	CHECK_INT(deposit.directory, -1);
	CHECK_INT(deposit_link(here(), "file", &facts, false), -1);
	CHECK_INT(errno, EACCES);
	if (getuid() == 0)
		scratch_must(seteuid(0), "seteuid");
	scratch_must(chmod(".", 0700), "chmod");
}

static void test_link(void)
{
	struct deposit_facts other = facts;
	struct stat st;

	scratch_make();
	CHECK_INT(deposit_link(here(), "link", &facts, false), 0);
	CHECK_STR(scratch_target("link"), "there");
	CHECK_INT(lstat("link", &st), 0);
	CHECK_INT(st.st_mtim.tv_sec, 1000000000);
	CHECK_INT(st.st_mtim.tv_nsec, 123456789);
	/* the same is as good, another is not */
	CHECK_INT(deposit_link(here(), "link", &facts, false), 0);
	other.target = "the";
	CHECK_INT(deposit_link(here(), "link", &other, false), -1);
	CHECK_INT(errno, EEXIST);
	CHECK_STR(scratch_target("link"), "there");
	CHECK_INT(deposit_link(here(), "link", &other, true), 0);
	CHECK_STR(scratch_target("link"), "the");
	CHECK_INT(scratch_count("."), 1);
	leave("link", "of a file with this name");
	CHECK_INT(deposit_link(here(), "link", &facts, true), 0);
	CHECK_STR(scratch_target("link"), "there");
	CHECK_INT(scratch_count("."), 1);
}

static void test_link_taken(void)
{
	struct deposit_facts wrong = facts;

	scratch_make();
	scratch_write("file", "old");
	scratch_directory("dir");
	CHECK_INT(deposit_link(here(), "file", &facts, false), -1);
	CHECK_INT(errno, EEXIST);
	CHECK_STR(scratch_read("file"), "old");
	CHECK_INT(deposit_link(here(), "dir", &facts, false), -1);
	CHECK_INT(errno, EEXIST);
	CHECK_INT(deposit_link(here(), "dir", &facts, true), -1);
	CHECK_INT(errno, EISDIR);
	wrong.nanoseconds = 1000000000;
	CHECK_INT(deposit_link(here(), "link", &wrong, true), -1);
	CHECK_INT(errno, EINVAL);
	CHECK_INT(scratch_count("."), 2);
	CHECK_INT(deposit_link(here(), "file", &facts, true), 0);
	CHECK_STR(scratch_target("file"), "there");
	CHECK_INT(scratch_count("."), 2);
}

static const struct test tests[] = {
	{ "deposit: what is kept is gone on with", test_resume },
	{ "deposit: a partial file is closed to others again",
	    test_resume_late },
	{ "deposit: a new file removes what was kept", test_open_removes },
	{ "deposit: a target that is being received is busy", test_busy },
	{ "deposit: of two for one name each is whole", test_two },
	{ "deposit: processes that replace one file do not disturb each other",
	    test_compete },
	{ "deposit: a partial file left meanwhile is not in the way",
	    test_left_in_between },
	{ "deposit: a partial file that was exchanged gets no name",
	    test_moved },
	{ "deposit: without RENAME_NOREPLACE nothing is overwritten",
	    test_old_rename },
	{ "deposit: a file system without permissions has files, too",
	    test_no_modes },
	{ "deposit: a disk that fails is an error", test_no_disk },
	{ "deposit: a directory that is not writable is an error",
	    test_unwritable },
	{ "deposit: a symbolic link is made whole, and replaced if asked",
	    test_link },
	{ "deposit: a symbolic link takes the name of nothing else",
	    test_link_taken },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
