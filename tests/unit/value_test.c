/*
 * The values of options.
 */
#include "value.h"

#include "test.h"

static void test_seconds(void)
{
	static const struct {
		const char *text;
		double seconds;
	} good[] = { { "0", 0 }, { "5", 5 }, { "0.5", 0.5 }, { ".5", 0.5 },
		{ "5.", 5 }, { "1000000000", 1e9 }, { "007", 7 } };
	static const char *const wrong[] = { "", " ", ".", "1 ", " 1", "-1",
		"+1", "1e3", "0x1", "inf", "nan", "1.2.3", "1s", "1000000001",
		"1,5" };
	const char *why;
	double seconds;

	for (size_t i = 0; i < LENGTH(good); i++) {
		seconds = -1;
		CHECK(value_seconds(good[i].text, &seconds) == NULL);
		CHECK(seconds == good[i].seconds);
	}
	for (size_t i = 0; i < LENGTH(wrong); i++) {
		why = value_seconds(wrong[i], &seconds);
		if (!CHECK(why != NULL && why[0] != '\0'))
			printf("# '%s'\n", wrong[i]);
	}
}

static void test_size(void)
{
	static const struct {
		const char *text;
		size_t size;
	} good[] = { { "1024", 1024 }, { "1K", 1024 }, { "4K", 4096 },
		{ "4KiB", 4096 }, { "1M", 1 << 20 }, { "1MiB", 1 << 20 },
		{ "1024MiB", 1 << 30 }, { "1048576K", 1 << 30 } };
	static const char *const wrong[] = { "", "K", "0", "1023", "0K",
		"1025M", "-4096", "+4096", " 4096", "4096 ", "4k", "4KB", "4G",
		"1.5M", "18446744073709552640", "18014398509481985K" };
	const char *why;
	size_t size;

	for (size_t i = 0; i < LENGTH(good); i++) {
		size = 0;
		CHECK(value_size(good[i].text, &size) == NULL);
		CHECK_INT(size, good[i].size);
	}
	for (size_t i = 0; i < LENGTH(wrong); i++) {
		why = value_size(wrong[i], &size);
		if (!CHECK(why != NULL && why[0] != '\0'))
			printf("# '%s'\n", wrong[i]);
	}
}

static void test_bytes(void)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = { { "1", 1 }, { "007", 7 }, { "4096", 4096 },
		{ "1K", 1 << 10 }, { "1KiB", 1 << 10 }, { "100MiB", 104857600 },
		{ "10GiB", UINT64_C(10) << 30 }, { "2T", UINT64_C(2) << 40 },
		{ "2TiB", UINT64_C(2) << 40 },
		{ "8388607TiB", UINT64_C(8388607) << 40 },
		{ "9223372036854775807", INT64_MAX } };
	static const char *const wrong[] = { "", "K", "KiB", "0", "00", "0T",
		"-1", "+1", " 1", "1 ", "1k", "1KB", "1Ki", "1KiBx", "1KK",
		"1B", "1iB", "1P", "1.5G", "1e3", "0x10", "1,000",
		"9223372036854775808", "8388608TiB", "16777216T", "16777217T",
		"18446744073709551615", "18446744073709551616",
		"99999999999999999999T" };
	const char *why;
	uint64_t bytes;

	for (size_t i = 0; i < LENGTH(good); i++) {
		bytes = 0;
		CHECK(value_bytes(good[i].text, &bytes) == NULL);
		CHECK_INT(bytes, good[i].bytes);
	}
	for (size_t i = 0; i < LENGTH(wrong); i++) {
		bytes = 42;
		why = value_bytes(wrong[i], &bytes);
		if (!CHECK(why != NULL && why[0] != '\0' && bytes == 42))
			printf("# '%s'\n", wrong[i]);
	}
}

static void test_count(void)
{
	static const char *const wrong[] = { "", "0", "-1", "+1", " 1", "1 ",
		"x", "1x", "1.5", "2147483648", "99999999999999999999" };
	const char *why;
	int count;

	CHECK(value_count("1", &count) == NULL);
	CHECK_INT(count, 1);
	CHECK(value_count("2147483647", &count) == NULL);
	CHECK_INT(count, 2147483647);
	for (size_t i = 0; i < LENGTH(wrong); i++) {
		why = value_count(wrong[i], &count);
		if (!CHECK(why != NULL && why[0] != '\0'))
			printf("# '%s'\n", wrong[i]);
	}
}

static void test_mode(void)
{
	static const struct {
		const char *text;
		mode_t mode;
	} good[] = { { "660", 0660 }, { "0660", 0660 }, { "777", 0777 },
		{ "0777", 0777 }, { "0", 0 }, { "7", 7 } };
	static const char *const wrong[] = { "", "8", "669", "1777", "4755",
		"00660", "-660", "+660", "0o660", "u=rw", " 660", "660 ",
		"1000" };
	const char *why;
	mode_t mode;

	for (size_t i = 0; i < LENGTH(good); i++) {
		mode = 01;
		CHECK(value_mode(good[i].text, &mode) == NULL);
		CHECK_INT(mode, good[i].mode);
	}
	for (size_t i = 0; i < LENGTH(wrong); i++) {
		why = value_mode(wrong[i], &mode);
		if (!CHECK(why != NULL && why[0] != '\0'))
			printf("# '%s'\n", wrong[i]);
	}
}

static const struct test tests[] = {
	{ "value: seconds, with a fraction, and nothing else", test_seconds },
	{ "value: a size, with a unit, within reason", test_size },
	{ "value: a number of bytes, with a unit, up to 2^63", test_bytes },
	{ "value: a number from 1 on", test_count },
	{ "value: a mode in octal, of permissions alone", test_mode },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
