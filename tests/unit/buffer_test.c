/*
 * The ring of bytes: its corners, and at random against a plain array.
 */
#include "buffer.h"

#include "test.h"

#define SIZE 8

/* Copies as much of text as there is room for into the buffer. */
static size_t put(struct buffer *buffer, const char *text, size_t length)
{
	struct iovec piece[2];
	int n = buffer_space(buffer, piece);
	size_t done = 0;

	for (int i = 0; i < n; i++) {
		size_t part = length - done;

		if (part > piece[i].iov_len)
			part = piece[i].iov_len;
		memcpy(piece[i].iov_base, text + done, part);
		done += part;
	}
	buffer_fill(buffer, done);
	return done;
}

/* Moves at most length bytes from the buffer to text. */
static size_t get(struct buffer *buffer, char *text, size_t length)
{
	struct iovec piece[2];
	int n = buffer_bytes(buffer, piece);
	size_t done = 0;

	for (int i = 0; i < n; i++) {
		size_t part = length - done;

		if (part > piece[i].iov_len)
			part = piece[i].iov_len;
		memcpy(text + done, piece[i].iov_base, part);
		done += part;
	}
	buffer_drain(buffer, done);
	return done;
}

static void test_empty(void)
{
	struct buffer buffer;
	struct iovec piece[2];

	buffer = (struct buffer){ .size = SIZE };
	CHECK(buffer.data == NULL);
	CHECK_INT(buffer_room(&buffer), SIZE);
	CHECK_INT(buffer_bytes(&buffer, piece), 0);
	CHECK_INT(buffer_space(&buffer, piece), 1);
	CHECK_INT(piece[0].iov_len, SIZE);
	CHECK_INT(buffer_bytes(&buffer, piece), 0);
	buffer_free(&buffer);
}

static void test_full(void)
{
	struct buffer buffer;
	struct iovec piece[2];
	char text[SIZE + 1] = "";

	buffer = (struct buffer){ .size = SIZE };
	CHECK_INT(put(&buffer, "abcdefghij", 10), SIZE);
	CHECK_INT(buffer_room(&buffer), 0);
	CHECK_INT(buffer_space(&buffer, piece), 0);
	CHECK_INT(buffer_bytes(&buffer, piece), 1);
	CHECK_INT(get(&buffer, text, SIZE), SIZE);
	CHECK_STR(text, "abcdefgh");
	CHECK_INT(buffer_room(&buffer), SIZE);
	CHECK_INT(buffer_bytes(&buffer, piece), 0);
	buffer_free(&buffer);
}

static void test_wrap(void)
{
	struct buffer buffer;
	struct iovec piece[2];
	char text[SIZE + 1] = "";

	buffer = (struct buffer){ .size = SIZE };
	put(&buffer, "abcdef", 6);
	get(&buffer, text, 4);
	/* ef at 4: the free space is 2 at the end and 4 at the beginning */
	CHECK_INT(buffer_room(&buffer), 6);
	CHECK_INT(buffer_space(&buffer, piece), 2);
	CHECK_INT(piece[0].iov_len, 2);
	CHECK_INT(piece[1].iov_len, 4);
	CHECK(piece[1].iov_base == buffer.data);
	put(&buffer, "ghijkl", 6);
	CHECK_INT(buffer_room(&buffer), 0);
	CHECK_INT(buffer_space(&buffer, piece), 0);
	CHECK_INT(buffer_bytes(&buffer, piece), 2);
	CHECK_INT(piece[0].iov_len, 4);
	CHECK_INT(piece[1].iov_len, 4);
	CHECK_INT(get(&buffer, text, SIZE), SIZE);
	CHECK_STR(text, "efghijkl");
	buffer_free(&buffer);
}

static void test_edge(void)
{
	struct buffer buffer;
	struct iovec piece[2];
	char text[SIZE + 1] = "";

	buffer = (struct buffer){ .size = SIZE };
	put(&buffer, "abcdefgh", 8);
	get(&buffer, text, 4);
	/* the end of the bytes is the end of the ring */
	CHECK_INT(buffer_space(&buffer, piece), 1);
	CHECK_INT(piece[0].iov_len, 4);
	CHECK(piece[0].iov_base == buffer.data);
	put(&buffer, "ij", 2);
	get(&buffer, text, 4);
	/* the next byte is the ring's first */
	CHECK_INT(buffer_bytes(&buffer, piece), 1);
	CHECK_INT(piece[0].iov_len, 2);
	CHECK(piece[0].iov_base == buffer.data);
	buffer_free(&buffer);
}

static void test_one_piece(void)
{
	struct buffer buffer;
	struct iovec piece[2];
	char text[SIZE];

	buffer = (struct buffer){ .size = SIZE };
	put(&buffer, "abc", 3);
	get(&buffer, text, 3);
	CHECK_INT(buffer_space(&buffer, piece), 1);
	CHECK_INT(piece[0].iov_len, SIZE);
	buffer_free(&buffer);
}

static void test_free(void)
{
	struct buffer buffer;
	struct iovec piece[2];

	buffer = (struct buffer){ .size = SIZE };
	put(&buffer, "abc", 3);
	buffer_free(&buffer);
	CHECK(buffer.data == NULL);
	CHECK_INT(buffer_room(&buffer), SIZE);
	CHECK_INT(buffer_bytes(&buffer, piece), 0);
	CHECK_INT(put(&buffer, "abcdefgh", 8), SIZE);
	buffer_free(&buffer);
	buffer_free(&buffer);
}

static unsigned next_random(unsigned *state)
{
	*state = *state * 1103515245U + 12345U;
	return *state >> 16;
}

static void model_size(size_t size, unsigned seed)
{
	struct buffer buffer;
	char model[64];
	size_t held = 0;
	char sent = 0;

	buffer = (struct buffer){ .size = size };
	for (int step = 0; step < 20000; step++) {
		char text[64];
		size_t n = next_random(&seed) % (size + 2);
		size_t moved;

		if (next_random(&seed) % 2 == 0) {
			for (size_t i = 0; i < n; i++)
				text[i] = (char)(sent + (char)i);
			moved = put(&buffer, text, n);
			CHECK_INT(moved, n < size - held ? n : size - held);
			memcpy(model + held, text, moved);
			held += moved;
			sent = (char)(sent + (char)moved);
		} else {
			moved = get(&buffer, text, n);
			CHECK_INT(moved, n < held ? n : held);
			CHECK_INT(memcmp(text, model, moved), 0);
			held -= moved;
			memmove(model, model + moved, held);
		}
		CHECK_INT(buffer_room(&buffer), size - held);
		if (test_failures > 10)
			break;
	}
	buffer_free(&buffer);
}

static void test_model(void)
{
	for (size_t size = 1; size <= 17; size++)
		model_size(size, (unsigned)size);
	model_size(60, 1);
}

static const struct test tests[] = {
	{ "buffer: empty, it has all its room in one piece", test_empty },
	{ "buffer: full, it has no room and gives all back", test_full },
	{ "buffer: bytes and room wrap, in order, in two pieces", test_wrap },
	{ "buffer: what ends at the ring's end is in one piece", test_edge },
	{ "buffer: drained, its room is in one piece again", test_one_piece },
	{ "buffer: freed, it is empty and can be used again", test_free },
	{ "buffer: any fills and drains do as on a plain array", test_model },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
