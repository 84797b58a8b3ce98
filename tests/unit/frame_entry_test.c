/*
 * The payload of an ENTRY: what it holds, and what is refused. Each is read
 * from memory that ends where the payload does, for the sanitizers to watch.
 */
#include "frame.h"

#include "test.h"

static unsigned char *exactly(const unsigned char *payload, size_t length)
{
	unsigned char *copy = malloc(length > 0 ? length : 1);

	if (copy == NULL)
		exit(1);
	return memcpy(copy, payload, length);
}

static bool reads(
    const unsigned char *payload, size_t length, struct frame_entry *entry)
{
	unsigned char *copy = exactly(payload, length);
	bool good = frame_get_entry(copy, length, entry);

	free(copy);
	return good;
}

/* Writes a whole header of an entry, by hand. */
static size_t make(unsigned char payload[FRAME_ENTRY_MAX], unsigned kind,
    size_t name, size_t target)
{
	memset(payload, 0, 28);
	payload[0] = (unsigned char)kind;
	payload[24] = (unsigned char)(name >> 8);
	payload[25] = (unsigned char)name;
	payload[26] = (unsigned char)(target >> 8);
	payload[27] = (unsigned char)target;
	memset(payload + 28, 'n', FRAME_ENTRY_MAX - 28);
	return 28 + name + target;
}

/* Whether such an entry is read, when all else about it is right. */
static bool takes(unsigned kind, size_t name, size_t target)
{
	static unsigned char payload[FRAME_ENTRY_MAX];
	struct frame_entry entry;
	size_t length = make(payload, kind, name, target);

	return reads(payload, length, &entry);
}

static void test_known(void)
{
	static const unsigned char known[] = { 3, 0, 0x01, 0xa4, 0x07, 0x5b,
		0xcd, 0x15, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0,
		0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 4, 'd', '/', 'l', 't', 'h', 'e',
		'r' };
	static const struct frame_entry link = {
		.kind = FRAME_LINK,
		.mode = 0644,
		.nanoseconds = 123456789,
		.seconds = -2,
		.name = "d/l",
		.target = "ther",
	};
	static unsigned char payload[FRAME_ENTRY_MAX];
	struct frame_entry got;

	CHECK_INT(frame_put_entry(payload, &link), sizeof known);
	CHECK(memcmp(payload, known, sizeof known) == 0);
	CHECK(reads(known, sizeof known, &got));
	CHECK(got.kind == FRAME_LINK && got.mode == 0644 && got.size == 0);
	CHECK_INT(got.nanoseconds, 123456789);
	CHECK_INT(got.seconds, -2);
	CHECK_STR(got.name, "d/l");
	CHECK_STR(got.target, "ther");
}

static void test_longest(void)
{
	static unsigned char payload[FRAME_ENTRY_MAX];
	static struct frame_entry entry = { .kind = FRAME_LINK };
	static struct frame_entry got;

	memset(entry.name, 0xff, 4095);
	memset(entry.target, 1, 4095);
	CHECK_INT(frame_put_entry(payload, &entry), FRAME_ENTRY_MAX);
	CHECK(reads(payload, FRAME_ENTRY_MAX, &got));
	CHECK(strcmp(got.name, entry.name) == 0);
	CHECK(strcmp(got.target, entry.target) == 0);
}

static void test_lengths(void)
{
	for (unsigned kind = FRAME_FILE; kind <= FRAME_LEAVE; kind++) {
		size_t target = kind == FRAME_LINK ? 1 : 0;

		CHECK(takes(kind, 1, target));
		CHECK(takes(kind, 4095, target));
		CHECK(!takes(kind, 0, target));
		CHECK(!takes(kind, 0, target + 1));
		CHECK(!takes(kind, 1, 1 - target));
		CHECK(!takes(kind, 4096, target));
	}
	CHECK(takes(FRAME_LINK, 1, 4095));
	CHECK(!takes(FRAME_LINK, 1, 4096));
	CHECK(!takes(FRAME_LINK, 4096, 1));
	CHECK(!takes(FRAME_FILE, 1, 4095));
}

static void test_kinds(void)
{
	for (unsigned kind = 0; kind < 256; kind++)
		CHECK_INT(
		    takes(kind, 1, kind == FRAME_LINK), kind >= 1 && kind <= 4);
}

/* The lengths say other than the payload: by any number, either way. */
static void test_wrong_lengths(void)
{
	static unsigned char payload[FRAME_ENTRY_MAX];
	struct frame_entry entry;
	size_t length = make(payload, FRAME_LINK, 20, 30);

	CHECK(reads(payload, length, &entry));
	for (size_t other = 0; other < 200; other++)
		CHECK_INT(reads(payload, other, &entry), other == length);
	for (size_t byte = 24; byte < 28; byte++)
		for (unsigned value = 1; value < 256; value++) {
			make(payload, FRAME_LINK, 20, 30);
			payload[byte] ^= (unsigned char)value;
			CHECK(!reads(payload, length, &entry));
		}
}

/* Two wrong lengths whose sum is right: 65535 + 31 and so on. */
static void test_sums(void)
{
	static unsigned char payload[FRAME_ENTRY_MAX];
	struct frame_entry entry;

	for (size_t name = 4090; name < 4100; name++) {
		size_t length = make(payload, FRAME_LINK, name, 8190 - name);

		CHECK_INT(reads(payload, length, &entry), name == 4095);
	}
}

static void test_zeros(void)
{
	static unsigned char payload[FRAME_ENTRY_MAX];
	struct frame_entry entry;
	size_t length = make(payload, FRAME_LINK, 5, 6);

	for (size_t byte = 28; byte < length; byte++) {
		payload[byte] = '\0';
		CHECK(!reads(payload, length, &entry));
		payload[byte] = 0xff;
		CHECK(reads(payload, length, &entry));
	}
}

/* A field of so many bytes has that value. */
static bool takes_value(unsigned kind, size_t at, size_t bytes, uint64_t value)
{
	static unsigned char payload[FRAME_ENTRY_MAX];
	struct frame_entry entry;
	size_t length = make(payload, kind, 1, kind == FRAME_LINK);

	for (size_t i = bytes; i-- > 0; value >>= 8)
		payload[at + i] = (unsigned char)value;
	return reads(payload, length, &entry);
}

static void test_values(void)
{
	CHECK(takes_value(FRAME_FILE, 2, 2, 0777));
	CHECK(!takes_value(FRAME_FILE, 2, 2, 01000));
	CHECK(!takes_value(FRAME_FILE, 2, 2, 04755));
	CHECK(!takes_value(FRAME_DIRECTORY, 2, 2, 0xffff));
	CHECK(takes_value(FRAME_FILE, 4, 4, 999999999));
	CHECK(!takes_value(FRAME_FILE, 4, 4, 1000000000));
	CHECK(!takes_value(FRAME_FILE, 4, 4, UINT32_MAX));
	CHECK(takes_value(FRAME_FILE, 8, 8, UINT64_MAX));
	CHECK(takes_value(FRAME_FILE, 8, 8, (uint64_t)INT64_MIN));
	CHECK(takes_value(FRAME_FILE, 16, 8, (UINT64_C(1) << 62) - 1));
	CHECK(!takes_value(FRAME_FILE, 16, 8, UINT64_C(1) << 62));
	CHECK(!takes_value(FRAME_FILE, 16, 8, UINT64_MAX));
	CHECK(!takes_value(FRAME_DIRECTORY, 16, 8, 1));
	CHECK(!takes_value(FRAME_LINK, 16, 8, 1));
	CHECK(!takes_value(FRAME_LEAVE, 16, 8, 1));
	for (unsigned value = 1; value < 256; value++)
		CHECK(!takes_value(FRAME_FILE, 1, 1, value));
}

static const struct test tests[] = {
	{ "entry: has these bytes", test_known },
	{ "entry: the longest name and target", test_longest },
	{ "entry: names and targets, and their limits", test_lengths },
	{ "entry: four kinds", test_kinds },
	{ "entry: its lengths are those of the payload", test_wrong_lengths },
	{ "entry: two lengths, each within its limit", test_sums },
	{ "entry: no zero byte in a name or target", test_zeros },
	{ "entry: permissions, times and sizes", test_values },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
