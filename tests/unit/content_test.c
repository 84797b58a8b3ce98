/*
 * The content of files: which parts are read, with holes, and with blocks that
 * the peer has.
 */
#include "content.h"

#include "reading.h"

static void test_empty(void)
{
	struct reading reading;

	make(0);
	begin(&reading);
	CHECK_PARTS(&reading, "");
	CHECK_PARTS(&reading, "");
	end(&reading);
}

static void test_blocks(void)
{
	static const struct {
		off_t size;
		const char *parts;
	} rows[] = { { 1, "0+0.000976562" }, { 5 * KIB, "0+5" },
		{ MIB, "0+1024" }, { MIB + KIB, "0+1024 1024+1" },
		{ 3 * MIB, "0+1024 1024+1024 2048+1024" } };
	struct reading reading;
	int fd = make(0);

	for (size_t i = 0; i < LENGTH(rows); i++) {
		put(fd, 0, (size_t)rows[i].size);
		begin(&reading);
		CHECK_PARTS(&reading, rows[i].parts);
		CHECK_PARTS(&reading, "");
		end(&reading);
	}
}

static void test_holes(void)
{
	struct reading reading;
	int fd = make(10 * MIB + 1);

	begin(&reading);
	CHECK_PARTS(&reading, "");
	end(&reading);
	put(fd, 5 * MIB, 4 * KIB);
	begin(&reading);
	CHECK_PARTS(&reading, "5120+4");
	end(&reading);
	put(fd, 0, 4 * KIB);
	put(fd, 2 * MIB - 8 * KIB, 16 * KIB);
	put(fd, 10 * MIB, 1);
	begin(&reading);
	CHECK_PARTS(&reading, "0+4 2040+8 2048+8 5120+4 10240+0.000976562");
	end(&reading);
}

/* Extents of a block's parts, whose ends are no multiples of a page. */
static void test_unaligned(void)
{
	struct reading reading;
	int fd = make(0);

	put(fd, 9 * KIB, 100);
	put(fd, 100 * KIB + 1, 3 * MIB);
	begin(&reading);
	/* a page is what a file system can tell */
	CHECK_PARTS(&reading, "8+4 100+924 1024+1024 2048+1024 3072+100.001");
	end(&reading);
}

static void test_peer_has(void)
{
	struct reading reading;
	int fd = make(0);

	put(fd, 0, 3 * MIB + 5 * KIB);
	begin(&reading);
	for (uint64_t index = 0; index < 4; index++)
		has(&reading, index, true);
	CHECK_PARTS(&reading, "=0+1024 =1024+1024 =2048+1024 =3072+5");
	end(&reading);
	begin(&reading);
	has(&reading, 1, true);
	has(&reading, 2, false);
	has(&reading, 3, true);
	CHECK_PARTS(&reading, "0+1024 =1024+1024 2048+1024 =3072+5");
	end(&reading);
}

/* Blocks that our file does not have, but the peer has. */
static void test_peer_has_more(void)
{
	struct reading reading;
	int fd = make(0);

	put(fd, 0, 2 * MIB);
	begin(&reading);
	has(&reading, 1, true);
	for (uint64_t index = 2; index < 5; index++)
		CHECK(content_add_block(&reading.blocks, index, 42) == NULL);
	CHECK(content_add_block(&reading.blocks, (UINT64_C(1) << 44) - 2, 42) ==
	      NULL);
	CHECK_PARTS(&reading, "0+1024 =1024+1024");
	end(&reading);
}

/* A block with holes in it is compared as a whole, and sent as a whole. */
static void test_peer_has_holey(void)
{
	struct reading reading;
	int fd = make(4 * MIB);

	put(fd, 4 * KIB, 4 * KIB);
	put(fd, 2 * MIB + 12 * KIB, 4 * KIB);
	begin(&reading);
	has(&reading, 0, true);
	has(&reading, 2, false);
	CHECK_PARTS(&reading, "=0+1024 2048+1024");
	end(&reading);
}

/* The extents before such a block end where it begins. */
static void test_peer_has_later(void)
{
	struct reading reading;
	int fd = make(4 * MIB);

	put(fd, MIB - 4 * KIB, 2 * MIB + 8 * KIB);
	begin(&reading);
	has(&reading, 1, true);
	CHECK_PARTS(&reading, "1020+4 =1024+1024 2048+1024 3072+4");
	end(&reading);
}

/* The peer has zeros there: that is as good as a hole. */
static void test_peer_has_zeros(void)
{
	struct reading reading;
	int fd = make(4 * MIB);

	put(fd, 3 * MIB, 4 * KIB);
	begin(&reading);
	has(&reading, 1, true);
	CHECK_PARTS(&reading, "=1024+1024 3072+4");
	end(&reading);
}

/* What the peer has over a hole becomes a hole there: nothing is sent. */
static void test_peer_has_over_hole(void)
{
	struct reading reading;
	int fd = make(8 * MIB);

	put(fd, 6 * MIB, 4 * KIB);
	begin(&reading);
	has(&reading, 0, false);
	has(&reading, 1, true);
	has(&reading, 3, false);
	has(&reading, 7, false);
	CHECK_PARTS(&reading, "=1024+1024 6144+4");
	end(&reading);
}

/* After a block of the peer's in a hole, the rest of the hole is one. */
static void test_hole_after_peers(void)
{
	struct reading reading;
	int fd = make(8 * MIB);

	put(fd, 6 * MIB, MIB);
	begin(&reading);
	has(&reading, 0, true);
	CHECK_PARTS(&reading, "=0+1024 6144+1024");
	end(&reading);
}

/* Whichever blocks the peer has: nothing that is no hole is left out. */
static void try_randomly(int fd, unsigned seed)
{
	struct reading reading;
	struct content_part part;
	uint64_t at = 0;
	uint64_t rest;

	srand(seed);
	scratch_must(ftruncate(fd, 0), "ftruncate");
	for (int i = rand() % 6; i > 0; i--)
		put(fd, rand() % (long)(4 * MIB), 1 + (size_t)rand() % 300000);
	scratch_must(ftruncate(fd, rand() % (long)(6 * MIB)), "ftruncate");
	begin(&reading);
	for (uint64_t index = 0; index < 7; index++)
		if (rand() % 2 == 0)
			has(&reading, index, rand() % 2 == 0);
	rest = (uint64_t)reading.st.st_size;
	while (content_next(&reading.content, &part) > 0) {
		CHECK(part.offset >= at && is_true(&reading.content, &part));
		CHECK(
		    part.offset / MIB == (part.offset + part.length - 1) / MIB);
		/* what is skipped is zero */
		for (; at < part.offset; at++) {
			char byte = 0;

			/* a page at a time is enough, and its last byte */
			CHECK_INT(pread(fd, &byte, 1, (off_t)at), 1);
			CHECK_INT(byte, 0);
			at += at % 4096 == 0 && part.offset - at > 4096 ? 4094
									: 0;
		}
		at = part.offset + part.length;
	}
	CHECK(at <= rest);
	CHECK(lseek(fd, (off_t)at, SEEK_DATA) < 0 && errno == ENXIO);
	end(&reading);
}

static void test_random(void)
{
	int fd = make(0);

	for (unsigned seed = 0; seed < 60 && test_failures == 0; seed++) {
		try_randomly(fd, seed);
		if (test_failures > 0)
			printf("# seed %u\n", seed);
	}
}

static const struct test tests[] = {
	{ "content: of an empty file there is nothing", test_empty },
	{ "content: a file is read in blocks", test_blocks },
	{ "content: holes are left out", test_holes },
	{ "content: extents need not begin or end at a block", test_unaligned },
	{ "content: blocks that the peer has are not read out", test_peer_has },
	{ "content: the peer may have blocks after the end",
	    test_peer_has_more },
	{ "content: a block with holes that the peer has is whole",
	    test_peer_has_holey },
	{ "content: the peer's block cuts an extent", test_peer_has_later },
	{ "content: the peer has zeros where a hole is", test_peer_has_zeros },
	{ "content: the peer has other bytes where a hole is",
	    test_peer_has_over_hole },
	{ "content: a hole goes on after a block of the peer's",
	    test_hole_after_peers },
	{ "content: whatever the peer has, all data is there", test_random },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
