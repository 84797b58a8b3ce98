/*
 * The meter's text at fixed times, and for terminals of any width.
 */
#include "progress.h"

#include <limits.h>

#include "test.h"

#define SECOND 1000000000LL
#define MIB    (1ULL << 20)
#define GIB    (1ULL << 30)

/* A time at which all of these have begun. */
#define BEGAN (1000 * SECOND)

static struct progress sample(const char *name, uint64_t bytes, uint64_t total)
{
	struct progress progress = {
		.shown = true,
		.bytes = bytes,
		.total = total,
		.began = BEGAN,
		.marks = { { .at = BEGAN }, { .at = BEGAN } },
	};

	strcpy(progress.name, name);
	return progress;
}

/* The line after so many seconds, in a static buffer. */
static const char *line(
    const struct progress *progress, int seconds, int columns)
{
	static char text[PROGRESS_LINE_SIZE];

	memset(text, 'x', sizeof text);
	progress_format(progress, BEGAN + seconds * SECOND, columns, text);
	return text;
}

static void test_bytes(void)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} rows[] = {
		{ 0, "0 B" },
		{ 1, "1 B" },
		{ 999, "999 B" },
		{ 1023, "1023 B" },
		{ 1024, "1.0 KiB" },
		{ 1126, "1.0 KiB" },
		{ 1127, "1.1 KiB" },
		{ 10240, "10.0 KiB" },
		{ 100 * 1024 - 1, "99.9 KiB" },
		{ 100 * 1024, "100 KiB" },
		{ MIB - 1, "1023 KiB" },
		{ MIB, "1.0 MiB" },
		{ GIB - 1, "1023 MiB" },
		{ GIB, "1.0 GiB" },
		{ 1ULL << 40, "1.0 TiB" },
		{ (1ULL << 50) - 1, "1023 TiB" },
		{ 1ULL << 50, "1.0 PiB" },
		{ 1ULL << 60, "1.0 EiB" },
		{ UINT64_MAX, "15.9 EiB" },
	};
	char text[PROGRESS_SIZE];

	for (size_t i = 0; i < LENGTH(rows); i++)
		CHECK_STR(progress_bytes(rows[i].bytes, text), rows[i].text);
}

static void test_known_total(void)
{
	struct progress p = sample("disk.img", GIB, 4 * GIB);

	CHECK_STR(line(&p, 4, 80),
	    "disk.img  1.0 GiB of 4.0 GiB  25%  256 MiB/s  0:12 left");
	p.bytes = 4 * GIB;
	CHECK_STR(line(&p, 16, 80),
	    "disk.img  4.0 GiB of 4.0 GiB  100%  256 MiB/s  0:00 left");
	p.name[0] = '\0';
	CHECK_STR(
	    line(&p, 16, 80), "4.0 GiB of 4.0 GiB  100%  256 MiB/s  0:00 left");
}

static void test_unknown_total(void)
{
	struct progress p = sample("disk.img", GIB, PROGRESS_UNKNOWN);

	CHECK_STR(line(&p, 4, 80), "disk.img  1.0 GiB  256 MiB/s  0:04");
	CHECK_STR(line(&p, 3723, 80), "disk.img  1.0 GiB  281 KiB/s  1:02:03");
	/* a file that grew while it was sent */
	p.total = GIB - 1;
	CHECK_STR(line(&p, 4, 80), "disk.img  1.0 GiB  256 MiB/s  0:04");
}

static void test_nothing_yet(void)
{
	struct progress p = sample("a", 0, 1000);

	CHECK_STR(line(&p, 0, 80), "a  0 B of 1000 B  0%  0 B/s  -:-- left");
	CHECK_STR(line(&p, 9, 80), "a  0 B of 1000 B  0%  0 B/s  -:-- left");
	CHECK_STR(line(&p, -9, 80), "a  0 B of 1000 B  0%  0 B/s  -:-- left");
	p.total = PROGRESS_UNKNOWN;
	CHECK_STR(line(&p, -9, 80), "a  0 B  0 B/s  0:00");
	/* nothing to do, and that is done */
	p.total = 0;
	CHECK_STR(line(&p, 0, 80), "a  0 B of 0 B  100%  0 B/s  0:00 left");
}

static void test_percent(void)
{
	struct progress p = sample("", UINT64_MAX - 2, UINT64_MAX - 1);

	CHECK_STR(line(&p, 1, 80),
	    "15.9 EiB of 15.9 EiB  99%  15.9 EiB/s  0:01 left");
	p.bytes = 999;
	p.total = 1000;
	CHECK_STR(line(&p, 999, 80), "999 B of 1000 B  99%  1 B/s  0:01 left");
	p.bytes = 9;
	CHECK_STR(line(&p, 9, 80), "9 B of 1000 B  0%  1 B/s  16:31 left");
}

static void test_long_time(void)
{
	struct progress p = sample("", 10, 10 + 359999);

	CHECK_STR(
	    line(&p, 10, 80), "10 B of 351 KiB  0%  1 B/s  99:59:59 left");
	p.total++;
	CHECK_STR(line(&p, 10, 80), "10 B of 351 KiB  0%  1 B/s  -:-- left");
}

static void test_kept(void)
{
	struct progress p = sample("", 3 * GIB + 8 * MIB, 4 * GIB);

	p.kept = 3 * GIB;
	CHECK_STR(
	    line(&p, 4, 80), "3.0 GiB of 4.0 GiB  75%  2.0 MiB/s  8:28 left");
}

static void test_rate_of_late(void)
{
	struct progress p = sample("", 100 * MIB, PROGRESS_UNKNOWN);

	p.marks[0] = (struct progress_mark){ BEGAN + 90 * SECOND, 90 * MIB };
	CHECK_STR(line(&p, 95, 80), "100 MiB  2.0 MiB/s  1:35");
	p.marks[0].moved = 100 * MIB;
	CHECK_STR(line(&p, 95, 80), "100 MiB  0 B/s  1:35");
}

static void test_cut(void)
{
	struct progress p = sample("a/long/path/to/disk.img", GIB, 4 * GIB);

	/* one column is left, in which some terminals would wrap */
	CHECK_STR(line(&p, 4, 71),
	    "a/long/path/to/disk.img  "
	    "1.0 GiB of 4.0 GiB  25%  256 MiB/s  0:12 left");
	CHECK_STR(line(&p, 4, 70),
	    "...ng/path/to/disk.img  "
	    "1.0 GiB of 4.0 GiB  25%  256 MiB/s  0:12 left");
	CHECK_STR(line(&p, 4, 56),
	    "...k.img  1.0 GiB of 4.0 GiB  25%  256 MiB/s  0:12 left");
	CHECK_STR(
	    line(&p, 4, 55), "1.0 GiB of 4.0 GiB  25%  256 MiB/s  0:12 left");
	strcpy(p.name, "a");
	CHECK_STR(line(&p, 4, 55),
	    "a  1.0 GiB of 4.0 GiB  25%  256 MiB/s  0:12 left");
}

static void test_narrow(void)
{
	struct progress p = sample("x", GIB, 4 * GIB);

	CHECK_STR(
	    line(&p, 4, 46), "1.0 GiB of 4.0 GiB  25%  256 MiB/s  0:12 left");
	CHECK_STR(line(&p, 4, 45), "x  1.0 GiB of 4.0 GiB  25%  0:12 left");
	CHECK_STR(line(&p, 4, 35), "1.0 GiB of 4.0 GiB  25%  0:12 left");
	CHECK_STR(line(&p, 4, 34), "x  1.0 GiB of 4.0 GiB  25%");
	CHECK_STR(line(&p, 4, 8), "x  25%");
	CHECK_STR(line(&p, 4, 4), "25%");
	CHECK_STR(line(&p, 4, 3), "x");
	CHECK_STR(line(&p, 4, 1), "");
	p.total = PROGRESS_UNKNOWN;
	CHECK_STR(line(&p, 4, 20), "x  1.0 GiB  0:04");
	CHECK_STR(line(&p, 4, 11), "x  1.0 GiB");
}

static void test_columns_of_names(void)
{
	/* five letters in six bytes, and three of two columns each */
	struct progress p = sample("\xc3\xa9tude", 0, PROGRESS_UNKNOWN);
	struct progress wide = sample("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"
				      "-disk",
	    0, PROGRESS_UNKNOWN);

	CHECK_STR(line(&p, 0, 25), "\xc3\xa9tude  0 B  0 B/s  0:00");
	CHECK_STR(line(&p, 0, 24), "\xc3\xa9tude  0 B  0 B/s  0:00");
	/* eleven columns, then ten: the whole wide character goes */
	CHECK_STR(line(&wide, 0, 30),
	    "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e-disk  0 B  0 B/s  0:00");
	CHECK_STR(line(&wide, 0, 29), "...\xe8\xaa\x9e-disk  0 B  0 B/s  0:00");
	CHECK_STR(line(&wide, 0, 28), "...-disk  0 B  0 B/s  0:00");
	/* an accent by itself takes none, and goes with its letter */
	strcpy(p.name, "e\xcc\x81tude-e\xcc\x81tude");
	CHECK_STR(
	    line(&p, 0, 30), "e\xcc\x81tude-e\xcc\x81tude  0 B  0 B/s  0:00");
	strcpy(p.name, "12345e\xcc\x81tudes.x");
	CHECK_STR(line(&p, 0, 29), "...tudes.x  0 B  0 B/s  0:00");
}

/* The columns of a text that has no wide characters. */
static int narrow_columns(const char *text)
{
	int columns = 0;

	for (; *text != '\0'; text++)
		columns += (*text & 0xc0) != 0x80;
	return columns;
}

static void test_any_width(void)
{
	static const uint64_t numbers[] = { 0, 1, 1023, GIB, UINT64_MAX - 1,
		UINT64_MAX };
	struct progress p = sample("", 0, 0);
	int most = 0;

	for (int i = 0; i < 255; i += 2)
		memcpy(p.name + i, i < 254 ? "\xc3\xa9" : "e", 2);
	for (int columns = -1; columns <= 1000; columns++) {
		for (size_t i = 0; i < LENGTH(numbers) * LENGTH(numbers); i++) {
			const char *text;

			p.bytes = numbers[i % LENGTH(numbers)];
			p.total = numbers[i / LENGTH(numbers)];
			text = line(&p, columns % 7, columns);
			if (narrow_columns(text) >= columns && text[0] != '\0')
				CHECK_STR(text, "shorter");
			if (narrow_columns(text) > most)
				most = narrow_columns(text);
		}
	}
	CHECK(most > 128 + 40);
	line(&p, INT_MAX, INT_MAX);
	line(&p, INT_MAX, INT_MIN + 1);
}

static void test_names(void)
{
	struct progress p = sample("", 0, 0);
	char name[5000];

	progress_name(&p, "dir/\x1b[31m\n\xff.img");
	CHECK_STR(p.name, "dir/?[31m??.img");
	memset(name, 'n', sizeof name);
	strcpy(name + sizeof name - 6, "/last");
	progress_name(&p, name);
	CHECK_INT(strlen(p.name), 255);
	CHECK(strncmp(p.name, "...nnn", 6) == 0);
	CHECK_STR(p.name + 250, "/last");
	progress_name(&p, name + sizeof name - 256);
	CHECK_INT(strlen(p.name), 255);
	CHECK(p.name[0] == 'n');
	/* two bytes each: the cut comes between two of them */
	for (int i = 0; i < 600; i += 2)
		memcpy(name + i, "\xc3\xa9", 3);
	progress_name(&p, name);
	CHECK(strchr(p.name, '?') == NULL);
	CHECK(strncmp(p.name, "...\xc3\xa9", 5) == 0);
	memset(name, 0x80, sizeof name - 1);
	progress_name(&p, name);
	progress_name(&p, "");
	CHECK_STR(p.name, "");
}

static const struct test tests[] = {
	{ "bytes: one decimal below 100, and never more than there are",
	    test_bytes },
	{ "line: a known total shows percent and time left", test_known_total },
	{ "line: without a total, the time since the beginning",
	    test_unknown_total },
	{ "line: before the first byte the time left is unknown",
	    test_nothing_yet },
	{ "line: 100% is all of it, and the largest numbers are safe",
	    test_percent },
	{ "line: a hundred hours left are as good as unknown", test_long_time },
	{ "line: what was there already does not count for the rate",
	    test_kept },
	{ "line: the rate is that of the last seconds", test_rate_of_late },
	{ "width: the name is cut first, from its beginning", test_cut },
	{ "width: then parts go, the percentage last", test_narrow },
	{ "width: characters are counted by the columns they take",
	    test_columns_of_names },
	{ "width: from 1 to 1000 columns no line fills its row",
	    test_any_width },
	{ "name: it is tamed, and keeps its end", test_names },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
