/*
 * Files that arrive where a part of them is already, or all of it, or another
 * file of the same size and time.
 */
#include "arrival.h"

#include <sys/syscall.h>

#include "landing.h"

static const char differs[] =
    "it exists already and differs: --overwrite replaces it";

/* Which blocks the receiver has said to have: "0-1 5". */
static const char *has(const struct landing *landing)
{
	static char text[200];
	const struct content_blocks *blocks = &landing->has;
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < blocks->count && used < 150; i++) {
		unsigned long first = blocks->list[i].index;
		unsigned long last = first;

		while (i + 1 < blocks->count &&
		       blocks->list[i + 1].index == last + 1)
			last = blocks->list[++i].index;
		used += (size_t)sprintf(text + used,
		    first < last ? "%s%lu-%lu" : "%s%lu", used > 0 ? " " : "",
		    first, last);
	}
	return text;
}

static void test_resumed(void)
{
	unsigned char *block = talk_block(1);
	struct landing landing;

	landing_open(&landing);
	close(landing_leave("file", 1, 2 * MIB + MIB / 2));
	CHECK(landing_begin(&landing, "file", 4 * MIB + 5, "r") == NULL);
	CHECK_STR(has(&landing), "0-1");
	CHECK(landing.has.list[0].hash == frame_hash(block, FRAME_BLOCK));
	free(block);
	CHECK(landing_same(&landing, 0) == NULL);
	CHECK(landing_data(&landing, MIB, MIB) == NULL);
	CHECK(landing_data(&landing, 2 * MIB, MIB) == NULL);
	CHECK(landing_data(&landing, 4 * MIB, 5) == NULL);
	CHECK_LANDS(&landing, "file");
	CHECK_INT(scratch_count("."), 1);
	landing_close(&landing);
}

/* Without 'r' what is there is not looked at, nor does it stay. */
static void test_not_resumed(void)
{
	struct landing landing;

	landing_open(&landing);
	close(landing_leave("file", 1, 2 * MIB));
	CHECK(landing_begin(&landing, "file", 2 * MIB, "") == NULL);
	CHECK_STR(has(&landing), "");
	CHECK(landing_same(&landing, 0) == arrival_wrong);
	CHECK(landing_data(&landing, 5, 5) == NULL);
	CHECK_LANDS(&landing, "file");
	CHECK_INT(scratch_count("."), 1);
	landing_close(&landing);
}

/* The partial file holds other bytes, and more of them. */
static void test_stale(void)
{
	struct landing landing;
	struct stat st;

	landing_open(&landing);
	close(landing_leave("file", 1, 6 * MIB));
	CHECK(landing_begin(&landing, "file", 5 * MIB + 5, "r") == NULL);
	CHECK_STR(has(&landing), "0-5");
	CHECK(landing_data(&landing, 100, 100) == NULL);
	CHECK(landing_same(&landing, 2) == NULL);
	CHECK(landing_data(&landing, 3 * MIB + 9, 1) == NULL);
	CHECK_LANDS(&landing, "file");
	scratch_must(stat("file", &st), "stat");
	CHECK(st.st_blocks * 512 < (blkcnt_t)MIB + 65536);
	landing_close(&landing);
}

static void test_all_stale(void)
{
	struct landing landing;

	landing_open(&landing);
	close(landing_leave("file", 1, 3 * MIB));
	CHECK(landing_begin(&landing, "file", 2 * MIB, "r") == NULL);
	CHECK_STR(has(&landing), "0-1");
	CHECK_LANDS(&landing, "file");
	landing_reset(&landing);
	close(landing_leave("empty", 1, 3 * MIB));
	CHECK(landing_begin(&landing, "empty", 0, "r") == NULL);
	CHECK_STR(has(&landing), "");
	CHECK_LANDS(&landing, "empty");
	landing_close(&landing);
}

/* Where holes cannot be punched, zeros are written. */
static void test_no_punching(void)
{
	struct landing landing;

	landing_open(&landing);
	scratch_deny(SYS_fallocate, EOPNOTSUPP, 0, 0);
	close(landing_leave("file", 1, 3 * MIB));
	CHECK(landing_begin(&landing, "file", 2 * MIB + 5, "r") == NULL);
	CHECK(landing_data(&landing, MIB + 12345, 1) == NULL);
	CHECK_LANDS(&landing, "file");
	landing_close(&landing);
}

/* Many blocks, in several HAVEs; holes among them are not said. */
static void test_many_blocks(void)
{
	struct landing landing;
	int fd;

	landing_open(&landing);
	fd = landing_leave("file", 1, 5);
	for (off_t index = 1; index < 135; index++)
		if (index != 70)
			CHECK_INT(pwrite(fd, "x", 1, index * (off_t)MIB), 1);
	CHECK_INT(ftruncate(fd, 140 * MIB + 1), 0);
	close(fd);
	CHECK(landing_begin(&landing, "file", 138 * MIB, "r") == NULL);
	CHECK_STR(has(&landing), "0-69 71-134");
	landing_close(&landing);
}

/* A SAME that begins where none of the blocks does that are there. */
static void test_wrong_same(void)
{
	static const uint64_t wrong[] = { 0, 5, MIB + 1, 2 * MIB, 3 * MIB + 5,
		UINT64_MAX };
	struct landing landing;

	landing_open(&landing);
	for (size_t i = 0; i < LENGTH(wrong); i++) {
		const struct frame frame = { .type = FRAME_SAME,
			.at = wrong[i] };
		int fd = landing_leave("file", 1, 0);

		CHECK_INT(pwrite(fd, "x", 1, MIB), 1);
		CHECK_INT(ftruncate(fd, 3 * MIB), 0);
		CHECK_INT(pwrite(fd, "x", 1, 3 * MIB + 4), 1);
		close(fd);
		CHECK(
		    landing_begin(&landing, "file", 3 * MIB + 5, "r") == NULL);
		CHECK_STR(has(&landing), "1 3");
		CHECK(arrival_take(&landing.arrival, &frame, NULL) ==
		      arrival_wrong);
		landing_reset(&landing);
	}
	landing_close(&landing);
}

/* "file" has all bytes of the blocks that have come; is it untouched? */
static void begin_found(struct landing *landing, size_t size, const char *how)
{
	CHECK(landing_begin(landing, "file", size, how) == NULL);
	CHECK(landing->arrival.found >= 0);
	CHECK_INT(landing->arrival.deposit.fd, -1);
}

static void test_found_equal(void)
{
	struct landing landing;

	landing_open(&landing);
	close(landing_make("file", 1, 2 * MIB + 5, true));
	begin_found(&landing, 2 * MIB + 5, "r");
	CHECK_STR(has(&landing), "0-2");
	CHECK(landing_same(&landing, 0) == NULL);
	CHECK(landing_same(&landing, 1) == NULL);
	CHECK(landing_same(&landing, 2) == NULL);
	CHECK(landing_same(&landing, 2) == arrival_wrong);
	CHECK(landing_end(&landing) == NULL);
	CHECK_INT(landing.arrival.deposit.fd, -1);
	landing_check(&landing, "file");
	CHECK_INT(scratch_count("."), 1);
	landing_reset(&landing);
	close(landing_make("file", 1, 0, true));
	begin_found(&landing, 0, "r");
	CHECK(landing_end(&landing) == NULL);
	landing_close(&landing);
}

/* A file of another size or time is none that counts. */
static void test_not_found(void)
{
	static const struct timespec later[2] = { { SECONDS, NANOSECONDS + 1 },
		{ SECONDS, NANOSECONDS + 1 } };
	struct landing landing;
	int fd;

	landing_open(&landing);
	fd = landing_make("file", 1, 5, true);
	CHECK_REFUSED(landing_begin(&landing, "file", 6, "r"), differs);
	landing_reset(&landing);
	CHECK_REFUSED(landing_begin(&landing, "file", 5, ""),
	    "it exists already: --overwrite replaces it, "
	    "--resume compares it");
	landing_reset(&landing);
	CHECK_INT(futimens(fd, later), 0);
	CHECK_REFUSED(landing_begin(&landing, "file", 5, "r"), differs);
	landing_close(&landing);
}

/* Two blocks are as they were, the third is not. */
static void begin_differing(struct landing *landing, const char *how)
{
	landing_open(landing);
	close(landing_make("file", 1, 3 * MIB + 5, true));
	begin_found(landing, 3 * MIB + 5, how);
	CHECK_STR(has(landing), "0-3");
	CHECK(landing_same(landing, 0) == NULL);
	CHECK(landing_same(landing, 1) == NULL);
	CHECK_INT(scratch_count("."), 1);
}

static void test_found_differs(void)
{
	struct landing landing;

	begin_differing(&landing, "r");
	CHECK_REFUSED(landing_data(&landing, 2 * MIB, MIB), differs);
	landing_reset(&landing);
	CHECK_INT(scratch_count("."), 1);
	landing.entry.size = 3 * MIB + 5;
	talk_fill(landing.want, 1, 3 * MIB + 5);
	landing_check(&landing, "file");
	landing_close(&landing);
}

static void test_found_replaced(void)
{
	struct landing landing;

	begin_differing(&landing, "ro");
	CHECK(landing_data(&landing, 2 * MIB, MIB) == NULL);
	CHECK(landing_same(&landing, 3) == NULL);
	CHECK_LANDS(&landing, "file");
	CHECK_INT(scratch_count("."), 1);
	landing_close(&landing);
}

/* The file that is there has a block where the sender has a hole. */
static void test_found_over_hole(void)
{
	struct landing landing;

	begin_differing(&landing, "r");
	CHECK_REFUSED(landing_same(&landing, 3), differs);
	landing_close(&landing);
}

static void test_found_over_last_hole(void)
{
	struct landing landing;

	begin_differing(&landing, "r");
	CHECK(landing_same(&landing, 2) == NULL);
	CHECK_REFUSED(landing_end(&landing), differs);
	landing_close(&landing);
}

static void test_found_over_hole_replaced(void)
{
	struct landing landing;

	begin_differing(&landing, "ro");
	CHECK(landing_same(&landing, 3) == NULL);
	CHECK_LANDS(&landing, "file");
	landing_close(&landing);
}

static void test_found_over_last_replaced(void)
{
	struct landing landing;

	begin_differing(&landing, "ro");
	CHECK(landing_same(&landing, 2) == NULL);
	CHECK_LANDS(&landing, "file");
	landing_close(&landing);
}

/* Data where the file that is there has a hole. */
static void test_found_hole(void)
{
	static const struct timespec then[2] = { { SECONDS, NANOSECONDS },
		{ SECONDS, NANOSECONDS } };
	struct landing landing;
	int fd;

	landing_open(&landing);
	fd = landing_make("file", 1, MIB, false);
	CHECK_INT(ftruncate(fd, 3 * MIB), 0);
	CHECK_INT(pwrite(fd, "x", 1, 2 * MIB), 1);
	CHECK_INT(futimens(fd, then), 0);
	close(fd);
	begin_found(&landing, 3 * MIB, "ro");
	CHECK_STR(has(&landing), "0 2");
	CHECK(landing_same(&landing, 0) == NULL);
	CHECK(landing_data(&landing, MIB + MIB / 2, 5) == NULL);
	CHECK(landing_same(&landing, 2) == NULL);
	CHECK_LANDS(&landing, "file");
	landing_close(&landing);
}

/* A file system that cannot tell where data is: then no block is said, and
 * what lies there is not known. */
static void test_found_unknown(void)
{
	struct landing landing;

	landing_open(&landing);
	close(landing_make("file", 1, 2 * MIB, true));
	scratch_deny(SCRATCH_LSEEK, EINVAL, 0, 0);
	begin_found(&landing, 2 * MIB, "r");
	CHECK_STR(has(&landing), "");
	CHECK_REFUSED(landing_end(&landing), differs);
	landing_close(&landing);
}

static void test_found_unknown_replaced(void)
{
	struct landing landing;

	landing_open(&landing);
	close(landing_make("file", 1, 2 * MIB, true));
	scratch_deny(SCRATCH_LSEEK, EINVAL, 0, 0);
	begin_found(&landing, 2 * MIB, "ro");
	CHECK(landing_data(&landing, MIB, 5) == NULL);
	CHECK_LANDS(&landing, "file");
	landing_close(&landing);
}

static const char changed[] = "the receiver's file has just changed";

static void test_found_changed(void)
{
	struct landing landing;

	begin_differing(&landing, "r");
	CHECK(landing_same(&landing, 2) == NULL);
	CHECK(landing_same(&landing, 3) == NULL);
	landing_change("file");
	CHECK_REFUSED(landing_end(&landing), changed);
	landing_close(&landing);
}

static void test_found_changed_replaced(void)
{
	struct landing landing;

	begin_differing(&landing, "ro");
	landing_change("file");
	CHECK_REFUSED(landing_data(&landing, 2 * MIB, MIB), changed);
	landing_close(&landing);
}

static const struct test tests[] = {
	{ "resume: blocks that are there are said, and kept", test_resumed },
	{ "resume: not by itself", test_not_resumed },
	{ "resume: what is left of before becomes a hole", test_stale },
	{ "resume: even if nothing comes", test_all_stale },
	{ "resume: or zeros, where there can be no hole", test_no_punching },
	{ "resume: many blocks are said in several frames", test_many_blocks },
	{ "resume: a SAME is of a block that is there", test_wrong_same },
	{ "found: an equal file is left alone", test_found_equal },
	{ "found: one of another size or time does not count", test_not_found },
	{ "found: one that somebody changes meanwhile is not equal",
	    test_found_changed },
	{ "found: nor copied", test_found_changed_replaced },
	{ "found: one that differs stands in the way", test_found_differs },
	{ "found: or is replaced", test_found_replaced },
	{ "found: data in the place of a hole", test_found_over_hole },
	{ "found: data in the place of a hole at the end",
	    test_found_over_last_hole },
	{ "found: it is replaced by a hole", test_found_over_hole_replaced },
	{ "found: and at the end", test_found_over_last_replaced },
	{ "found: a hole in the place of data", test_found_hole },
	{ "found: what is not known may differ", test_found_unknown },
	{ "found: and is replaced", test_found_unknown_replaced },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
