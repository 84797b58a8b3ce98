/*
 * The content of files that change, or are no longer there; and the list of
 * the blocks that a peer has.
 */
#include "content.h"

#include "reading.h"

/* Blocks: as many as there are offsets for. */
#define MANY (UINT64_C(1) << 44)

static void test_changes(void)
{
	struct timespec then[2];
	struct reading reading;
	struct content_part part;
	int fd = make(0);

	put(fd, 0, 2 * MIB);
	begin(&reading);
	CHECK_INT(content_next(&reading.content, &part), 1);
	scratch_must(ftruncate(fd, MIB + 5), "ftruncate");
	CHECK_PARTS(&reading, "ESTALE");
	end(&reading);
	begin(&reading);
	scratch_must(ftruncate(fd, 0), "ftruncate");
	CHECK_PARTS(&reading, "ESTALE");
	end(&reading);
	begin(&reading);
	put(fd, 0, KIB);
	CHECK_PARTS(&reading, "ESTALE");
	end(&reading);
	begin(&reading);
	put(fd, 0, MIB);
	CHECK_PARTS(&reading, "0+1 ESTALE");
	end(&reading);
	begin(&reading);
	/* as if something had been written in it, a moment later */
	then[0] = then[1] = reading.st.st_mtim;
	then[1].tv_nsec ^= 1;
	scratch_must(futimens(fd, then), "futimens");
	CHECK_PARTS(&reading, "0+1024 ESTALE");
	end(&reading);
}

/* The file that was opened is read on, whatever has its name. */
static void test_removed(void)
{
	struct reading reading;
	int fd = make(0);

	put(fd, 0, 5 * KIB);
	begin(&reading);
	scratch_must(unlink("file"), "unlink");
	scratch_write("file", "another");
	CHECK_PARTS(&reading, "0+5");
	end(&reading);
}

/* What content_open() says of "file", whose facts were those. */
static int try_open(const struct stat *st)
{
	struct content content = { .fd = -1 };
	int error = content_open(&content, "file", st) < 0 ? errno : 0;

	content_close(&content);
	content_close(&content);
	return error;
}

static void test_replaced(void)
{
	int before;
	struct stat st;
	int fd = make(0);

	put(fd, 0, 5 * KIB);
	scratch_must(stat("file", &st), "stat");
	before = scratch_open_fds();
	CHECK_INT(try_open(&st), 0);
	scratch_must(rename("file", "old"), "rename");
	CHECK_INT(try_open(&st), ENOENT);
	scratch_write("file", "another");
	CHECK_INT(try_open(&st), ESTALE);
	scratch_must(unlink("file"), "unlink");
	scratch_link("old", "file");
	CHECK_INT(try_open(&st), ESTALE);
	scratch_must(unlink("file"), "unlink");
	scratch_must(mkfifo("file", 0600), "mkfifo");
	CHECK_INT(try_open(&st), ESTALE);
	CHECK_INT(scratch_open_fds(), before);
}

/* A HAVE's payload: the first block and so many hashes. */
static const char *add(
    struct content_blocks *blocks, uint64_t first, size_t count)
{
	unsigned char payload[8 + 8 * 4] = { 0 };

	frame_put_number(payload, first);
	for (size_t i = 0; i < count; i++)
		frame_put_number(payload + 8 + 8 * i, 100 + i);
	return content_add_blocks(blocks, payload, 8 + 8 * count);
}

static void test_add(void)
{
	struct content_blocks blocks = { .end = MANY };

	CHECK(add(&blocks, 5, 3) == NULL);
	CHECK_INT(blocks.count, 3);
	CHECK_INT(blocks.list[0].index, 5);
	CHECK_INT(blocks.list[2].index, 7);
	CHECK_INT(blocks.list[2].hash, 102);
	CHECK(add(&blocks, 7, 1) != NULL);
	CHECK(add(&blocks, 0, 4) != NULL);
	CHECK_INT(blocks.count, 3);
	CHECK(add(&blocks, 8, 1) == NULL);
	content_forget_blocks(&blocks);
	CHECK_INT(blocks.count, 0);
	CHECK(add(&blocks, 0, 4) == NULL);
	content_forget_blocks(&blocks);
}

/* Numbers whose offsets are more than 64 bits can say. */
static void test_add_impossible(void)
{
	struct content_blocks blocks = { .end = MANY };

	CHECK(add(&blocks, UINT64_MAX, 1) != NULL);
	CHECK(add(&blocks, UINT64_MAX, 4) != NULL);
	CHECK(add(&blocks, UINT64_C(1) << 44, 1) != NULL);
	CHECK_INT(blocks.count, 0);
	CHECK(add(&blocks, (UINT64_C(1) << 44) - 3, 4) != NULL);
	for (size_t i = 0; i < blocks.count; i++)
		CHECK(blocks.list[i].index <=
		      (UINT64_MAX - MIB + 1) / FRAME_BLOCK);
	content_forget_blocks(&blocks);
}

/* A peer that has blocks without end costs no more than that. */
static void test_add_many(void)
{
	struct content_blocks blocks = { .end = MANY };
	uint64_t index = 0;

	while (index < (1UL << 22) + 1 &&
	       content_add_block(&blocks, index, 0) == NULL)
		index++;
	CHECK_INT(index, 1UL << 22);
	CHECK(blocks.room <= 1UL << 23);
	content_forget_blocks(&blocks);
}

static const struct test tests[] = {
	{ "content: a file that changes is given up", test_changes },
	{ "content: a file that loses its name is read on", test_removed },
	{ "content: what has taken a file's place is not opened",
	    test_replaced },
	{ "blocks: are added in ascending order", test_add },
	{ "blocks: impossible numbers are refused", test_add_impossible },
	{ "blocks: there is a limit", test_add_many },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
