/*
 * Partial files: what is taken up, what is removed, who has one.
 */
#include "partial.h"

#include <sys/file.h>
#include <time.h>

#include "scratch.h"

#define PART ".vcat-part-0123"

/* What has the name is no file to go on with: it is replaced by a new one. */
static void check_replaced(void)
{
	struct stat st;
	int fd = partial_claim(AT_FDCWD, PART);

	if (!CHECK(fd >= 0))
		return;
	CHECK(partial_has_name(fd, AT_FDCWD, PART));
	CHECK_INT(fstat(fd, &st), 0);
	CHECK_INT(st.st_mode, S_IFREG | 0600);
	CHECK_INT(st.st_size, 0);
	CHECK_INT(st.st_nlink, 1);
	CHECK_INT(st.st_uid, geteuid());
	CHECK_INT(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	CHECK_INT(partial_clear(AT_FDCWD, PART), 0);
	CHECK_STR(scratch_read(PART), "none");
}

static void test_name(void)
{
	char one[PARTIAL_NAME_SIZE];
	char other[PARTIAL_NAME_SIZE];

	/* xxhsum -H2 of the letter, and of nothing */
	partial_name("a", one);
	CHECK_STR(one, ".vcat-part-a96faf705af16834e6c632b61e964e1f");
	partial_name("", other);
	CHECK_STR(other, ".vcat-part-99aa06d3014798d86001c324468d497f");
	CHECK(partial_reserves(one));
	CHECK(partial_reserves(".vcat-part-"));
	CHECK(!partial_reserves(".vcat-part"));
	CHECK(!partial_reserves("a.vcat-part-"));
	CHECK(!partial_reserves(""));
}

static void test_new(void)
{
	scratch_make();
	check_replaced();
	umask(0);
	check_replaced();
	CHECK_INT(scratch_count("."), 0);
}

static void test_kept(void)
{
	char text[5] = "";
	int fd;

	scratch_make();
	umask(077);
	scratch_write(PART, "kept");
	fd = partial_claim(AT_FDCWD, PART);
	CHECK_INT(read(fd, text, 4), 4);
	CHECK_STR(text, "kept");
	CHECK_INT(write(fd, "!", 1), 1);
	close(fd);
	CHECK_STR(scratch_read(PART), "kept!");
}

static void test_links(void)
{
	scratch_make();
	scratch_write("victim", "precious");
	scratch_link("victim", PART);
	check_replaced();
	scratch_link("none", PART);
	check_replaced();
	scratch_must(link("victim", PART), "link");
	check_replaced();
	CHECK_STR(scratch_read("victim"), "precious");
	CHECK_STR(scratch_read("none"), "none");
}

static void test_other_kinds(void)
{
	scratch_make();
	scratch_must(mkfifo(PART, 0600), "mkfifo");
	check_replaced();
	scratch_must(mknod(PART, S_IFSOCK | 0600, 0), "mknod");
	check_replaced();
}

static void test_directory(void)
{
	scratch_make();
	scratch_directory(PART);
	CHECK_INT(partial_claim(AT_FDCWD, PART), -1);
	CHECK_INT(errno, EISDIR);
	CHECK_INT(partial_clear(AT_FDCWD, PART), -1);
	CHECK_INT(errno, EISDIR);
}

static void test_modes(void)
{
	static const mode_t modes[] = { 0666, 0620, 0602, 0400, 0200, 0 };

	scratch_make();
	for (size_t i = 0; i < LENGTH(modes); i++) {
		scratch_write(PART, "x");
		scratch_must(chmod(PART, modes[i]), "chmod");
		check_replaced();
	}
}

static void test_owner(void)
{
	scratch_make();
	if (geteuid() != 0)
		exit(TEST_SKIPPED);
	scratch_write(PART, "theirs");
	scratch_must(chown(PART, 4711, 0), "chown");
	check_replaced();
}

/* Without the rights of root: as its owner, but not allowed to open it. */
static void test_closed_to_us(void)
{
	scratch_make();
	scratch_must(chmod(".", 0777), "chmod");
	if (geteuid() == 0)
		scratch_must(seteuid(4711), "seteuid");
	scratch_write(PART, "x");
	scratch_must(chmod(PART, 0444), "chmod");
	check_replaced();
	if (getuid() != 0)
		return;
	/* another user's cannot be locked, and so not be removed */
	scratch_must(seteuid(0), "seteuid");
	scratch_write(PART, "x");
	scratch_must(chmod(PART, 0600), "chmod");
	scratch_must(seteuid(4711), "seteuid");
	CHECK_INT(partial_claim(AT_FDCWD, PART), -1);
	CHECK_INT(errno, EACCES);
	scratch_must(seteuid(0), "seteuid");
	CHECK_STR(scratch_read(PART), "x");
}

static void test_lock(void)
{
	int fd;

	scratch_make();
	fd = partial_claim(AT_FDCWD, PART);
	CHECK(fd >= 0);
	CHECK_INT(partial_claim(AT_FDCWD, PART), -1);
	CHECK_INT(errno, EBUSY);
	CHECK_INT(partial_clear(AT_FDCWD, PART), -1);
	CHECK_INT(errno, EBUSY);
	CHECK(partial_has_name(fd, AT_FDCWD, PART));
	/* not even if it is not what we would go on with */
	scratch_must(chmod(PART, 0666), "chmod");
	CHECK_INT(partial_claim(AT_FDCWD, PART), -1);
	CHECK_INT(errno, EBUSY);
	close(fd);
	check_replaced();
}

static void test_clear(void)
{
	int before;

	scratch_make();
	before = scratch_open_fds();
	CHECK_INT(partial_clear(AT_FDCWD, PART), 0);
	scratch_write(PART, "x");
	CHECK_INT(partial_clear(AT_FDCWD, PART), 0);
	scratch_link("/dev/null", PART);
	CHECK_INT(partial_clear(AT_FDCWD, PART), 0);
	CHECK_INT(scratch_count("."), 0);
	CHECK_INT(scratch_open_fds(), before);
	scratch_must(rmdir(scratch_path), "rmdir");
	CHECK_INT(partial_claim(AT_FDCWD, PART), -1);
	CHECK_INT(errno, ENOENT);
	CHECK_INT(scratch_open_fds(), before);
}

/* Takes the file and lets it go by another name, or by none, again and again.
 * Exits with 1 if it ever had one that was not its own. */
static void compete(int seed)
{
	struct timespec end;
	struct timespec now;
	int got = 0;

	clock_gettime(CLOCK_MONOTONIC, &end);
	for (int i = seed;; i++) {
		int fd = partial_claim(AT_FDCWD, PART);

		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec > end.tv_sec + 1)
			_exit(got > 0 ? 0 : 2);
		if (fd < 0 && errno != EBUSY && errno != ENOENT &&
		    errno != EEXIST)
			_exit(3);
		if (fd < 0)
			continue;
		got++;
		for (int n = 0; n < 20; n++)
			if (!partial_has_name(fd, AT_FDCWD, PART))
				_exit(1);
		if ((i % 2 == 0 ? unlink(PART) : rename(PART, "target")) < 0)
			_exit(1);
		close(fd);
	}
}

static void test_compete(void)
{
	pid_t pids[4];

	scratch_make();
	for (size_t i = 0; i < LENGTH(pids); i++) {
		pids[i] = scratch_must(fork(), "fork");
		if (pids[i] == 0)
			compete((int)i);
	}
	for (size_t i = 0; i < LENGTH(pids); i++) {
		int status;

		waitpid(pids[i], &status, 0);
		CHECK_INT(status, 0);
	}
}

static const struct test tests[] = {
	{ "partial: the name is the hash of the target's", test_name },
	{ "partial: a new file is empty, and only its owner's", test_new },
	{ "partial: what has been kept is there", test_kept },
	{ "partial: a link put in its place leads to no other file",
	    test_links },
	{ "partial: a pipe or socket in its place is removed",
	    test_other_kinds },
	{ "partial: a directory in its place is an error", test_directory },
	{ "partial: what others may write to is not gone on with", test_modes },
	{ "partial: another user's file is not gone on with", test_owner },
	{ "partial: a file that cannot be opened is replaced if it is ours",
	    test_closed_to_us },
	{ "partial: one process at a time has it", test_lock },
	{ "partial: clearing removes it, and loses no descriptor", test_clear },
	{ "partial: nobody has a file that has just been moved or removed",
	    test_compete },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
