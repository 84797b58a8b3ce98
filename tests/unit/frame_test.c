/*
 * Frames: bytes that were computed by other means, the limits of each type, and
 * all that may be wrong with a header, a hello or an entry.
 */
#include "frame.h"

#include "test.h"

#define ABC 0x44BC2CF5AD770999U /* the XXH64 of "abc" */

static const struct frame abc = {
	.type = FRAME_DATA,
	.length = 3,
	.number = 0x01020304,
	.at = 0x1112131415161718,
	.hash = ABC,
};

/* The same, byte by byte. */
static const unsigned char abc_header[FRAME_HEADER] = { 'v', 'c', 'a', 't', 1,
	4, 0, 0, 0, 0, 0, 3, 1, 2, 3, 4, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16,
	0x17, 0x18, 0x44, 0xbc, 0x2c, 0xf5, 0xad, 0x77, 0x09, 0x99, 0x04, 0x56,
	0xad, 0xc0, 0xd6, 0xdb, 0x5d, 0xd1 };

/* Whether this is what is said of a header; NULL: nothing. */
static bool says(const char *why, const char *part)
{
	bool so = part == NULL ? why == NULL
			       : why != NULL && strstr(why, part) != NULL;

	if (!so)
		printf("# said: %s\n", why == NULL ? "nothing" : why);
	return so;
}

/* Gives a header that has been changed its right hash. */
static void mend(unsigned char header[FRAME_HEADER])
{
	frame_put_number(header + 32, frame_hash(header, 32));
}

static void test_known_header(void)
{
	unsigned char header[FRAME_HEADER];
	struct frame frame = { 0 };

	frame_put(header, &abc);
	CHECK(memcmp(header, abc_header, FRAME_HEADER) == 0);
	CHECK(says(frame_get(abc_header, abc.number, &frame), NULL));
	CHECK_INT(frame.type, FRAME_DATA);
	CHECK_INT(frame.length, 3);
	CHECK_INT(frame.number, 0x01020304);
	CHECK_INT(frame.at, 0x1112131415161718);
	CHECK(frame.hash == ABC);
}

static void test_known_hashes(void)
{
	unsigned char *block = calloc(1, FRAME_BLOCK);

	if (!CHECK(block != NULL))
		return;
	CHECK(frame_hash("", 0) == 0xEF46DB3751D8E999U);
	CHECK(frame_hash(NULL, 0) == 0xEF46DB3751D8E999U);
	CHECK(frame_hash("a", 1) == 0xD24EC4F1A98C6E5BU);
	CHECK(frame_hash("abc", 3) == ABC);
	CHECK(frame_hash(block, FRAME_BLOCK) == 0x87D2A1B6E1163EF1U);
	for (unsigned char i = 0; i < 40; i++)
		block[i] = i;
	CHECK(frame_hash(block, 40) == 0xF5DA40F1B11741E9U);
	free(block);
}

/* As vcat-frames(5) has them. */
static const struct {
	uint32_t least, most;
} limits[] = {
	[1] = { 12, 128 },    /* HELLO */
	[2] = { 29, 8218 },   /* ENTRY */
	[3] = { 0, 0 },       /* BEGIN */
	[4] = { 1, 1048576 }, /* DATA */
	[5] = { 0, 0 },       /* SAME */
	[6] = { 16, 16 },     /* END */
	[7] = { 0, 512 },     /* ABORT */
	[8] = { 8, 8 },       /* FINISH */
	[9] = { 16, 8200 },   /* HAVE */
	[10] = { 0, 0 },      /* GO */
	[11] = { 0, 512 },    /* REFUSE */
	[12] = { 0, 0 },      /* STORED */
	[13] = { 0, 512 },    /* FAILED */
	[14] = { 8, 8 },      /* RESULT */
	[15] = { 0, 0 },      /* BYE */
	[16] = { 0, 512 },    /* FATAL */
};

/* What is said of a header of that type and length, whose hash is right. */
static const char *judge(unsigned type, uint32_t length)
{
	unsigned char header[FRAME_HEADER];
	struct frame frame = { .type = type, .length = length };

	frame_put(header, &frame);
	return frame_get(header, 0, &frame);
}

static void test_limits(void)
{
	for (unsigned type = 1; type < LENGTH(limits); type++) {
		uint32_t least = limits[type].least;
		uint32_t most = limits[type].most;
		bool right = judge(type, least) == NULL &&
			     judge(type, most) == NULL &&
			     (least == 0 || judge(type, least - 1) != NULL) &&
			     judge(type, most + 1) != NULL &&
			     judge(type, most | 0x80000000U) != NULL &&
			     judge(type, UINT32_MAX) != NULL;

		if (!CHECK(right))
			printf("# type %u\n", type);
	}
}

static void test_unknown_types(void)
{
	for (unsigned type = 0; type < 256; type++)
		if (type == 0 || type >= LENGTH(limits))
			for (uint32_t length = 0; length < 600; length += 4)
				CHECK(says(judge(type, length), "not valid"));
}

static void test_every_value(void)
{
	static const uint64_t values[] = { 0, 1, UINT32_MAX,
		UINT32_MAX + (uint64_t)1, INT64_MAX, UINT64_MAX };
	unsigned char header[FRAME_HEADER];
	struct frame frame;

	for (size_t i = 0; i < LENGTH(values); i++) {
		const struct frame put = {
			.type = FRAME_SAME,
			.number = (uint32_t)values[i],
			.at = values[i],
			.hash = values[LENGTH(values) - 1 - i],
		};

		frame_put(header, &put);
		CHECK(says(frame_get(header, put.number, &frame), NULL));
		CHECK(frame.number == put.number && frame.at == put.at &&
		      frame.hash == put.hash && frame.length == 0);
	}
}

/* One bit of a header is wrong: each is found, and the first five bytes are
 * looked at before all others. */
static void test_damage(void)
{
	for (size_t bit = 0; bit < (size_t)8 * FRAME_HEADER; bit++) {
		unsigned char header[FRAME_HEADER];
		struct frame frame;
		const char *part = bit < 32   ? "not a frame"
				   : bit < 40 ? "version"
					      : "damaged";

		memcpy(header, abc_header, FRAME_HEADER);
		header[bit / 8] ^= (unsigned char)(1U << (bit % 8));
		if (!CHECK(says(frame_get(header, abc.number, &frame), part)))
			printf("# bit %zu\n", bit);
	}
}

/* A byte is another, and the hash is right all the same. */
static void test_changed(void)
{
	for (size_t byte = 0; byte < 32; byte++) {
		unsigned char header[FRAME_HEADER];
		struct frame frame;
		const char *part = byte < 4    ? "not a frame"
				   : byte == 4 ? "version"
				   : byte < 10 ? "not valid"
				   : byte < 12 ? NULL /* another length */
				   : byte < 16 ? "missing or out of order"
					       : NULL;

		memcpy(header, abc_header, FRAME_HEADER);
		header[byte] ^= 0x55;
		mend(header);
		if (!CHECK(says(frame_get(header, abc.number, &frame), part)))
			printf("# byte %zu\n", byte);
	}
}

static void test_number(void)
{
	struct frame frame;

	CHECK(says(frame_get(abc_header, abc.number - 1, &frame), "missing"));
	CHECK(says(frame_get(abc_header, abc.number + 1, &frame), "missing"));
	CHECK(says(frame_get(abc_header, 0, &frame), "missing"));
}

static void test_may_begin(void)
{
	static const char *const wrong[] = { "V", "vC", "vca ", "vcat", "xcat",
		"SSH-2.0", "\r\n", "GET / HTTP/1.1" };

	for (size_t length = 0; length <= FRAME_HEADER; length++)
		CHECK(frame_may_begin(abc_header, length));
	for (size_t i = 0; i < LENGTH(wrong); i++)
		CHECK_INT(frame_may_begin((const unsigned char *)wrong[i],
			      strlen(wrong[i])),
		    strncmp(wrong[i], "vcat", 4) == 0);
	CHECK(!frame_may_begin((const unsigned char *)"vcax", 40 - 36));
	CHECK(!frame_may_begin((const unsigned char *)"\0", 1));
}

/* A digest in hexadecimal, until the next call. */
static const char *hex(const struct frame_digest *digest)
{
	static char text[33];

	for (size_t i = 0; i < sizeof digest->bytes; i++)
		sprintf(text + 2 * i, "%02x", digest->bytes[i]);
	return text;
}

/* What XXH3-128 makes of it, fed byte by byte. */
static void test_known_digest(void)
{
	struct frame_digest digest = { { 0 } };

	CHECK_STR(hex(&digest), "00000000000000000000000000000000");
	frame_digest_add(&digest, 0, 3, ABC);
	CHECK_STR(hex(&digest), "72c22a7e399f842c00d2f7fa26ccb289");
	frame_digest_add(
	    &digest, FRAME_BLOCK, FRAME_BLOCK, 0x87D2A1B6E1163EF1U);
	CHECK_STR(hex(&digest), "ffc8688516199d503fd4b3515d3b4f69");
	frame_digest_add(&digest, UINT64_MAX - 1, 1, 0);
	CHECK_STR(hex(&digest), "544ceef5031ef300b8a3424a4d5133ee");
}

/* The digest of these three blocks, 9 ends: their numbers from 0 to 2. */
static struct frame_digest digested(const char *blocks)
{
	struct frame_digest digest = { { 0 } };

	for (; *blocks != '\0'; blocks++) {
		uint64_t offset = (uint64_t)(*blocks - '0') * FRAME_BLOCK;

		frame_digest_add(&digest, offset, FRAME_BLOCK, ABC);
	}
	return digest;
}

static void test_digest_order(void)
{
	static const char *const others[] = { "", "0", "01", "12", "02", "021",
		"102", "0012", "0122", "0123" };
	const struct frame_digest right = digested("012");

	for (size_t i = 0; i < LENGTH(others); i++) {
		const struct frame_digest other = digested(others[i]);

		CHECK(memcmp(&right, &other, sizeof right) != 0);
	}
}

static void test_numbers(void)
{
	unsigned char bytes[8];

	frame_put_number(bytes, 0x0123456789ABCDEFU);
	CHECK(memcmp(bytes, "\x01\x23\x45\x67\x89\xab\xcd\xef", 8) == 0);
	CHECK(frame_get_number(bytes) == 0x0123456789ABCDEFU);
	frame_put_number(bytes, UINT64_MAX);
	CHECK(frame_get_number(bytes) == UINT64_MAX);
}

static void test_hello(void)
{
	static const unsigned char known[] = { 2, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4,
		5, 'v', 'c', 'a', 't' };
	const struct frame_hello hello = {
		.role = FRAME_RECEIVES, .durable = true, .total = 0x102030405
	};
	struct frame_hello got = { 0 };
	unsigned char payload[FRAME_HELLO_MAX];
	size_t length = frame_put_hello(payload, &hello);

	CHECK_INT(length, sizeof known);
	CHECK(memcmp(payload, known, sizeof known) == 0);
	CHECK(frame_get_hello(payload, length, &got));
	CHECK(got.role == FRAME_RECEIVES && got.durable);
	CHECK_INT(got.total, 0x102030405);
	payload[1] = 0;
	frame_put_number(payload + 4, FRAME_UNKNOWN);
	CHECK(frame_get_hello(payload, 12, &got));
	CHECK(!got.durable && got.total == FRAME_UNKNOWN);
}

/* A later vcat may say more, by other flags, or by a longer name. */
static void test_hello_limits(void)
{
	struct frame_hello hello = { .role = FRAME_STREAMS };
	unsigned char payload[FRAME_HELLO_MAX] = { 0 };

	frame_put_hello(payload, &hello);
	for (size_t length = 0; length < 12; length++)
		CHECK(!frame_get_hello(payload, length, &hello));
	CHECK(frame_get_hello(payload, sizeof payload, &hello));
	payload[1] = 0xfe;
	CHECK(frame_get_hello(payload, sizeof payload, &hello));
	CHECK(!hello.durable);
	for (unsigned role = 0; role < 256; role++) {
		payload[0] = (unsigned char)role;
		CHECK_INT(frame_get_hello(payload, sizeof payload, &hello),
		    role >= 1 && role <= 3);
	}
}

static const struct test tests[] = {
	{ "frame: a header has these bytes", test_known_header },
	{ "frame: blocks have these hashes", test_known_hashes },
	{ "frame: each type has its limits of length", test_limits },
	{ "frame: other types are refused", test_unknown_types },
	{ "frame: every value of a field gets through", test_every_value },
	{ "frame: a wrong bit anywhere in a header is found", test_damage },
	{ "frame: a changed header with a right hash", test_changed },
	{ "frame: the number is the one that is awaited", test_number },
	{ "frame: a few bytes may be the beginning of one", test_may_begin },
	{ "digest: blocks have this one", test_known_digest },
	{ "digest: blocks missing, repeated or moved show", test_digest_order },
	{ "frame: a number is eight bytes, the highest first", test_numbers },
	{ "hello: has these bytes", test_hello },
	{ "hello: roles and lengths, and room for more", test_hello_limits },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
