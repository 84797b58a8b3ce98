/*
 * Whatever file is sent, whatever of it is there already, and wherever the
 * transfer is cut off: what arrives in the end is the file.
 */
#include "arrival.h"

#include <fcntl.h>

#include "content.h"
#include "landing.h"

#define ROUNDS 150

/* Some bytes, holes, and runs of zeros, in a file of that size. */
static void scatter(int fd, size_t size)
{
	static unsigned char bytes[400000];

	for (int i = rand() % 8; i > 0 && size > 0; i--) {
		size_t at = (size_t)rand() % size;
		size_t length = 1 + (size_t)rand() % sizeof bytes;

		if (length > size - at)
			length = size - at;
		talk_fill(bytes, (unsigned)rand(), length);
		if (rand() % 4 == 0)
			memset(bytes, 0, length);
		if (rand() % 5 == 0)
			scratch_must(
			    fallocate(fd,
				FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				(off_t)at, (off_t)length),
			    "fallocate");
		else
			scratch_must(pwrite(fd, bytes, length, (off_t)at) ==
					     (ssize_t)length
					 ? 0
					 : -1,
			    "pwrite");
	}
}

/* A file that begins as a copy of another, if there is one, with changes. */
static void grow(const char *path, const char *other, size_t size, bool same)
{
	const struct timespec times[2] = { { SECONDS, NANOSECONDS },
		{ SECONDS, NANOSECONDS } };
	static unsigned char bytes[LANDING_MAX];
	int fd = scratch_must(
	    open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), path);
	int from = other != NULL ? open(other, O_RDONLY | O_CLOEXEC) : -1;

	if (from >= 0) {
		ssize_t n = pread(from, bytes, sizeof bytes, 0);

		scratch_must((int)write(fd, bytes, (size_t)n), "write");
		close(from);
	}
	scratch_must(ftruncate(fd, (off_t)size), "ftruncate");
	if (from < 0 || rand() % 3 > 0)
		scatter(fd, size);
	if (same)
		scratch_must(futimens(fd, times), "futimens");
	close(fd);
}

/* Sends so many frames of the content. Returns whether it has come to its end;
 * the arrival's verdict of that must be right. */
static bool send_some(
    struct landing *landing, struct content *content, int frames)
{
	struct content_part part;
	int got = 1;

	while (frames-- > 0 && (got = content_next(content, &part)) > 0) {
		const char *why = part.same
				      ? landing_same(landing, part.offset / MIB)
				      : landing_put(landing, part.offset,
					    content->buffer, part.length);

		if (!CHECK(why == NULL))
			printf("# %s\n", why);
	}
	CHECK(got >= 0);
	return got == 0;
}

/* One transfer of "source" to "file", with all it needs; cut off or not. */
static void transfer(struct landing *landing, int frames)
{
	static unsigned char buffer[FRAME_BLOCK];
	struct content content = { .buffer = buffer, .blocks = &landing->has };
	struct stat st;

	scratch_must(stat("source", &st), "stat");
	CHECK(
	    landing_begin(landing, "file", (uint64_t)st.st_size, "ro") == NULL);
	CHECK_INT(content_open(&content, "source", &st), 0);
	if (send_some(landing, &content, frames)) {
		CHECK(landing_end(landing) == NULL);
		if (landing->arrival.found < 0)
			CHECK_INT(landing_commit(landing), 0);
		landing_check(landing, "file");
	}
	content_close(&content);
	landing_reset(landing);
}

static void check_same(void)
{
	static unsigned char one[LANDING_MAX];
	static unsigned char other[LANDING_MAX];
	int source = open("source", O_RDONLY | O_CLOEXEC);
	int file = scratch_must(open("file", O_RDONLY | O_CLOEXEC), "file");
	ssize_t n = pread(source, one, sizeof one, 0);

	CHECK_INT(pread(file, other, sizeof other, 0), n);
	CHECK(memcmp(one, other, (size_t)n) == 0);
	close(source);
	close(file);
}

/* What is there: nothing, a partial file, or the file; like the source or not.
 */
static void try_randomly(struct landing *landing, unsigned seed)
{
	char part[PARTIAL_NAME_SIZE];
	size_t size;
	const char *like;

	srand(seed);
	size = rand() % 8 == 0 ? 0 : (size_t)rand() % (3 * MIB);
	size = rand() % 4 == 0 ? size / MIB * MIB : size;
	partial_name("file", part);
	unlink("file");
	unlink(part);
	grow("source", NULL, size, false);
	like = rand() % 3 > 0 ? "source" : NULL;
	if (rand() % 2 == 0)
		grow("file", like, size, rand() % 3 > 0);
	if (rand() % 2 == 0)
		grow(part, like, (size_t)rand() % (4 * MIB), false);
	for (int cuts = rand() % 3; cuts > 0; cuts--)
		transfer(landing, rand() % 6);
	transfer(landing, INT32_MAX);
	check_same();
	if (test_failures > 0)
		printf("# seed %u\n", seed);
}

static void test_random(void)
{
	struct landing landing;
	int before;

	landing_open(&landing);
	before = scratch_open_fds();
	for (unsigned seed = 0; seed < ROUNDS && test_failures == 0; seed++)
		try_randomly(&landing, seed);
	CHECK_INT(scratch_open_fds(), before + (landing.into.parent >= 0));
	landing_close(&landing);
}

static const struct test tests[] = {
	{ "arrival: whatever is there, the file arrives", test_random },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
