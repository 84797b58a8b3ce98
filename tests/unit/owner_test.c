/*
 * Owners as chown(1) takes them; and a file gets no other owner than it should.
 */
#include "owner.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>

#include "scratch.h"
#include "test.h"

#define NONE 0xffffffffLL

static void check(const char *text, long long user, long long group)
{
	struct owner owner;
	const char *why = owner_read(text, &owner);

	if (!CHECK(why == NULL) || !CHECK_INT(owner.user, user) ||
	    !CHECK_INT(owner.group, group))
		printf("# '%s': %s\n", text, why != NULL ? why : "read");
}

static void test_numbers(void)
{
	check("0", 0, NONE);
	check("4711", 4711, NONE);
	check("4711:4712", 4711, 4712);
	check("0:0", 0, 0);
	check(":4712", NONE, 4712);
	check("4294967294:4294967294", 4294967294LL, 4294967294LL);
}

static void test_names(void)
{
	const struct passwd *root = getpwnam("root");
	const struct group *group = getgrgid(0);
	char text[100];

	if (root == NULL || group == NULL)
		exit(TEST_SKIPPED);
	check("root", 0, NONE);
	check("root:", 0, root->pw_gid);
	check("0:", 0, root->pw_gid);
	snprintf(text, sizeof text, "root:%s", group->gr_name);
	check(text, 0, 0);
	snprintf(text, sizeof text, ":%s", group->gr_name);
	check(text, NONE, 0);
	check("root:4712", 0, 4712);
	snprintf(text, sizeof text, "4711:%s", group->gr_name);
	check(text, 4711, 0);
}

static void test_wrong(void)
{
	static const char *const wrong[] = { "", ":", "no-such-user",
		"no-such-user:0", "0:no-such-group", ":no-such-group",
		"4294967295", "0:4294967295", "4294967296", "-1", "+1", " 0",
		"0 ", "0:0:0", "0.0", "99999999999999999999", "4294967294:" };
	char longest[1000];
	struct owner owner;

	for (size_t i = 0; i < LENGTH(wrong); i++) {
		const char *why = owner_read(wrong[i], &owner);

		if (!CHECK(why != NULL && why[0] != '\0'))
			printf("# '%s'\n", wrong[i]);
	}
	memset(longest, '0', sizeof longest);
	longest[sizeof longest - 1] = '\0';
	CHECK(owner_read(longest, &owner) != NULL);
}

/* Gives "file" to ourselves. */
static int give(const char **step)
{
	const struct owner owner = { getuid(), getgid() };

	return owner_give("file", &owner, 0640, step);
}

static void test_give(void)
{
	const char *step = "";
	struct stat st;

	scratch_make();
	CHECK_INT(give(&step), -1);
	CHECK_INT(errno, ENOENT);
	scratch_must(mknod("file", S_IFSOCK, 0), "mknod");
	CHECK_INT(give(&step), 0);
	CHECK_INT(lstat("file", &st), 0);
	CHECK_INT(st.st_mode, S_IFSOCK | 0640);
	CHECK_INT(st.st_uid, getuid());
	CHECK_INT(st.st_gid, getgid());
}

/* Somebody has put something else there. */
static void test_replaced(void)
{
	const char *step = "";
	struct stat st;

	scratch_make();
	scratch_write("precious", "x");
	scratch_must(chmod("precious", 0600), "chmod");
	scratch_link("precious", "file");
	CHECK_INT(give(&step), -1);
	CHECK_INT(errno, EEXIST);
	CHECK_INT(stat("precious", &st), 0);
	CHECK_INT(st.st_mode & 0777, 0600);
	scratch_must(unlink("file"), "unlink");
	scratch_must(link("precious", "file"), "link");
	CHECK_INT(give(&step), -1);
	CHECK_INT(stat("precious", &st), 0);
	CHECK_INT(st.st_mode & 0777, 0600);
}

static const struct test tests[] = {
	{ "owner: numbers, of users, groups and both", test_numbers },
	{ "owner: names, and login groups", test_names },
	{ "owner: what is none is refused", test_wrong },
	{ "give: a socket gets its owner and its mode", test_give },
	{ "give: what took its place keeps its own", test_replaced },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
