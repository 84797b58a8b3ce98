/*
 * What vcat expects of libbsd, and so of compat/ in its place.
 */
/* vis.h warns unless one of its two strnvis() is chosen; we use neither. */
#define LIBBSD_OPENBSD_VIS
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/tree.h>
#include <vis.h>

#include "ends.h"
#include "test.h"

static void test_numbers(void)
{
	static const struct {
		const char *text;
		long long least, most, number;
		const char *error;
	} rows[] = {
		{ "0", 0, 5, 0, NULL },
		{ "5", 0, 5, 5, NULL },
		{ "-3", -3, 5, -3, NULL },
		{ "6", 0, 5, 0, "too large" },
		{ "-1", 0, 5, 0, "too small" },
		{ "", 0, 5, 0, "invalid" },
		{ "x", 0, 5, 0, "invalid" },
		{ "1x", 0, 5, 0, "invalid" },
		{ "9223372036854775807", 0, LLONG_MAX, LLONG_MAX, NULL },
		{ "9223372036854775808", 0, LLONG_MAX, 0, "too large" },
		{ "-9223372036854775809", LLONG_MIN, 5, 0, "too small" },
	};
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const char *error = "";
		errno = EDOM;
		long long number =
		    strtonum(rows[i].text, rows[i].least, rows[i].most, &error);
		int after = errno;
		CHECK_INT(number, rows[i].number);
		CHECK_STR(error != NULL ? error : "none",
		    rows[i].error != NULL ? rows[i].error : "none");
		if (error == NULL)
			CHECK_INT(after, EDOM);
	}
}

static void test_strings(void)
{
	char text[6] = "?????";
	CHECK_INT(strlcpy(text, "abcdefgh", sizeof text), 8);
	CHECK_STR(text, "abcde");
	CHECK_INT(strlcpy(text, "ab", sizeof text), 2);
	CHECK_STR(text, "ab");
	CHECK_INT(strlcat(text, "cdefg", sizeof text), 7);
	CHECK_STR(text, "abcde");
	CHECK_INT(strlcpy(text, "xyz", 0), 3);
	CHECK_STR(text, "abcde");
	/* no NUL within the size: nothing is written */
	CHECK_INT(strlcat(text, "x", 3), 4);
	CHECK_STR(text, "abcde");
}

static void test_closefrom(void)
{
	int fd = ends_must(open("/dev/null", O_RDONLY), "/dev/null");
	int above = ends_must(fcntl(fd, F_DUPFD, fd + 40), "F_DUPFD");
	closefrom(fd + 1);
	CHECK_INT(fcntl(fd, F_GETFD), 0);
	CHECK_INT(fcntl(above, F_GETFD), -1);
	CHECK_INT(errno, EBADF);
	close(fd);
}

static void test_vis(void)
{
	static const char of_c[] = "\a\b\t\v\f\r";
	for (int byte = 0; byte < 256; byte++) {
		for (const char *next = "18 "; *next != '\0'; next++) {
			const char from[] = { (char)byte, *next };
			char shown[9], wanted[9];
			const char *at = byte != 0 ? strchr(of_c, byte) : NULL;
			if (at != NULL)
				sprintf(wanted, "\\%c%c", "abtvfr"[at - of_c],
				    *next);
			else if (byte == '\\')
				sprintf(wanted, "\\\\%c", *next);
			else if (byte == '\n' || (byte >= ' ' && byte <= '~'))
				sprintf(wanted, "%c%c", byte, *next);
			else if (byte == 0 && *next != '1')
				sprintf(wanted, "\\0%c", *next);
			else
				sprintf(wanted, "\\%03o%c", byte, *next);
			CHECK_INT(strvisx(shown, from, 2,
				      VIS_CSTYLE | VIS_OCTAL | VIS_TAB),
			    (long long)strlen(wanted));
			CHECK_STR(shown, wanted);
		}
	}
}

struct item {
	unsigned int at;
	RB_ENTRY(item) in_tree;
	TAILQ_ENTRY(item) in_queue;
};

static int compare(const struct item *a, const struct item *b)
{
	return (a->at > b->at) - (a->at < b->at);
}

RB_HEAD(tree, item);
RB_GENERATE_INTERNAL(
    tree, item, in_tree, compare, __attribute__((__unused__)) static)

#define ITEMS 1000

/* Half of them are removed before they are the smallest. */
static void test_tree(void)
{
	static struct item items[ITEMS];
	struct tree tree;
	RB_INIT(&tree);
	for (unsigned int i = 0; i < ITEMS; i++) {
		items[i].at = i * 7919 % ITEMS;
		RB_INSERT(tree, &tree, &items[i]);
	}
	for (unsigned int i = 0; i < ITEMS; i++)
		if (items[i].at % 2 == 1)
			RB_REMOVE(tree, &tree, &items[i]);
	for (unsigned int at = 0; at < ITEMS; at += 2) {
		struct item *least = RB_MIN(tree, &tree);
		if (!CHECK(least != NULL && least->at == at))
			return;
		RB_REMOVE(tree, &tree, least);
	}
	CHECK(RB_MIN(tree, &tree) == NULL);
}

static void test_queue(void)
{
	TAILQ_HEAD(, item) queue;
	struct item items[3] = { { .at = 0 }, { .at = 1 }, { .at = 2 } };
	TAILQ_INIT(&queue);
	for (int i = 0; i < 3; i++)
		TAILQ_INSERT_TAIL(&queue, &items[i], in_queue);
	TAILQ_REMOVE(&queue, &items[1], in_queue);
	CHECK(TAILQ_FIRST(&queue) == &items[0]);
	CHECK(TAILQ_NEXT(&items[0], in_queue) == &items[2]);
	TAILQ_REMOVE(&queue, &items[2], in_queue);
	TAILQ_INSERT_TAIL(&queue, &items[1], in_queue);
	TAILQ_REMOVE(&queue, &items[0], in_queue);
	CHECK(TAILQ_FIRST(&queue) == &items[1]);
	CHECK(TAILQ_NEXT(&items[1], in_queue) == NULL);
}

static const struct test tests[] = {
	{ "numbers: their range, and what is none", test_numbers },
	{ "strings: never beyond the size, and the length it would have been",
	    test_strings },
	{ "closefrom: that number and all above it", test_closefrom },
	{ "vis: each byte, whatever follows", test_vis },
	{ "tree: the smallest comes first, and others can be removed",
	    test_tree },
	{ "queue: removing the first, the last, and one between", test_queue },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
