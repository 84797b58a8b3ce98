/*
 * Verified streams between two ends, each with its stdin and stdout: every byte
 * is compared, whatever stdout and stdin are like.
 */
#include "verified.h"

#include "pair.h"

/* All that both type arrives at the other. */
static void exchange(size_t bytes, bool blocks)
{
	struct pair pair;
	struct users users;

	pair_open(&pair, blocks);
	pair_start_users(&users, &pair, bytes);
	pair_start(&pair);
	pair_join_users(&users, bytes);
	CHECK_COMPLETE(&pair);
}

static void test_both_ways(void)
{
	exchange(20 * MIB + 12345, false);
}

static void test_blocking(void)
{
	exchange(5 * MIB + 12345, true);
}

/* Were the end of one not confirmed by the other, each would wait for 3 s. */
static void test_small(void)
{
	for (size_t bytes = 0; bytes < 6; bytes++)
		exchange(bytes, bytes % 2 == 0);
}

static ssize_t read_plainly(struct stream *stream, struct msghdr *pieces)
{
	return stream_plain.read(stream, pieces);
}

/* Writes a byte at a time, and every second time nothing. */
static ssize_t write_byte(struct stream *stream, struct msghdr *pieces)
{
	stream->finished = !stream->finished;
	if (stream->finished) {
		errno = EAGAIN;
		return -1;
	}
	return write(stream->out.fd, pieces->msg_iov->iov_base, 1);
}

static const struct stream_kind bytewise = { .read = read_plainly,
	.write = write_byte };

static void test_bytewise(void)
{
	const size_t bytes = 300000;
	struct pair pair;
	struct users users;

	pair_open(&pair, false);
	pair.near.stdio.kind = &bytewise;
	pair_start_users(&users, &pair, bytes);
	pair_start(&pair);
	pair_join_users(&users, bytes);
	CHECK_COMPLETE(&pair);
}

/*
 * Stdout takes little and slowly, while all that the channel can hold arrives
 * behind it; its readers are a pipe of a page each.
 */
static void test_slow(void)
{
	const size_t bytes = 4 * MIB + 99;
	struct pair pair;
	struct users users;

	pair_open(&pair, false);
	ends_must(fcntl(pair.near.screen, F_SETPIPE_SZ, 4096), "F_SETPIPE_SZ");
	ends_must(fcntl(pair.far.screen, F_SETPIPE_SZ, 4096), "F_SETPIPE_SZ");
	pair_start_users(&users, &pair, bytes);
	pair_start(&pair);
	pair_join_users(&users, bytes);
	CHECK_COMPLETE(&pair);
}

/* One that does not read at all for a while does not hold up the other. */
static void get_stuck(bool blocks)
{
	const size_t bytes = 6 * MIB;
	struct pair pair;
	struct pump types[2];
	struct pump reads[2];

	pair_open(&pair, blocks);
	types[0] = (struct pump){
		.fd = pair.near.keyboard, .seed = 1, .bytes = bytes
	};
	types[1] =
	    (struct pump){ .fd = pair.far.keyboard, .seed = 2, .bytes = bytes };
	reads[0] = (struct pump){ .fd = pair.near.screen, .seed = 2 };
	reads[1] = (struct pump){ .fd = pair.far.screen, .seed = 1 };
	pump_start(&types[0], pair_type);
	pump_start(&types[1], pair_type);
	pump_start(&reads[0], pump_read);
	pair_start(&pair);
	/* the far stdout is full: this one must arrive all the same */
	pump_join(&reads[0]);
	CHECK_PUMPED(reads[0], bytes);
	pump_start(&reads[1], pump_read);
	pump_join(&reads[1]);
	CHECK_PUMPED(reads[1], bytes);
	pump_join(&types[0]);
	pump_join(&types[1]);
	CHECK_COMPLETE(&pair);
}

static void test_one_stuck(void)
{
	get_stuck(false);
}

static void test_one_stuck_blocking(void)
{
	get_stuck(true);
}

/* Who types slowly, in small pieces, is heard at once. */
static void talk_a_while(bool blocks)
{
	struct pair pair;

	pair_open(&pair, blocks);
	pair_start(&pair);
	for (int i = 0; i < 50; i++) {
		CHECK(ends_say(pair.near.keyboard, "question\n"));
		CHECK_STR(ends_hear(pair.far.screen), "question\n");
		CHECK(ends_say(pair.far.keyboard, "answer\n"));
		CHECK_STR(ends_hear(pair.near.screen), "answer\n");
	}
	close(pair.near.keyboard);
	CHECK_STR(ends_hear(pair.far.screen), "");
	/* one stream has ended, the other goes on */
	CHECK(ends_say(pair.far.keyboard, "more\n"));
	CHECK_STR(ends_hear(pair.near.screen), "more\n");
	close(pair.far.keyboard);
	CHECK_STR(ends_hear(pair.near.screen), "");
	CHECK_COMPLETE(&pair);
}

static void test_dialogue(void)
{
	talk_a_while(false);
}

static void test_dialogue_blocking(void)
{
	talk_a_while(true);
}

/* Stdin is not read: our stream is empty, though somebody types. */
static void test_reads_nothing(void)
{
	struct pair pair;

	pair_open(&pair, false);
	pair.near.rules.reads = false;
	CHECK(ends_say(pair.near.keyboard, "unread"));
	CHECK(ends_say(pair.far.keyboard, "heard"));
	close(pair.far.keyboard);
	pair_start(&pair);
	CHECK_STR(ends_hear(pair.near.screen), "heard");
	CHECK_STR(ends_hear(pair.near.screen), "");
	CHECK_STR(ends_hear(pair.far.screen), "");
	CHECK_COMPLETE(&pair);
	close(pair.near.keyboard);
}

/* What comes is thrown away, and confirmed. */
static void test_writes_nothing(void)
{
	struct pair pair;
	struct pump types;

	pair_open(&pair, false);
	pair.far.rules.writes = false;
	types = (struct pump){
		.fd = pair.near.keyboard, .seed = 1, .bytes = 5 * MIB
	};
	pump_start(&types, pair_type);
	close(pair.far.keyboard);
	pair_start(&pair);
	pump_join(&types);
	CHECK(ends_silent(pair.far.screen, 0));
	CHECK_COMPLETE(&pair);
	close(pair.far.stdio.out.fd);
}

/* The peer's end is ours, though stdin stays open and silent. */
static void test_end_with_peer(void)
{
	struct pair pair;

	pair_open(&pair, false);
	pair.near.rules.end_with_peer = true;
	pair_start(&pair);
	CHECK(ends_say(pair.near.keyboard, "before"));
	CHECK_STR(ends_hear(pair.far.screen), "before");
	close(pair.far.keyboard);
	CHECK_STR(ends_hear(pair.near.screen), "");
	CHECK_STR(ends_hear(pair.far.screen), "");
	CHECK_COMPLETE(&pair);
	close(pair.near.keyboard);
}

/* A file on stdin, from where it stands; one on stdout, that stays open. */
static void test_files(void)
{
	struct pair pair;
	int from = memfd_create("from", MFD_CLOEXEC);
	int to = memfd_create("to", MFD_CLOEXEC);
	char text[20] = "";

	pair_open(&pair, false);
	CHECK(ends_say(from, "not this, but this"));
	lseek(from, 10, SEEK_SET);
	close(pair.near.stdio.in.fd);
	close(pair.far.stdio.out.fd);
	pair.near.stdio.in.fd = from;
	pair.far.stdio.out.fd = to;
	pair.far.stdio.ending = STREAM_KEEP;
	close(pair.far.keyboard);
	pair_start(&pair);
	CHECK_STR(ends_hear(pair.near.screen), "");
	CHECK_COMPLETE(&pair);
	CHECK_INT(pread(to, text, sizeof text, 0), 8);
	CHECK_STR(text, "but this");
	close(pair.near.keyboard);
}

static void test_summary(void)
{
	struct pair pair;

	pair_open(&pair, false);
	pair.near.rules.verbose = true;
	CHECK(ends_say(pair.near.keyboard, "12345"));
	CHECK(ends_say(pair.far.keyboard, "123"));
	close(pair.near.keyboard);
	close(pair.far.keyboard);
	pair_start(&pair);
	pair_end_side(&pair.near);
	pair_end_side(&pair.far);
	CHECK(pair.near.complete && pair.far.complete);
	CHECK_MENTIONED("sent 5 bytes, received 3 bytes");
	CHECK_MENTIONED("confirmed");
}

static const struct test tests[] = {
	{ "verified: all bytes arrive, both ways at once", test_both_ways },
	{ "verified: also if stdin and stdout block", test_blocking },
	{ "verified: streams that are empty or small", test_small },
	{ "verified: a stdout that takes a byte at a time", test_bytewise },
	{ "verified: a stdout that has little room", test_slow },
	{ "verified: a stdout that is stuck does not hold up the other",
	    test_one_stuck },
	{ "verified: nor does it if it blocks", test_one_stuck_blocking },
	{ "verified: few bytes go at once, and each end is its own",
	    test_dialogue },
	{ "verified: also if stdin and stdout block meanwhile",
	    test_dialogue_blocking },
	{ "verified: without stdin our stream is empty", test_reads_nothing },
	{ "verified: without stdout what comes is thrown away",
	    test_writes_nothing },
	{ "verified: the peer's end may be ours", test_end_with_peer },
	{ "verified: files as stdin and stdout", test_files },
	{ "verified: a summary, if wanted", test_summary },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
