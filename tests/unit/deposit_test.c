/*
 * Files that get their name when they are complete. What is true of all is
 * tried with a file that has no name until then, with a partial file, and
 * without /proc, where there is no other than a partial file.
 */
#include "deposit.h"

#include <sched.h>
#include <sys/mount.h>

#include "scratch.h"

enum way { UNNAMED, RESUMED, WITHOUT_PROC, WAYS };

static const struct deposit_facts facts = {
	.mode = 0640,
	.seconds = 1000000000,
	.nanoseconds = 123456789,
	.target = "there",
};

/* Covers /proc for this process. */
static void hide_proc(void)
{
	if (unshare(CLONE_NEWNS) < 0)
		exit(test_failures > 0 ? 1 : TEST_SKIPPED);
	scratch_must(
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL), "mount");
	scratch_must(mount("none", "/proc", "tmpfs", 0, NULL), "mount");
}

/* A deposit for that name in "in", by an O_PATH descriptor, with that text. */
static struct deposit begun(enum way way, const char *name, const char *text)
{
	struct deposit deposit = deposit_none;
	int directory = open("in", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int result = way == RESUMED ? deposit_resume(&deposit, directory, name)
				    : deposit_open(&deposit, directory, name,
					  DEPOSIT_NOTHING);

	close(directory);
	if (CHECK_INT(result, 0)) {
		CHECK_INT(write(deposit.fd, text, strlen(text)), strlen(text));
		CHECK((deposit.part[0] == '\0') == (way == UNNAMED));
	}
	return deposit;
}

/* Runs the test once for each way, each with a new directory "in". */
static void each_way(void (*run)(enum way way))
{
	static const char *const done[WAYS] = { "0", "1", "2" };
	int before = scratch_open_fds();

	scratch_make();
	for (enum way way = UNNAMED; way < WAYS; way++) {
		scratch_directory("in");
		printf("# way %d\n", way);
		if (way == WITHOUT_PROC)
			hide_proc();
		run(way);
		if (way == WITHOUT_PROC)
			scratch_must(umount("/proc"), "umount");
		scratch_must(rename("in", done[way]), "rename");
		CHECK_INT(scratch_open_fds(), before);
	}
}

static void commit_in(enum way way)
{
	struct deposit deposit = begun(way, "file", "text");
	struct stat st;

	umask(077);
	CHECK_STR(scratch_read("in/file"), "none");
	CHECK_INT(fstat(deposit.fd, &st), 0);
	CHECK_INT(st.st_mode, S_IFREG | 0600);
	CHECK_INT(fcntl(deposit.fd, F_GETFD), FD_CLOEXEC);
	deposit_push(&deposit, 0, 4);
	CHECK_INT(deposit_sync(&deposit), 0);
	CHECK_INT(deposit_commit(&deposit, &facts, false), 0);
	CHECK_INT(deposit.fd, -1);
	CHECK_STR(scratch_read("in/file"), "text");
	CHECK_INT(lstat("in/file", &st), 0);
	CHECK_INT(st.st_mode, S_IFREG | 0640);
	CHECK_INT(st.st_nlink, 1);
	CHECK_INT(st.st_mtim.tv_sec, 1000000000);
	CHECK_INT(st.st_mtim.tv_nsec, 123456789);
	CHECK_INT(scratch_count("in"), 1);
}

static void test_commit(void)
{
	each_way(commit_in);
}

static void facts_in(enum way way)
{
	static const struct deposit_facts old = {
		.mode = 07777, .seconds = -1, .nanoseconds = 999999999
	};
	struct deposit deposit = begun(way, "file", "");
	struct stat st;

	CHECK_INT(deposit_commit(&deposit, &old, false), 0);
	CHECK_INT(lstat("in/file", &st), 0);
	CHECK_INT(st.st_mode, S_IFREG | 0777);
	CHECK_INT(st.st_size, 0);
	CHECK_INT(st.st_mtim.tv_sec, -1);
	CHECK_INT(st.st_mtim.tv_nsec, 999999999);
}

static void test_facts(void)
{
	each_way(facts_in);
}

static void taken_in(enum way way)
{
	struct deposit deposit = begun(way, "file", "new");
	struct deposit_facts wrong = facts;

	scratch_write("in/file", "old");
	CHECK_INT(deposit_commit(&deposit, &facts, false), -1);
	CHECK_INT(errno, EEXIST);
	CHECK_INT(deposit.fd, -1);
	CHECK_STR(scratch_read("in/file"), "old");
	scratch_link("none", "in/link");
	deposit = begun(way, "link", "new");
	CHECK_INT(deposit_commit(&deposit, &facts, false), -1);
	CHECK_INT(errno, EEXIST);
	CHECK_STR(scratch_target("in/link"), "none");
	scratch_directory("in/dir");
	deposit = begun(way, "dir", "new");
	CHECK_INT(deposit_commit(&deposit, &facts, false), -1);
	CHECK_INT(errno, EEXIST);
	deposit = begun(way, "dir", "new");
	CHECK_INT(deposit_commit(&deposit, &facts, true), -1);
	CHECK_INT(errno, EISDIR);
	wrong.nanoseconds = 1000000000;
	deposit = begun(way, "other", "new");
	CHECK_INT(deposit_commit(&deposit, &wrong, true), -1);
	CHECK_INT(errno, EINVAL);
	/* no failure leaves anything */
	CHECK_INT(scratch_count("in"), 3);
	CHECK_INT(scratch_count("in/dir"), 0);
}

static void test_taken(void)
{
	each_way(taken_in);
}

static void replace_in(enum way way)
{
	struct deposit deposit = begun(way, "file", "new");
	char text[4] = "";
	int reader;

	scratch_write("in/file", "old");
	reader = scratch_must(open("in/file", O_RDONLY | O_CLOEXEC), "open");
	CHECK_INT(deposit_commit(&deposit, &facts, true), 0);
	CHECK_STR(scratch_read("in/file"), "new");
	CHECK_INT(read(reader, text, 3), 3);
	CHECK_STR(text, "old");
	close(reader);
	/* the link itself, not what it leads to */
	scratch_write("in/victim", "precious");
	scratch_link("victim", "in/link");
	deposit = begun(way, "link", "new");
	CHECK_INT(deposit_commit(&deposit, &facts, true), 0);
	CHECK_STR(scratch_read("in/link"), "new");
	CHECK_STR(scratch_read("in/victim"), "precious");
	/* and where there is nothing to replace */
	deposit = begun(way, "other", "new");
	CHECK_INT(deposit_commit(&deposit, &facts, true), 0);
	CHECK_STR(scratch_read("in/other"), "new");
	CHECK_INT(scratch_count("in"), 4);
}

static void test_replace(void)
{
	each_way(replace_in);
}

static void drop_in(enum way way)
{
	struct deposit deposit = begun(way, "file", "text");

	deposit_drop(&deposit, false);
	CHECK_INT(deposit.fd, -1);
	CHECK_INT(deposit.directory, -1);
	CHECK_INT(scratch_count("in"), 0);
	deposit_drop(&deposit, false);
	CHECK_INT(deposit_commit(&deposit, &facts, true), -1);
	CHECK_INT(errno, EBADF);
}

static void test_drop(void)
{
	each_way(drop_in);
}

static void refuse_in(enum way way)
{
	char name[] = "0123456789012345678901234567890123456789012345678901234"
		      "56789012345678901234567890123456789012345678901234567890"
		      "12345678901234567890123456789012345678901234567890123456"
		      "78901234567890123456789012345678901234567890123456789012"
		      "345678901234567890123456789012345";
	const char *const names[] = { "a/b", "/a", "../a", ".vcat-part-",
		".vcat-part-a96faf705af16834e6c632b61e964e1f" };
	struct deposit deposit;

	for (size_t i = 0; i < LENGTH(names); i++) {
		CHECK_INT(
		    deposit_open(&deposit, AT_FDCWD, names[i], DEPOSIT_NOTHING),
		    -1);
		CHECK_INT(errno, EINVAL);
		CHECK_INT(deposit_resume(&deposit, AT_FDCWD, names[i]), -1);
		CHECK_INT(errno, EINVAL);
		CHECK_INT(deposit.fd, -1);
		CHECK_INT(deposit_link(AT_FDCWD, names[i], &facts, true), -1);
		CHECK_INT(errno, EINVAL);
	}
	CHECK_INT(strlen(name), 256);
	CHECK_INT(deposit_open(&deposit, AT_FDCWD, name, DEPOSIT_NOTHING), -1);
	CHECK_INT(errno, ENAMETOOLONG);
	name[255] = '\0';
	deposit = begun(way, name, "long");
	CHECK_INT(deposit_commit(&deposit, &facts, false), 0);
	CHECK_INT(scratch_count("in"), 1);
}

static void test_refuse(void)
{
	each_way(refuse_in);
}

static void close_in(enum way way)
{
	struct deposit deposit = begun(way, "file", "");

	CHECK_INT(deposit_commit(&deposit, &facts, false), 0);
	deposit = begun(way, "file", "");
	CHECK_INT(deposit_commit(&deposit, &facts, false), -1);
	deposit = begun(way, "file", "");
	deposit_drop(&deposit, true);
	CHECK_INT(deposit_link(AT_FDCWD, "in/file", &facts, true), -1);
	CHECK_INT(deposit_open(&deposit, -1, "file", DEPOSIT_NOTHING), -1);
	CHECK_INT(errno, EBADF);
	CHECK_INT(deposit_sync_directory(AT_FDCWD), 0);
}

static void test_close(void)
{
	each_way(close_in);
}

static const struct test tests[] = {
	{ "deposit: a complete file has its name, contents, mode and time",
	    test_commit },
	{ "deposit: only permissions are taken over, and any time",
	    test_facts },
	{ "deposit: what has the name stays, and nothing else", test_taken },
	{ "deposit: replacing leaves the old file to those who read it",
	    test_replace },
	{ "deposit: a file that is dropped leaves nothing", test_drop },
	{ "deposit: names that are too long or reserved are refused",
	    test_refuse },
	{ "deposit: no descriptor is lost", test_close },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
