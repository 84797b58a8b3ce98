/*
 * SHA-256 beside a transfer: known sums, files that grow, and files that are
 * cut, dropped, many.
 */
#include "sums.h"

#include <sys/stat.h>
#include <sys/types.h>

#include "ends.h"
#include "test.h"

#define EMPTY_SUM                                                              \
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ABC_SUM                                                                \
	"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
/* FIPS 180-2, B.3: a million times 'a' */
#define MILLION_SUM                                                            \
	"cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"

static struct sums *started(void)
{
	struct sums *sums = sums_open();

	if (sums == NULL)
		ends_must(-1, "sums_open");
	return sums;
}

static struct sums_file *begun(struct sums *sums, int fd)
{
	struct sums_file *file = sums_begin(sums, fd);

	if (file == NULL)
		ends_must(-1, "sums_begin");
	return file;
}

/* A file that is gone when the test is. */
static int temporary(const char *text)
{
	char path[] = "/tmp/vcat-sums.XXXXXX";
	int fd = ends_must(mkstemp(path), "mkstemp");

	unlink(path);
	ends_say(fd, text);
	return fd;
}

/* Appends n bytes that sum up to something else in each place. */
static void append(int fd, size_t n)
{
	static uint32_t state = 1;
	unsigned char chunk[4096];

	while (n > 0) {
		size_t part = n < sizeof chunk ? n : sizeof chunk;

		for (size_t i = 0; i < part; i++) {
			state = state * 1664525 + 1013904223;
			chunk[i] = (unsigned char)(state >> 24);
		}
		ends_must(
		    write(fd, chunk, part) == (ssize_t)part ? 0 : -1, "write");
		n -= part;
	}
}

/* What sha256sum(1) says of it. */
static const char *reference(int fd)
{
	static char text[SUMS_TEXT_SIZE];
	char command[64];
	FILE *pipe;

	snprintf(
	    command, sizeof command, "sha256sum /proc/%d/fd/%d", getpid(), fd);
	pipe = popen(command, "r");
	if (pipe == NULL || fgets(text, sizeof text, pipe) == NULL)
		ends_must(-1, command);
	pclose(pipe);
	return text;
}

static void check_sum(struct sums_file *file, const char *wanted)
{
	char text[SUMS_TEXT_SIZE] = "";

	CHECK_INT(sums_take(file, text), 0);
	CHECK_STR(text, wanted);
}

static void check_error(struct sums_file *file, int error)
{
	char text[SUMS_TEXT_SIZE] = "";

	errno = 0;
	CHECK_INT(sums_take(file, text), -1);
	CHECK_INT(errno, error);
}

/* The sum of all that is in the file. */
static void check_whole(struct sums *sums, int fd, const char *wanted)
{
	struct sums_file *file = begun(sums, fd);
	struct stat st;

	ends_must(fstat(fd, &st), "fstat");
	sums_complete(file, (uint64_t)st.st_size);
	check_sum(file, wanted);
}

static void test_known(void)
{
	struct sums *sums = started();
	int million = temporary("");

	for (int i = 0; i < 1000000 / 50; i++)
		ends_say(million,
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	check_whole(sums, temporary(""), EMPTY_SUM);
	check_whole(sums, temporary("abc"), ABC_SUM);
	check_whole(sums, million, MILLION_SUM);
	sums_close(sums);
}

/* Steps of all sizes, about 12 MiB. */
static void test_follow(void)
{
	struct sums *sums = started();
	int fd = temporary("");
	struct sums_file *file = begun(sums, fd);
	uint64_t size = 0;

	for (size_t step = 1; step < 5000; step++) {
		append(fd, step);
		size += step;
		sums_reached(file, size);
	}
	sums_complete(file, size);
	check_sum(file, reference(fd));
	sums_close(sums);
}

/* More than was allowed is there, and not yet what it will be. */
static void test_not_beyond(void)
{
	struct sums *sums = started();
	int fd = temporary("");
	struct sums_file *file = begun(sums, temporary("abcd"));

	sums_complete(file, 3);
	check_sum(file, ABC_SUM);
	file = begun(sums, fd);
	append(fd, 3 * MIB);
	sums_reached(file, MIB);
	ends_sleep(0.2);
	ends_must((int)lseek(fd, MIB, SEEK_SET), "lseek");
	append(fd, 3 * MIB);
	sums_complete(file, 4 * MIB);
	check_sum(file, reference(fd));
	sums_close(sums);
}

static void test_waits(void)
{
	struct sums *sums = started();
	int fd = temporary("");
	struct sums_file *file = begun(sums, fd);
	const char *wanted;

	append(fd, 32 * MIB);
	wanted = reference(fd);
	sums_complete(file, 32 * MIB);
	ends_sleep(0.01); /* the thread begins */
	check_sum(file, wanted);
	sums_close(sums);
}

static void test_hole(void)
{
	struct sums *sums = started();
	int fd = temporary("x");

	ends_must(ftruncate(fd, MIB), "ftruncate");
	check_whole(sums, fd, reference(fd));
	sums_close(sums);
}

/* The caller's descriptor may be at any offset, and be closed at once. */
static void test_own_descriptor(void)
{
	struct sums *sums = started();
	int fd = temporary("abc");
	int copy = dup(0); /* the number that is free now */
	struct sums_file *file;

	close(copy);
	file = begun(sums, fd);
	CHECK_INT(lseek(fd, 0, SEEK_CUR), 3);
	close(fd);
	sums_complete(file, 3);
	check_sum(file, ABC_SUM);
	CHECK_INT(dup(0), fd);
	CHECK_INT(dup(0), copy);
	sums_close(sums);
}

static void test_cut(void)
{
	struct sums *sums = started();
	int small = temporary("ab");
	int big = temporary("");
	struct sums_file *early = begun(sums, big);
	struct sums_file *file = begun(sums, small);

	append(big, 2 * MIB);
	sums_reached(early, 10 * MIB); /* found out while the file grows */
	sums_complete(file, 3);
	check_error(file, ENODATA);
	ends_sleep(0.1);
	sums_complete(early, 10 * MIB);
	check_error(early, ENODATA);
	file = begun(sums, big);
	sums_complete(file, 2 * MIB + 1);
	check_error(file, ENODATA);
	check_whole(sums, temporary("abc"), ABC_SUM); /* and goes on */
	sums_close(sums);
}

static void test_unreadable(void)
{
	struct sums *sums = started();
	int directory = ends_must(open("/", O_RDONLY | O_DIRECTORY), "/");
	int null = ends_must(open("/dev/null", O_WRONLY), "/dev/null");
	struct sums_file *file = begun(sums, directory);

	sums_complete(file, MIB);
	check_error(file, EISDIR);
	file = begun(sums, null);
	sums_complete(file, 1);
	check_error(file, EBADF);
	close(null);
	CHECK(sums_begin(sums, null) == NULL);
	CHECK_INT(errno, EBADF);
	sums_close(sums);
}

/* Neither an older file that waits, nor a big one, delays a file. */
static void test_order(void)
{
	struct sums *sums = started();
	int big = temporary("");
	struct sums_file *waiting = begun(sums, temporary("abc"));
	struct sums_file *first = begun(sums, big);
	struct sums_file *second = begun(sums, big);
	struct sums_file *small = begun(sums, temporary("abc"));

	append(big, 8 * MIB);
	sums_complete(first, 8 * MIB);
	sums_complete(second, 8 * MIB);
	sums_complete(small, 3);
	check_sum(small, ABC_SUM);
	check_sum(second, reference(big));
	check_sum(first, reference(big));
	sums_complete(waiting, 3);
	check_sum(waiting, ABC_SUM);
	sums_close(sums);
}

static void test_drop(void)
{
	struct sums *sums = started();
	int big = temporary("");
	struct sums_file *file = begun(sums, big);
	struct sums_file *kept = begun(sums, big);

	append(big, 64 * MIB);
	sums_reached(file, 64 * MIB); /* the thread is in the middle */
	ends_sleep(0.01);
	sums_drop(file);
	file = begun(sums, big); /* waits for bytes */
	sums_drop(file);
	file = begun(sums, big); /* complete, perhaps not begun */
	sums_complete(file, 64 * MIB);
	sums_drop(file);
	file = begun(sums, temporary("abc")); /* computed */
	sums_complete(file, 3);
	sums_drop(file);
	sums_complete(kept, 3 * MIB);
	ends_must(ftruncate(big, 3 * MIB), "ftruncate");
	check_sum(kept, reference(big));
	sums_close(sums);
}

/* All are begun and complete before the first is taken. */
static void test_many(void)
{
	static struct sums_file *files[1000];
	static char wanted[LENGTH(files)][SUMS_TEXT_SIZE];
	struct sums *sums = started();

	for (size_t i = 0; i < LENGTH(files); i++) {
		int fd = temporary("");

		append(fd, i * 37);
		if (i % 100 == 0)
			strlcpy(wanted[i], reference(fd), sizeof wanted[i]);
		files[i] = begun(sums, fd);
		sums_complete(files[i], i * 37);
		close(fd);
	}
	for (size_t i = 0; i < LENGTH(files); i++) {
		char text[SUMS_TEXT_SIZE];

		CHECK_INT(sums_take(files[i], text), 0);
		if (i % 100 == 0)
			CHECK_STR(text, wanted[i]);
	}
	sums_close(sums);
}

/* The user's signals are not delivered to the thread. */
static void test_signals(void)
{
	struct sums *sums = started();
	sigset_t user;
	sigset_t pending;

	sigemptyset(&user);
	sigaddset(&user, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &user, NULL);
	kill(getpid(), SIGUSR1); /* the thread would be killed, and all of us */
	sigpending(&pending);
	CHECK_INT(sigismember(&pending, SIGUSR1), 1);
	sums_close(sums);
}

static const struct test tests[] = {
	{ "sums: they are SHA-256", test_known },
	{ "sums: a file that grows in small steps is followed", test_follow },
	{ "sums: bytes are read only when they are there", test_not_beyond },
	{ "sums: one that the thread is computing is waited for", test_waits },
	{ "sums: holes read as zeros", test_hole },
	{ "sums: the caller may close its descriptor at once",
	    test_own_descriptor },
	{ "sums: a file that is cut has no sum", test_cut },
	{ "sums: a file that cannot be read has no sum", test_unreadable },
	{ "sums: no file waits for an older one", test_order },
	{ "sums: a file is dropped whatever the thread is doing", test_drop },
	{ "sums: 1000 files at once", test_many },
	{ "sums: the thread takes no signals", test_signals },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
