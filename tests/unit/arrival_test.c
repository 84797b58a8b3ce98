/*
 * Files that arrive: fresh ones, and what is refused of them.
 */
#include "arrival.h"

#include <sched.h>
#include <sys/mount.h>

#include "landing.h"

static const char differs[] =
    "it exists already and differs: --overwrite replaces it";
static const char exists[] =
    "it exists already: --overwrite replaces it, --resume compares it";

static void test_fresh(void)
{
	struct landing landing;
	struct stat st;

	landing_open(&landing);
	CHECK(landing_begin(&landing, "file", 2 * MIB + 5, "s") == NULL);
	CHECK_INT(landing.has.count, 0);
	CHECK(landing_data(&landing, 0, MIB) == NULL);
	CHECK(landing_data(&landing, MIB, 100) == NULL);
	CHECK(landing_data(&landing, MIB + 100, MIB - 100) == NULL);
	CHECK(landing_data(&landing, 2 * MIB, 5) == NULL);
	CHECK_INT(scratch_count("."), 0);
	CHECK_LANDS(&landing, "file");
	CHECK_INT(scratch_count("."), 1);
	scratch_must(stat("file", &st), "stat");
	CHECK_INT(st.st_mode, S_IFREG | 0640);
	CHECK_INT(st.st_mtim.tv_sec, SECONDS);
	landing_close(&landing);
}

static void test_empty(void)
{
	struct landing landing;

	landing_open(&landing);
	CHECK(landing_begin(&landing, "file", 0, "") == NULL);
	CHECK(landing_data(&landing, 0, 1) == arrival_wrong);
	CHECK_LANDS(&landing, "file");
	landing_close(&landing);
}

static void test_holes(void)
{
	struct landing landing;
	struct stat st;

	landing_open(&landing);
	CHECK(landing_begin(&landing, "file", 7 * MIB + 5, "") == NULL);
	CHECK(landing_data(&landing, MIB + 4096, 4096) == NULL);
	CHECK(landing_data(&landing, 3 * MIB - 1, 1) == NULL);
	CHECK(landing_data(&landing, 3 * MIB, 1) == NULL);
	CHECK_LANDS(&landing, "file");
	scratch_must(stat("file", &st), "stat");
	CHECK(st.st_blocks * 512 < (blkcnt_t)MIB);
	landing_reset(&landing);
	CHECK(landing_begin(&landing, "hole", 5 * MIB, "") == NULL);
	CHECK_LANDS(&landing, "hole");
	landing_close(&landing);
}

static void test_in_the_way(void)
{
	struct landing landing;

	landing_open(&landing);
	scratch_directory("directory");
	scratch_write("file", "old");
	scratch_link("nowhere", "link");
	scratch_must(mkfifo("fifo", 0600), "mkfifo");
	CHECK_REFUSED(landing_begin(&landing, "file", 3, ""), exists);
	landing_reset(&landing);
	CHECK_REFUSED(landing_begin(&landing, "file", 3, "r"), differs);
	landing_reset(&landing);
	CHECK_REFUSED(landing_begin(&landing, "link", 3, "r"), differs);
	landing_reset(&landing);
	CHECK_REFUSED(landing_begin(&landing, "fifo", 0, "r"), differs);
	landing_reset(&landing);
	CHECK_REFUSED(landing_begin(&landing, "directory", 3, "ro"),
	    "a directory has this name");
	landing_reset(&landing);
	CHECK_INT(scratch_count("."), 4);
	landing_close(&landing);
}

static void test_overwrite(void)
{
	static const char *const options[] = { "o", "or" };
	struct landing landing;

	landing_open(&landing);
	scratch_link("nowhere", "link");
	for (size_t i = 0; i < LENGTH(options); i++) {
		close(landing_make("file", 1, 3 * MIB, false));
		CHECK(landing_begin(&landing, "file", MIB + 1, options[i]) ==
		      NULL);
		CHECK_INT(landing.has.count, 0);
		CHECK(landing_data(&landing, 5, 10) == NULL);
		CHECK_LANDS(&landing, "file");
		landing_reset(&landing);
	}
	CHECK(landing_begin(&landing, "link", 1, "o") == NULL);
	CHECK(landing_data(&landing, 0, 1) == NULL);
	CHECK_LANDS(&landing, "link");
	CHECK_STR(scratch_target("link"), "none");
	CHECK_STR(scratch_read("nowhere"), "none");
	landing_close(&landing);
}

static void test_names(void)
{
	static const struct {
		const char *name, *why;
	} wrong[] = { { "../file", "Invalid argument" },
		{ "/tmp/file", "Invalid argument" }, { "", "Invalid argument" },
		{ "nowhere/file", "No such file or directory" },
		{ "plain/file", "Not a directory" },
		{ "link/file", "a symbolic link is in its path" },
		{ PART_255 "x", "Invalid argument" },
		{ ".vcat-part-0", "Invalid argument" } };
	struct landing landing;
	int before;

	landing_open(&landing);
	scratch_directory("directory");
	scratch_link("directory", "link");
	scratch_write("plain", "");
	before = scratch_open_fds();
	for (size_t i = 0; i < LENGTH(wrong); i++) {
		const char *why = wrong[i].why;

		/* without openat2(2), as in valgrind or qemu-user */
		if (landing.into.walks &&
		    strcmp(wrong[i].name, "link/file") == 0)
			why = "Not a directory";
		CHECK_REFUSED(
		    landing_begin(&landing, wrong[i].name, 1, ""), why);
		landing_reset(&landing);
		CHECK_INT(scratch_open_fds(), before);
	}
	CHECK(landing_begin(&landing, "directory/" PART_255, 1, "") == NULL);
	CHECK(landing_data(&landing, 0, 1) == NULL);
	CHECK_LANDS(&landing, "directory/" PART_255);
	landing_close(&landing);
}

static void test_busy(void)
{
	struct landing landing;
	struct deposit deposit;

	landing_open(&landing);
	scratch_must(
	    deposit_resume(&deposit, landing.into.root, "file"), "deposit");
	CHECK_REFUSED(landing_begin(&landing, "file", 1, "r"),
	    "another vcat is receiving it");
	deposit_drop(&deposit, false);
	landing_close(&landing);
}

/* What must be refused after a DATA of 100 bytes at 1000, of 2 MiB + 5. */
static void test_wrong_data(void)
{
	static const struct {
		uint64_t at;
		uint32_t length;
	} wrong[] = { { 0, 1 }, { 1000, 1 }, { 1099, 1 }, { 1099, 1000 },
		{ MIB - 1, 2 }, { 1100, MIB }, { 2 * MIB, 6 },
		{ 2 * MIB + 5, 1 }, { 2 * MIB + 6, 1 }, { INT64_MAX, 1 },
		{ UINT64_MAX, 1 }, { UINT64_MAX - 4, 10 },
		{ UINT64_MAX - MIB + 1, MIB }, { UINT64_C(1) << 63, 1 } };
	struct landing landing;

	landing_open(&landing);
	CHECK(landing_begin(&landing, "file", 2 * MIB + 5, "") == NULL);
	CHECK(landing_data(&landing, 1000, 100) == NULL);
	for (size_t i = 0; i < LENGTH(wrong); i++)
		CHECK(landing_data(&landing, wrong[i].at, wrong[i].length) ==
		      arrival_wrong);
	CHECK(landing_data(&landing, 1100, 1) == NULL);
	CHECK(landing_data(&landing, 2 * MIB, 5) == NULL);
	CHECK(landing_data(&landing, 2 * MIB, 5) == arrival_wrong);
	CHECK_LANDS(&landing, "file");
	landing_close(&landing);
}

static void test_wrong_frames(void)
{
	static const uint64_t ends[] = { 0, 1, MIB - 1, MIB + 1, UINT64_MAX };
	struct landing landing;

	landing_open(&landing);
	CHECK(landing_begin(&landing, "file", MIB, "") == NULL);
	for (unsigned type = 0; type < 20; type++) {
		const struct frame frame = { .type = type, .at = MIB };

		if (type != FRAME_DATA && type != FRAME_END)
			CHECK(arrival_take(&landing.arrival, &frame,
				  (const unsigned char *)"") == arrival_wrong);
	}
	for (uint64_t index = 0; index < 3; index++)
		CHECK(landing_same(&landing, index) == arrival_wrong);
	for (size_t i = 0; i < LENGTH(ends); i++) {
		const struct frame frame = {
			.type = FRAME_END, .at = ends[i], .length = 16
		};

		CHECK(arrival_take(&landing.arrival, &frame,
			  landing.digest.bytes) == arrival_wrong);
	}
	CHECK_LANDS(&landing, "file");
	landing_close(&landing);
}

/* Any bit of the digest, or a frame that it does not tell of. */
static void test_digest(void)
{
	struct landing landing;
	struct frame_digest before;

	landing_open(&landing);
	CHECK(landing_begin(&landing, "file", MIB, "") == NULL);
	before = landing.digest;
	CHECK(landing_data(&landing, 0, MIB) == NULL);
	for (unsigned bit = 0; bit < 128; bit++) {
		landing.digest.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
		CHECK_REFUSED(landing_end(&landing),
		    "it arrived damaged: its hash differs from the sender's");
		landing.digest.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	landing.digest = before;
	CHECK(landing_end(&landing) != NULL);
	landing_reset(&landing);
	CHECK_INT(scratch_count("."), 0);
	landing_close(&landing);
}

/* A tmpfs of 256 KiB, in a mount namespace of our own. */
static void fill_disk(void)
{
	if (unshare(CLONE_NEWNS) < 0) {
		printf("# no mount namespace: %s\n", strerror(errno));
		exit(TEST_SKIPPED);
	}
	scratch_must(
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL), "mount");
	scratch_directory("small");
	scratch_must(mount("none", "small", "tmpfs", 0, "size=256k"), "mount");
}

static void test_full(const char *options)
{
	struct landing landing;

	landing_open(&landing);
	fill_disk();
	beneath_close(&landing.into); /* it lies in the namespace before */
	scratch_must(beneath_open(&landing.into, "."), "beneath");
	CHECK(landing_begin(&landing, "small/file", MIB, options) == NULL);
	CHECK(landing_data(&landing, 0, 4096) == NULL);
	CHECK_REFUSED(landing_data(&landing, 4096, MIB - 4096),
	    "No space left on device");
	arrival_drop(&landing.arrival);
	CHECK_INT(scratch_count("small"), strchr(options, 'r') != NULL);
	beneath_close(&landing.into);
	scratch_must(umount("small"), "umount");
	scratch_must(beneath_open(&landing.into, "."), "beneath");
	landing_close(&landing);
}

static void test_no_space(void)
{
	test_full("");
}

static void test_no_space_resumed(void)
{
	test_full("r");
}

static void test_drop(void)
{
	struct landing landing;
	int before;

	landing_open(&landing);
	before = scratch_open_fds();
	CHECK(landing_begin(&landing, "file", MIB, "") == NULL);
	CHECK(landing_data(&landing, 0, 5) == NULL);
	arrival_drop(&landing.arrival);
	arrival_drop(&landing.arrival);
	CHECK_INT(scratch_count("."), 0);
	CHECK(landing_begin(&landing, "file", MIB, "r") == NULL);
	CHECK(landing_data(&landing, 0, 5) == NULL);
	arrival_drop(&landing.arrival);
	CHECK_INT(scratch_count("."), 1);
	CHECK_INT(scratch_open_fds(), before);
	landing_close(&landing);
}

static const struct test tests[] = {
	{ "arrival: a new file", test_fresh },
	{ "arrival: an empty file", test_empty },
	{ "arrival: what does not come is a hole", test_holes },
	{ "arrival: what has the name stands in the way", test_in_the_way },
	{ "arrival: unless it may be replaced", test_overwrite },
	{ "arrival: names that no file may have here", test_names },
	{ "arrival: a file that is being received already", test_busy },
	{ "arrival: data that overlaps, goes back or beyond is refused",
	    test_wrong_data },
	{ "arrival: frames that make no sense are refused", test_wrong_frames },
	{ "arrival: another digest is found", test_digest },
	{ "arrival: a full disk", test_no_space },
	{ "arrival: a full disk keeps what there is to resume",
	    test_no_space_resumed },
	{ "arrival: a dropped file leaves nothing, or what can be resumed",
	    test_drop },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
