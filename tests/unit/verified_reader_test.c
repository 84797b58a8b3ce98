/*
 * Verified streams whose stdout loses its reader: what nobody has read is never
 * confirmed, and what was read is.
 */
#include "verified_rig.h"

/* The reader of stdout has gone, and nothing is there to be written. */
static void test_reader_leaves(void)
{
	struct rig rig;

	begin(&rig);
	close(rig.screen);
	rig.screen = -1;
	CHECK(ends_ready(rig.talk.peer, POLLIN, ENDS_WAIT_MS));
	refuse(&rig, "stdout: write: Broken pipe");
}

/* It has taken all that came, and is not there for the END. */
static void leave_before_end(int flags)
{
	struct rig rig;

	open_rig(&rig);
	rig.stdio.out.blocks = flags == 0;
	ends_must(fcntl(rig.stdio.out.fd, F_SETFL, flags), "F_SETFL");
	start(&rig);
	close(rig.keyboard);
	CHECK_HEARS(&rig.talk, FRAME_END, 0);
	say_data(&rig, 0, "in");
	CHECK_STR(ends_hear(rig.screen), "in");
	close(rig.screen);
	CHECK(ends_silent(rig.talk.peer, 200));
	say_end(&rig, "in");
	CHECK_HEARS(&rig.talk, FRAME_STORED, 0);
	talk_tell(&rig.talk, FRAME_STORED, "");
	CHECK_HEARS(&rig.talk, FRAME_BYE, 0);
	talk_tell(&rig.talk, FRAME_BYE, "");
	CHECK(end(&rig));
	CHECK_STR(talk_said(), "");
}

static void test_reader_leaves_before_end(void)
{
	leave_before_end(O_NONBLOCK);
	leave_before_end(0);
}

static void test_reader_leaves_after_end(void)
{
	struct rig rig;

	open_rig(&rig);
	rig.stdio.ending = STREAM_KEEP;
	start(&rig);
	say_end(&rig, "");
	CHECK_HEARS(&rig.talk, FRAME_STORED, 0);
	close(rig.screen);
	CHECK(ends_silent(rig.talk.peer, 200));
	close(rig.keyboard);
	CHECK_HEARS(&rig.talk, FRAME_END, 0);
	talk_tell(&rig.talk, FRAME_STORED, "");
	CHECK_HEARS(&rig.talk, FRAME_BYE, 0);
	talk_tell(&rig.talk, FRAME_BYE, "");
	CHECK(end(&rig));
	CHECK_STR(talk_said(), "");
}

/* What comes once it has gone is read by nobody. */
static void test_reader_leaves_before_more(void)
{
	struct rig rig;

	begin(&rig);
	say_data(&rig, 0, "in");
	CHECK_STR(ends_hear(rig.screen), "in");
	close(rig.screen);
	rig.screen = -1;
	CHECK(ends_silent(rig.talk.peer, 200));
	say_data(&rig, 2, "more");
	say_end(&rig, "inmore");
	refuse(&rig, "stdout: write: Broken pipe");
}

static void test_reader_has_left(void)
{
	struct rig rig;

	open_rig(&rig);
	close(rig.screen);
	rig.screen = -1;
	rig.stdio.out.blocks = true;
	ends_must(fcntl(rig.stdio.out.fd, F_SETFL, 0), "F_SETFL");
	say_data(&rig, 0, "for nobody");
	start(&rig);
	refuse(&rig, "stdout: write: Broken pipe");
}

static const struct test tests[] = {
	{ "verified: stdout's reader leaves, and no end comes",
	    test_reader_leaves },
	{ "verified: stdout's reader leaves with all bytes before the end",
	    test_reader_leaves_before_end },
	{ "verified: stdout's reader leaves after the end",
	    test_reader_leaves_after_end },
	{ "verified: stdout's reader leaves, and more comes",
	    test_reader_leaves_before_more },
	{ "verified: stdout's reader has left before", test_reader_has_left },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
