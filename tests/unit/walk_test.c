/*
 * What is to be sent: the order, the names and the kinds of entries.
 */
#include "walk.h"

#include <limits.h>
#include <sys/un.h>

#include "grove.h"

static void test_order(void)
{
	begin();
	make_directory("d");
	make_file("d/b", "");
	make_file("d/a", "");
	make_file("d/B", "");
	make_file("d/\xc3\xa4", "");
	make_directory("d/a.d");
	make_file("d/a.d/x", "");
	make_directory("d/empty");
	CHECK_STR(WALKED("d"),
	    "D d|F d/B|F d/a|D d/a.d|F d/a.d/x|< d/a.d|F d/b|"
	    "D d/empty|< d/empty|F d/\xc3\xa4|< d");
	CHECK_STR(WALKED("d/b", "d/a"), "F b|F a");
	CHECK_STR(walked(opened((char *[]){ NULL })), "");
}

static void test_last_part(void)
{
	begin();
	make_directory("a");
	make_directory("a/b");
	make_file("a/b/c", "");
	CHECK_STR(WALKED("a/b/c"), "F c");
	CHECK_STR(WALKED("a/b"), "D b|F b/c|< b");
	CHECK_STR(WALKED("a/b/"), "D b|F b/c|< b");
	CHECK_STR(WALKED("./a//b//"), "D b|F b/c|< b");
	CHECK_STR(WALKED("a/../a/./b"), "D b|F b/c|< b");
}

static void test_nameless(void)
{
	begin();
	make_directory("a");
	make_directory("a/b");
	make_directory("a/b/c");
	make_directory("..a");
	ends_must(chdir("a"), "a");
	CHECK_STR(WALKED("."), "D b|D b/c|< b/c|< b");
	CHECK_STR(WALKED("./"), "D b|D b/c|< b/c|< b");
	CHECK_STR(WALKED("b/."), "D c|< c");
	CHECK_STR(WALKED("b/.//"), "D c|< c");
	CHECK_STR(WALKED("b/.."), "D b|D b/c|< b/c|< b");
	CHECK_STR(WALKED("b/c/../../"), "D b|D b/c|< b/c|< b");
	CHECK_STR(
	    WALKED(".."), "D ..a|< ..a|D a|D a/b|D a/b/c|< a/b/c|< a/b|< a");
	CHECK_STR(WALKED("../..a"), "D ..a|< ..a");
	CHECK_STR(WALKED("b", ".", "b/c"),
	    "D b|D b/c|< b/c|< b|D b|D b/c|< b/c|< b|D c|< c");
}

static void test_paths(void)
{
	char absolute[64];
	char path[80];

	begin();
	make_directory("a");
	make_directory("a/b");
	make_file("a/b/c", "");
	check_path(OPEN("a/b/c"), "c", "a/b/c");
	check_path(OPEN("a//"), "a", "a");
	check_path(OPEN("a//"), "a/b/c", "a/b/c");
	check_path(OPEN("a/b/.."), "b/c", "a/b/../b/c");
	check_path(OPEN("."), "a", "./a");
	check_path(OPEN("/"), "etc", "/etc");
	check_path(OPEN("//"), "etc", "/etc");
	snprintf(absolute, sizeof absolute, "%s/a/", place);
	snprintf(path, sizeof path, "%sb/c", absolute);
	check_path(OPEN(absolute), "a/b/c", path);
}

static void test_root(void)
{
	struct walk *walk = OPEN("/");
	const struct walk_entry *entry = walk_next(walk);

	if (CHECK(entry != NULL)) {
		CHECK_STR(entry->path + 1, entry->name);
		CHECK(strchr(entry->name, '/') == NULL);
	}
	walk_close(walk);
}

static void test_links(void)
{
	const struct walk_entry *entry;
	struct walk *walk;

	begin();
	make_directory("d");
	make_file("d/file", "");
	make_link("d", "link");
	make_link("nowhere", "dangling");
	make_link("file", "d/inner");
	CHECK_STR(WALKED("link", "dangling"), "L link|L dangling");
	CHECK_STR(WALKED("link/"), "D link|F link/file|L link/inner|< link");
	CHECK_STR(WALKED("link/."), "F file|L inner");
	CHECK_STR(WALKED("link/inner"), "L inner");
	CHECK_STR(WALKED("dangling/"), "! dangling: ENOENT");
	walk = OPEN("link", "d/file");
	entry = walk_next(walk);
	CHECK_STR(entry->target, "d");
	entry = walk_next(walk);
	CHECK(entry->target == NULL);
	walk_close(walk);
}

/* ext4 and others take targets of a block at most, tmpfs of a page. */
static void test_long_target(void)
{
	char target[PATH_MAX];
	const struct walk_entry *entry;
	struct walk *walk;

	begin();
	memset(target, 'x', sizeof target);
	target[sizeof target - 1] = '\0';
	while (symlink(target, "link") < 0 && errno == ENAMETOOLONG)
		target[strlen(target) - 1] = '\0';
	CHECK(strlen(target) > NAME_MAX);
	walk = OPEN("link");
	entry = walk_next(walk);
	if (CHECK_INT(entry->kind, WALK_LINK))
		CHECK_STR(entry->target, target);
	walk_close(walk);
}

static void test_others(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "s" };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	begin();
	ends_must(mkfifo("fifo", 0600), "mkfifo");
	ends_must(bind(fd, (struct sockaddr *)&name, sizeof name), "bind");
	CHECK_STR(WALKED(".", "/dev/null"), "O fifo|O s|O null");
}

static void test_facts(void)
{
	struct timespec times[2] = { { 1, 2 }, { 3, 4 } };
	struct walk *walk;
	const struct walk_entry *entry;

	begin();
	make_directory("d");
	make_file("d/f", "12345");
	ends_must(chmod("d/f", 0640), "chmod");
	ends_must(utimensat(AT_FDCWD, "d", times, 0), "utimensat");
	walk = OPEN("d");
	entry = walk_next(walk);
	CHECK_INT(entry->st.st_mtim.tv_sec, 3);
	entry = walk_next(walk);
	CHECK_INT(entry->st.st_size, 5);
	CHECK_INT(entry->st.st_mode, S_IFREG | 0640);
	make_file("d/new", "");
	entry = walk_next(walk);
	CHECK_INT(entry->kind, WALK_LEAVE);
	CHECK_STR(entry->path, "d");
	CHECK_INT(entry->st.st_mode, S_IFDIR | 0700);
	CHECK_INT(entry->st.st_mtim.tv_sec, 3);
	CHECK_INT(entry->st.st_mtim.tv_nsec, 4);
	walk_close(walk);
}

static void test_any_bytes(void)
{
	char name[NAME_MAX + 1];
	char wanted[NAME_MAX + 32];

	begin();
	memset(name, '\xff', NAME_MAX);
	name[NAME_MAX] = '\0';
	make_file(name, "");
	make_file(" a b\n", "");
	make_file("-rf", "");
	snprintf(wanted, sizeof wanted, "F  a b\n|F -rf|F %s", name);
	CHECK_STR(WALKED("."), wanted);
}

static void test_many(void)
{
	char name[32];
	char before[32] = "";
	struct walk *walk;
	const struct walk_entry *entry;
	int count = 0;

	begin();
	make_directory("d");
	make_file("first", "");
	for (int i = 0; i < 20000; i++) {
		/* 7919 is prime: the order of creation is another one */
		snprintf(name, sizeof name, "d/%05d", i * 7919 % 20000);
		ends_must(mknod(name, S_IFREG | 0600, 0), name);
	}
	walk = OPEN("d");
	walk_next(walk);
	while ((entry = walk_next(walk))->kind == WALK_FILE) {
		if (!CHECK(strcmp(before, entry->name) < 0))
			break;
		strlcpy(before, entry->name, sizeof before);
		count++;
	}
	CHECK_INT(count, 20000);
	CHECK_INT(entry->kind, WALK_LEAVE);
	walk_close(walk);
}

/* Opens "file" as it was when st was taken. */
static void check_stale(const struct stat *st)
{
	errno = 0;
	CHECK_INT(walk_open_file("file", st), -1);
	CHECK_INT(errno, ESTALE);
	unlink("file");
	rmdir("file");
}

static void test_open_file(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "file" };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	struct stat st;
	char text[8] = "";
	int fd;

	begin();
	make_file("file", "text");
	ends_must(stat("file", &st), "stat");
	fd = ends_must(walk_open_file("file", &st), "walk_open_file");
	CHECK_INT(read(fd, text, sizeof text), 4);
	CHECK_STR(text, "text");
	CHECK_INT(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_INT(write(fd, "x", 1), -1);
	ends_must(rename("file", "old"), "rename");
	CHECK_INT(walk_open_file("file", &st), -1);
	CHECK_INT(errno, ENOENT);
	make_file("file", "new");
	check_stale(&st);
	make_link("old", "file");
	check_stale(&st);
	ends_must(mkfifo("file", 0600), "mkfifo");
	check_stale(&st);
	make_directory("file");
	check_stale(&st);
	ends_must(
	    bind(listener, (struct sockaddr *)&name, sizeof name), "bind");
	check_stale(&st);
}

static const struct test tests[] = {
	{ "walk: a directory, what is in it by the order of bytes, its end",
	    test_order },
	{ "walk: an operand's name is its last part", test_last_part },
	{ "walk: of '.' and '..' there is only what is in them",
	    test_nameless },
	{ "walk: paths begin with the operand", test_paths },
	{ "walk: names in the root begin with no '/'", test_root },
	{ "walk: a link is followed only by a '/' at the end of an operand",
	    test_links },
	{ "walk: a link's target is never cut", test_long_target },
	{ "walk: sockets, pipes and devices are something else", test_others },
	{ "walk: the end of a directory has the facts of its beginning",
	    test_facts },
	{ "walk: names are any bytes", test_any_bytes },
	{ "walk: 20,000 entries come in order", test_many },
	{ "walk: a file is opened if it is still the same file",
	    test_open_file },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
