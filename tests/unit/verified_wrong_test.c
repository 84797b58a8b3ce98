/*
 * Verified streams whose peer, stdin or stdout goes wrong: no such stream is
 * complete, and the peer is told why.
 */
#include "verified_rig.h"

/* What a right peer sees: frames in this order, and no others. */
static void test_frames(void)
{
	struct rig rig;

	begin(&rig);
	CHECK(ends_say(rig.keyboard, "out"));
	CHECK_TOLD(&rig.talk, FRAME_DATA, "out");
	CHECK(ends_say(rig.keyboard, "going"));
	CHECK_HEARS(&rig.talk, FRAME_DATA, 3);
	close(rig.keyboard);
	CHECK_HEARS(&rig.talk, FRAME_END, 8);
	say_data(&rig, 0, "in");
	CHECK_STR(ends_hear(rig.screen), "in");
	CHECK(ends_silent(rig.talk.peer, 50));
	say_end(&rig, "in");
	CHECK_HEARS(&rig.talk, FRAME_STORED, 0);
	CHECK_STR(ends_hear(rig.screen), "");
	CHECK(ends_silent(rig.talk.peer, 50));
	talk_tell(&rig.talk, FRAME_STORED, "");
	CHECK_HEARS(&rig.talk, FRAME_BYE, 0);
	talk_tell(&rig.talk, FRAME_BYE, "");
	CHECK(end(&rig));
	CHECK_STR(talk_said(), "");
}

/* STORED only once stdout has all. */
static void test_stored_late(void)
{
	struct rig rig;
	unsigned char *block = talk_block(1);
	const struct frame data = { .type = FRAME_DATA, .length = FRAME_BLOCK };
	struct frame_digest digest = { { 0 } };
	const struct frame over = {
		.type = FRAME_END, .at = FRAME_BLOCK, .length = 16
	};
	struct pump reads;

	begin(&rig);
	close(rig.keyboard);
	CHECK_HEARS(&rig.talk, FRAME_END, 0);
	talk_say(&rig.talk, data, block);
	frame_digest_add(
	    &digest, 0, FRAME_BLOCK, frame_hash(block, FRAME_BLOCK));
	talk_say(&rig.talk, over, digest.bytes);
	CHECK(ends_silent(rig.talk.peer, 200));
	reads = (struct pump){ .fd = rig.screen, .seed = 1 };
	pump_start(&reads, pump_read);
	CHECK_HEARS(&rig.talk, FRAME_STORED, 0);
	pump_join(&reads);
	CHECK_PUMPED(reads, FRAME_BLOCK);
	talk_tell(&rig.talk, FRAME_STORED, "");
	CHECK_HEARS(&rig.talk, FRAME_BYE, 0);
	talk_hang_up(&rig.talk);
	CHECK(end(&rig));
	free(block);
}

static void test_order(void)
{
	static const char wrong[] = "a frame is out of order";
	struct rig rig;

	/* STORED of what has not ended */
	begin(&rig);
	talk_tell(&rig.talk, FRAME_STORED, "");
	refuse(&rig, wrong);
	/* twice */
	begin(&rig);
	close(rig.keyboard);
	CHECK_HEARS(&rig.talk, FRAME_END, 0);
	talk_tell(&rig.talk, FRAME_STORED, "");
	talk_tell(&rig.talk, FRAME_STORED, "");
	refuse(&rig, wrong);
	/* more after the end */
	begin(&rig);
	say_end(&rig, "");
	say_data(&rig, 0, "more");
	refuse(&rig, wrong);
	begin(&rig);
	say_end(&rig, "");
	say_end(&rig, "");
	refuse(&rig, wrong);
	/* a gap, and a step back */
	begin(&rig);
	say_data(&rig, 1, "x");
	refuse(&rig, wrong);
	begin(&rig);
	say_data(&rig, 0, "xy");
	say_data(&rig, 1, "y");
	refuse(&rig, wrong);
	begin(&rig);
	talk_tell(&rig.talk, FRAME_BYE, "");
	refuse(&rig, wrong);
}

static void test_types(void)
{
	static const char zeros[100] = "";

	for (unsigned type = FRAME_HELLO; type < FRAME_FATAL; type++) {
		struct frame frame = { .type = type, .length = 0 };
		struct rig rig;

		if (type == FRAME_DATA || type == FRAME_END ||
		    type == FRAME_STORED || type == FRAME_ABORT)
			continue;
		if (type == FRAME_HELLO || type == FRAME_ENTRY)
			frame.length = 40;
		if (type == FRAME_HAVE)
			frame.length = 16;
		if (type == FRAME_FINISH || type == FRAME_RESULT)
			frame.length = 8;
		begin(&rig);
		talk_say(&rig.talk, frame, zeros);
		refuse(&rig, "a frame is out of order");
	}
}

static void test_digest(void)
{
	static const char damaged[] =
	    "the stream arrived damaged: its hash differs from the sender's";
	struct rig rig;

	begin(&rig);
	say_data(&rig, 0, "right");
	say_end(&rig, "wrong");
	refuse(&rig, damaged);
	begin(&rig);
	say_data(&rig, 0, "right");
	say_end(&rig, "shorter");
	refuse(&rig, damaged);
	begin(&rig);
	say_end(&rig, "nothing came");
	refuse(&rig, damaged);
	begin(&rig);
	say_data(&rig, 0, "all");
	say_end(&rig, "");
	refuse(&rig, damaged);
	begin(&rig);
	say_data(&rig, 0, "all");
	say_end_of(&rig, "all", 4);
	refuse(&rig, damaged);
}

/* The peer leaves after so many of its steps. */
static void leave_after(int steps)
{
	struct rig rig;

	begin(&rig);
	close(rig.keyboard);
	CHECK_HEARS(&rig.talk, FRAME_END, 0);
	if (steps > 0)
		say_data(&rig, 0, "in");
	if (steps > 1)
		say_end(&rig, "in");
	if (steps > 1)
		CHECK_HEARS(&rig.talk, FRAME_STORED, 0);
	talk_hang_up(&rig.talk);
	CHECK(!end(&rig));
	CHECK_MENTIONED("the peer closed the connection");
	close(rig.screen);
	talk_forget();
}

static void test_peer_leaves(void)
{
	for (int steps = 0; steps < 3; steps++)
		leave_after(steps);
}

static void test_peer_gives_up(void)
{
	struct rig rig;

	begin(&rig);
	talk_tell(&rig.talk, FRAME_FATAL, "stdout: write: No space left");
	CHECK(!end(&rig));
	CHECK_SAID(": the peer gave up: stdout: write: No space left");
}

static void test_full_disk(void)
{
	struct rig rig;

	open_rig(&rig);
	close(rig.stdio.out.fd);
	rig.stdio.out.fd = ends_must(open("/dev/full", O_WRONLY), "/dev/full");
	say_data(&rig, 0, "too much");
	start(&rig);
	refuse(&rig, "stdout: write: No space left on device");
}

/* What was buffered fails when stdout is closed: so it is not stored. */
static void test_close_fails(void)
{
	struct rig rig;

	open_rig(&rig);
	close(rig.stdio.out.fd);
	rig.stdio.out.fd = -1;
	say_end(&rig, "");
	start(&rig);
	refuse(&rig, "stdout: write: Bad file descriptor");
}

static void test_stdin_fails(void)
{
	struct rig rig;

	open_rig(&rig);
	close(rig.stdio.in.fd);
	rig.stdio.in.fd = ends_must(open("/", O_RDONLY), "/");
	start(&rig);
	refuse(&rig, "stdin: read: Is a directory");
}

static const struct test tests[] = {
	{ "verified: the peer sees these frames", test_frames },
	{ "verified: STORED comes when stdout has taken all",
	    test_stored_late },
	{ "verified: frames out of order are refused", test_order },
	{ "verified: frames of other services are refused", test_types },
	{ "verified: another digest or length is found", test_digest },
	{ "verified: a peer that leaves early is no end", test_peer_leaves },
	{ "verified: a peer that gives up is quoted", test_peer_gives_up },
	{ "verified: the disk behind stdout is full", test_full_disk },
	{ "verified: closing stdout fails", test_close_fails },
	{ "verified: stdin cannot be read", test_stdin_fails },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
