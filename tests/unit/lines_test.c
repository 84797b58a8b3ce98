/*
 * Bytes to whole lines: at their corners, and at random against a model that
 * takes one byte after the other.
 */
#include "lines.h"

#include "test.h"

#define OUTPUT ((size_t)1 << 20)

/* Takes the text in one go. */
static void take(struct lines *lines, const char *text, const char *tag,
    struct buffer *output)
{
	const struct iovec bytes = { (char *)text, strlen(text) };

	CHECK_INT(lines_take(lines, &bytes, tag, output), 0);
}

static void take_many(
    struct lines *lines, int byte, size_t n, struct buffer *output)
{
	char text[LINES_SHARE];
	const struct iovec bytes = { text, n };

	memset(text, byte, n);
	CHECK_INT(lines_take(lines, &bytes, "", output), 0);
}

/* What the output holds, which is then empty. */
static const char *given(struct buffer *output)
{
	static char text[OUTPUT + 1];
	struct iovec piece[2];
	int n = buffer_bytes(output, piece);
	size_t done = 0;

	for (int i = 0; i < n; i++) {
		memcpy(text + done, piece[i].iov_base, piece[i].iov_len);
		done += piece[i].iov_len;
	}
	text[done] = '\0';
	buffer_drain(output, done);
	return text;
}

static void test_whole(void)
{
	struct buffer output = { .size = OUTPUT };
	struct lines lines = { 0 };

	take(&lines, "one\ntw", "", &output);
	CHECK_STR(given(&output), "one\n");
	take(&lines, "o", "", &output);
	CHECK_STR(given(&output), "");
	take(&lines, "\n\nthree\nfour\nfi", "", &output);
	CHECK_STR(given(&output), "two\n\nthree\nfour\n");
	CHECK_INT(lines.used, 2);
	CHECK_INT(lines.bytes, 22);
	CHECK_INT(lines_end(&lines, "", &output), 0);
	CHECK_STR(given(&output), "fi\n");
	buffer_free(&output);
}

static void test_tagged(void)
{
	struct buffer output = { .size = OUTPUT };
	struct lines lines = { 0 };

	take(&lines, "one\n\ntw", "3:4 ", &output);
	take(&lines, "o\nthree", "3:4 ", &output);
	CHECK_STR(given(&output), "3:4 one\n3:4 \n3:4 two\n");
	CHECK_INT(lines_end(&lines, "3:4 ", &output), 0);
	CHECK_STR(given(&output), "3:4 three\n");
	buffer_free(&output);
}

static void test_end(void)
{
	struct buffer output = { .size = OUTPUT };
	struct lines lines = { 0 };

	CHECK_INT(lines_end(&lines, "3:4 ", &output), 0);
	CHECK_STR(given(&output), "");
	take(&lines, "one\n", "3:4 ", &output);
	CHECK(lines.held == NULL);
	CHECK_INT(lines_end(&lines, "3:4 ", &output), 0);
	CHECK_STR(given(&output), "3:4 one\n");
	buffer_free(&output);
}

/* So many bytes in pieces of that size make lines of these lengths. */
static void check_long(size_t bytes, size_t step, size_t whole, size_t rest)
{
	struct buffer output = { .size = OUTPUT };
	struct lines lines = { 0 };
	const char *line;

	for (size_t done = 0; done < bytes;) {
		size_t n = bytes - done < step ? bytes - done : step;

		take_many(&lines, 'x', n, &output);
		CHECK(lines.size <= LINES_MOST);
		done += n;
	}
	take(&lines, "\n", "", &output);
	CHECK_INT(lines.used, 0);
	line = given(&output);
	for (size_t i = 0; i < whole; i++) {
		CHECK_INT(strcspn(line, "\n"), LINES_MOST);
		line += LINES_MOST + 1;
	}
	CHECK_INT(strcspn(line, "\n"), rest);
	CHECK_INT(strlen(line), rest > 0 ? rest + 1 : 0);
	buffer_free(&output);
}

static void test_long(void)
{
	for (size_t step = 1; step <= LINES_SHARE; step = step * 3 + 1) {
		check_long(LINES_MOST - 1, step, 0, LINES_MOST - 1);
		check_long(LINES_MOST, step, 1, 0);
		check_long(LINES_MOST + 1, step, 1, 1);
		check_long(3 * LINES_MOST, step, 3, 0);
	}
	check_long(3 * LINES_MOST + 5, LINES_SHARE, 3, 5);
}

static void test_bytes(void)
{
	char all[256];
	const struct iovec bytes = { all, sizeof all };
	struct buffer output = { .size = OUTPUT };
	struct lines lines = { 0 };
	const char *text;

	for (int i = 0; i < 256; i++)
		all[i] = (char)(i + '\n' + 1); /* the newline is the last */
	CHECK_INT(lines_take(&lines, &bytes, "", &output), 0);
	CHECK_INT(output.used, 256);
	text = given(&output);
	CHECK_INT(memcmp(text, all, sizeof all), 0);
	buffer_free(&output);
}

static void test_little(void)
{
	struct buffer output = { .size = OUTPUT };
	struct lines lines = { 0 };

	CHECK(lines.held == NULL);
	take(&lines, "x", "", &output);
	CHECK(lines.size <= 256);
	take_many(&lines, 'x', 1000, &output);
	CHECK(lines.size <= 2048);
	take(&lines, "\n", "", &output);
	CHECK(lines.held == NULL);
	buffer_free(&output);
}

/* The same, byte by byte, in an array. */
struct model {
	char out[1 << 20];
	size_t used, line;
	char held[LINES_MOST];
};

static void model_put(struct model *model, const char *tag)
{
	size_t length = strlen(tag);

	memcpy(model->out + model->used, tag, length);
	model->used += length;
	memcpy(model->out + model->used, model->held, model->line);
	model->used += model->line;
	model->out[model->used++] = '\n';
	model->line = 0;
}

static void model_take(struct model *model, char byte, const char *tag)
{
	if (byte == '\n') {
		model_put(model, tag);
		return;
	}
	if (model->line == LINES_MOST)
		model_put(model, tag);
	model->held[model->line++] = byte;
}

static unsigned next_random(unsigned *state)
{
	*state = *state * 1103515245U + 12345U;
	return *state >> 8;
}

/* Text in which every so manieth byte is a newline. */
static void fill(char *text, size_t n, unsigned every, unsigned *seed)
{
	for (size_t i = 0; i < n; i++)
		text[i] = next_random(seed) % every == 0
			      ? '\n'
			      : (char)next_random(seed);
}

/* Steps of one sender, whose lines fit whenever it takes what it may. */
static void check_random(const char *tag, unsigned every, unsigned seed)
{
	static struct model model;
	struct buffer output = { .size = LINES_OUTPUT_LEAST };
	struct lines lines = { 0 };
	char text[LINES_SHARE];

	for (int step = 0; step < 60; step++) {
		size_t room;
		size_t most;
		struct iovec bytes = { text, 0 };

		/* others have left between a half and all of it */
		output.used = next_random(&seed) % (output.size / 2 + 1);
		output.start = next_random(&seed) % output.size;
		room = buffer_room(&output);
		most = lines_appetite(&lines, tag, room);
		CHECK(most > 0 && most <= LINES_SHARE);
		bytes.iov_len = next_random(&seed) % 4 == 0
				    ? most
				    : next_random(&seed) % most + 1;
		fill(text, bytes.iov_len, every, &seed);
		model.used = 0;
		for (size_t i = 0; i < bytes.iov_len; i++)
			model_take(&model, text[i], tag);
		CHECK_INT(lines_take(&lines, &bytes, tag, &output), 0);
		CHECK_INT(lines.used, model.line);
		/* its end would have fitted, too */
		CHECK(model.used + strlen(tag) + lines.used + 1 <= room);
		CHECK_INT(room - buffer_room(&output), model.used);
		buffer_drain(&output, output.used - model.used);
		CHECK_INT(memcmp(given(&output), model.out, model.used), 0);
		if (test_failures > 10)
			break;
	}
	model.line = 0;
	free(lines.held);
	buffer_free(&output);
}

static void test_model(void)
{
	char tag[LINES_TAG_SIZE];
	const unsigned every[] = { 1, 2, 80, 3000, 100000, 1000000 };

	memset(tag, '@', sizeof tag);
	tag[sizeof tag - 1] = '\0';
	for (unsigned i = 0; i < LENGTH(every); i++) {
		check_random("", every[i], i);
		check_random("3:1027 ", every[i], i);
		check_random(tag, every[i], i);
	}
}

static const char *tag_of(const struct address *peer)
{
	static char tag[LINES_TAG_SIZE];

	return lines_tag(peer, 7, tag);
}

static void test_tags(void)
{
	struct address peer = { .kind = ADDRESS_VSOCK, .cid = 3, .port = 1027 };

	CHECK_STR(tag_of(&peer), "3:1027 ");
	peer = (struct address){ .kind = ADDRESS_TCP, .port = 9 };
	strcpy(peer.host, "::1");
	CHECK_STR(tag_of(&peer), "tcp:[::1]:9 ");
	peer = (struct address){ .kind = ADDRESS_UNIX, .path = "/run/s" };
	CHECK_STR(tag_of(&peer), "unix:/run/s#7 ");
	peer =
	    (struct address){ .kind = ADDRESS_MUX, .path = "/v", .port = 52 };
	CHECK_STR(tag_of(&peer), "mux:/v:52#7 ");
	peer = (struct address){ .kind = ADDRESS_UNIX,
		.path = "a b\nc\x1b[m\x7f\xc3\xa9" };
	CHECK_STR(tag_of(&peer), "unix:a?b?c?[m?\xc3\xa9#7 ");
	memset(peer.path, 'x', sizeof peer.path - 1);
	CHECK(strlen(tag_of(&peer)) > sizeof peer.path);
}

static const struct test tests[] = {
	{ "lines: they come whole, in order, and empty ones too", test_whole },
	{ "lines: each has the tag", test_tagged },
	{ "lines: at the end only an unfinished one is completed", test_end },
	{ "lines: one that is too long is cut, and not one byte earlier",
	    test_long },
	{ "lines: all bytes but the newline are alike", test_bytes },
	{ "lines: little is held of little, and nothing of nothing",
	    test_little },
	{ "lines: any bytes do as in the model, and always fit", test_model },
	{ "lines: the tag is one word, for each kind of peer", test_tags },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
