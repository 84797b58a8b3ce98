/*
 * What can be wrong with entries, and that the others are sent.
 */
#include "walk.h"

#include <limits.h>
#include <sys/resource.h>

#include "grove.h"

/* A path that is longer than open(2) takes, with room for a name. */
#define LONG (PATH_MAX + NAME_MAX)

static void test_missing(void)
{
	begin();
	make_file("file", "");
	CHECK_STR(WALKED("none", "file"), "! none: ENOENT|F file");
	CHECK_STR(WALKED("no/such", "file"), "! such: ENOENT|F file");
	CHECK_STR(WALKED("", "file"), "! : ENOENT|F file");
	CHECK_STR(WALKED("file/", "file"), "! file: ENOTDIR|F file");
	CHECK_STR(WALKED("file/.", "none/.."), "! : ENOTDIR|! : ENOENT");
}

/* What has been listed and is gone when it is its turn. */
static void test_vanished(void)
{
	struct walk *walk;

	begin();
	make_directory("d");
	make_file("d/a", "");
	make_file("d/b", "");
	make_file("d/c", "");
	walk = OPEN("d");
	walk_next(walk);
	CHECK_STR(walk_next(walk)->name, "d/a");
	unlink("d/b");
	CHECK_STR(walked(walk), "! d/b: ENOENT|F d/c|< d");
}

/* Root may read all: it becomes somebody else for a while. */
static void test_unreadable(void)
{
	struct walk *walk;
	const struct walk_entry *entry;

	begin();
	make_directory("d");
	make_directory("d/secret");
	make_file("d/z", "");
	ends_must(chmod(place, 0755), "chmod");
	ends_must(chmod("d", 0755), "chmod");
	ends_must(chmod("d/secret", 0), "chmod");
	if (geteuid() == 0)
		ends_must(seteuid(65534), "seteuid");
	CHECK_STR(WALKED("d"),
	    "D d|D d/secret|! d/secret: EACCES|< d/secret|F d/z|< d");
	CHECK_STR(WALKED("d/secret/."), "! : EACCES");
	walk = OPEN("d/secret/..", "d/secret/");
	entry = walk_next(walk);
	CHECK_INT(entry->error, EACCES);
	CHECK_STR(entry->path, "d/secret/..");
	walk_close(walk);
	if (getuid() == 0)
		ends_must(seteuid(0), "seteuid");
}

static void test_no_descriptors(void)
{
	struct rlimit before;
	struct rlimit none;

	begin();
	make_directory("d");
	make_file("f", "");
	getrlimit(RLIMIT_NOFILE, &before);
	none = (struct rlimit){ 3, before.rlim_max };
	setrlimit(RLIMIT_NOFILE, &none);
	CHECK_STR(WALKED("d", "f"), "D d|! d: EMFILE|< d|F f");
	check_path(OPEN("/"), "", "/");
	setrlimit(RLIMIT_NOFILE, &before);
}

/* The walk is in a directory that gets another name, and a link gets its. */
static void test_swapped(void)
{
	struct walk *walk;
	struct stat st;
	const struct walk_entry *entry;

	begin();
	make_directory("d");
	make_directory("d/in");
	make_file("d/in/file", "right");
	make_directory("d/next");
	make_directory("elsewhere");
	make_file("elsewhere/file", "wrong");
	make_file("elsewhere/more", "wrong");
	walk = OPEN("d");
	walk_next(walk);
	CHECK_STR(walk_next(walk)->name, "d/in");
	ends_must(rename("d/in", "moved"), "rename");
	make_link("../elsewhere", "d/in");
	ends_must(rmdir("d/next"), "rmdir");
	make_link("../elsewhere", "d/next");
	entry = walk_next(walk);
	CHECK_STR(entry->name, "d/in/file");
	st = entry->st;
	CHECK_INT(walk_open_file(entry->path, &st), -1);
	CHECK_INT(errno, ESTALE);
	CHECK_STR(walked(walk), "< d/in|L d/next|< d");
}

/*
 * Exchanges a directory and a link for as long as the test runs, with pauses:
 * an exchange keeps others out of both directories.
 */
static void *exchange(void *unused)
{
	for (;;) {
		renameat2(AT_FDCWD, "d/x", AT_FDCWD, "link", RENAME_EXCHANGE);
		usleep(10);
	}
	return unused;
}

static void test_race(void)
{
	pthread_t thread;

	begin();
	make_directory("d");
	make_directory("d/x");
	make_directory("elsewhere");
	make_file("elsewhere/wrong", "");
	make_link("../elsewhere", "link");
	ends_must(-pthread_create(&thread, NULL, exchange, NULL), "thread");
	for (int i = 0; i < 2000; i++) {
		if (!CHECK(strstr(WALKED("d"), "wrong") == NULL))
			break;
	}
	pthread_cancel(thread);
	pthread_join(thread, NULL);
}

/* Makes directories of that name, each in the one before, and a file in all. */
static void make_deep(const char *name, int count)
{
	int top = ends_must(open(".", O_RDONLY | O_DIRECTORY), ".");

	for (int i = 0; i < count; i++) {
		make_directory(name);
		ends_must(chdir(name), name);
		make_file("~", "");
	}
	ends_must(fchdir(top), "fchdir");
	close(top);
}

/* What came of a deep tree. */
struct sounding {
	int files, errors, in, out;
	size_t longest; /* path that was no error */
	char deepest[2 * PATH_MAX];
};

static void sound(struct walk *walk, struct sounding *sounding)
{
	const struct walk_entry *entry;

	*sounding = (struct sounding){ 0 };
	while ((entry = walk_next(walk)) != NULL) {
		size_t length = strlen(entry->path);

		sounding->files += entry->kind == WALK_FILE;
		sounding->in += entry->kind == WALK_DIRECTORY;
		sounding->out += entry->kind == WALK_LEAVE;
		if (entry->kind == WALK_ERROR) {
			sounding->errors++;
			CHECK_INT(entry->error, ENAMETOOLONG);
			strlcpy(sounding->deepest, entry->path, LONG);
		} else if (length > sounding->longest) {
			sounding->longest = length;
		}
	}
	walk_close(walk);
}

static void test_deep(void)
{
	struct sounding sounding;

	begin();
	make_deep("d", 300);
	make_file("z", "");
	sound(OPEN("d", "z"), &sounding);
	CHECK_INT(sounding.in, 128);
	CHECK_INT(sounding.out, 128);
	CHECK_INT(sounding.files, 127 + 1); /* the names of 2..128 parts */
	CHECK_INT(sounding.errors, 2);      /* a directory and a file */
	sound(OPEN("."), &sounding);
	CHECK_INT(sounding.in, 128);
	CHECK_INT(sounding.out, 128);
	CHECK_INT(sounding.files, 127 + 1);
	CHECK_INT(sounding.errors, 2);
}

static void test_long(void)
{
	struct sounding sounding;
	char name[NAME_MAX + 1];
	char operand[LONG + 8] = "";

	begin();
	memset(name, 'n', NAME_MAX);
	name[NAME_MAX] = '\0';
	make_deep(name, 20);
	make_file("z", "");
	/* 15 names and a '/' after each are 3840 bytes, one more 4095 */
	sound(OPEN(name, "z"), &sounding);
	CHECK_INT(sounding.in, 16);
	CHECK_INT(sounding.out, 16);
	CHECK_INT(sounding.longest, PATH_MAX - 1);
	CHECK_INT(sounding.files, 15 + 1);
	CHECK_INT(sounding.errors, 2);
	CHECK_INT(strlen(sounding.deepest), PATH_MAX + 1);
	/* "./" takes two bytes of it: the 16th name is too long then */
	sound(OPEN("."), &sounding);
	CHECK_INT(sounding.in, 15);
	CHECK_INT(sounding.longest, 2 + 15 * 256 + 1);
	CHECK_INT(sounding.errors, 1);
	CHECK_INT(strlen(sounding.deepest), 2 + 16 * 256 - 1);
	/* 21 names of 194 bytes, "/~": one byte too many */
	memset(name, 'm', 194);
	name[194] = '\0';
	make_deep(name, 30);
	sound(OPEN(name), &sounding);
	CHECK_INT(sounding.in, 21);
	CHECK_INT(sounding.longest, 21 * 195 - 1);
	CHECK_INT(sounding.errors, 2);
	CHECK_INT(strlen(sounding.deepest), PATH_MAX);
	memset(operand, 'n', LONG);
	strcpy(operand + LONG, "/last/");
	check_path(OPEN(operand, "z"), "last/", operand);
	CHECK_INT(strncmp(WALKED(operand, "z"), "! last", 6), 0);
	memset(operand + 3, '/', LONG + 3);
	CHECK_STR(WALKED(operand, "z"), "! nnn: ENAMETOOLONG|F z");
}

/* The walk ends early, in two directories. */
static void test_given_up(void)
{
	struct walk *walk;
	int free_descriptor = dup(0);

	close(free_descriptor);
	begin();
	make_deep("d", 3);
	walk = OPEN("d");
	walk_next(walk);
	walk_next(walk);
	walk_close(walk);
	CHECK_INT(dup(0), free_descriptor);
}

static const struct test tests[] = {
	{ "walk: an operand that is not there is an error, the next is sent",
	    test_missing },
	{ "walk: what vanishes meanwhile is an error", test_vanished },
	{ "walk: a directory that cannot be read is an error, the rest is sent",
	    test_unreadable },
	{ "walk: without descriptors a directory is an error",
	    test_no_descriptors },
	{ "walk: a link put in a directory's place leads nowhere",
	    test_swapped },
	{ "walk: no race leads through a link", test_race },
	{ "walk: names have at most 128 parts", test_deep },
	{ "walk: paths longer than open(2) takes are errors, and never cut",
	    test_long },
	{ "walk: one that is given up leaves nothing open", test_given_up },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
