/*
 * How a relay ends by its rules: time limits, one way only, strictness.
 */
#include "rig.h"
#include "test.h"

static void test_idle(void)
{
	struct relay_rules rules = rig_rules();
	struct rig rig;
	double began = ends_now();

	rules.idle = 0.4;
	rig_open(&rig, SOCK_STREAM);
	rig_start(&rig, &rules);
	CHECK_ENDS(&rig, RELAY_IDLE, FLOW_SOUND, FLOW_SOUND);
	CHECK(ends_now() - began >= 0.4);
	CHECK(ends_now() - began < 2);
	rig_close(&rig);
}

static void test_not_idle(void)
{
	struct relay_rules rules = rig_rules();
	struct rig rig;
	double last;

	rules.idle = 0.5;
	rig_open(&rig, SOCK_STREAM);
	rig_start(&rig, &rules);
	for (int i = 0; i < 4; i++) {
		CHECK(!rig_ends(&rig, 0.2));
		ends_say(i % 2 == 0 ? rig.keyboard : rig.peer, "x");
	}
	last = ends_now();
	CHECK(!rig_ends(&rig, 0.3));
	CHECK_ENDS(&rig, RELAY_IDLE, FLOW_SOUND, FLOW_SOUND);
	CHECK(ends_now() - last >= 0.45);
	rig_close(&rig);
}

static void test_idle_half_closed(void)
{
	struct relay_rules rules = rig_rules();
	struct rig rig;

	/* asking whether the peer has gone is no byte */
	rules.idle = 0.6;
	rig_open(&rig, SOCK_STREAM);
	rig_start(&rig, &rules);
	shutdown(rig.peer, SHUT_WR);
	CHECK_ENDS(&rig, RELAY_IDLE, FLOW_SOUND, FLOW_SOUND);
	rig_close(&rig);
}

static void test_quit(void)
{
	struct relay_rules rules = rig_rules();
	struct rig rig;
	double began;

	rules.quit_after = 0.4;
	rig_open(&rig, SOCK_STREAM);
	rig_start(&rig, &rules);
	CHECK(!rig_ends(&rig, 0.8)); /* the input has not ended yet */
	ends_say(rig.keyboard, "request");
	rig_end(&rig.keyboard);
	began = ends_now();
	ends_say(rig.peer, "answer");
	CHECK_ENDS(&rig, RELAY_QUIT, FLOW_SOUND, FLOW_SOUND);
	CHECK(ends_now() - began >= 0.35);
	CHECK_STR(ends_hear(rig.peer), "request");
	CHECK_STR(ends_hear(rig.screen), "answer");
	CHECK_INT(rig.relay.out.buffer.used, 0);
	rig_close(&rig);
}

static void test_quit_early_end(void)
{
	struct relay_rules rules = rig_rules();
	struct rig rig;

	rules.quit_after = 5;
	rig_open(&rig, SOCK_STREAM);
	rig_start(&rig, &rules);
	rig_end(&rig.keyboard);
	CHECK(!rig_ends(&rig, 0.2));
	rig_end(&rig.peer);
	CHECK_ENDS_WELL(&rig);
	rig_close(&rig);
}

static void test_quit_at_once(void)
{
	struct relay_rules rules = rig_rules();
	struct rig rig;

	rules.quit_after = 0;
	rig_open(&rig, SOCK_STREAM);
	ends_say(rig.keyboard, "all of it");
	rig_end(&rig.keyboard);
	rig_start(&rig, &rules);
	CHECK_ENDS(&rig, RELAY_QUIT, FLOW_SOUND, FLOW_SOUND);
	CHECK_INT(rig.relay.out.state, FLOW_DONE);
	CHECK_STR(ends_hear(rig.peer), "all of it");
	CHECK_STR(ends_hear(rig.peer), "");
	rig_close(&rig);
}

/* The time counts from our input's end: the peer's leaves time to read. */
static void test_quit_input_open(void)
{
	struct relay_rules rules = rig_rules();
	struct pump sent = { .bytes = 100 * KIB, .seed = 1 };
	struct pump seen = { .seed = 1 };
	struct rig rig;

	rules.quit_after = 0.2;
	rules.buffer = 128 * KIB;
	rig_open(&rig, SOCK_STREAM);
	rig_start(&rig, &rules);
	sent.fd = rig.peer;
	pump_start(&sent, pump_write);
	pump_join(&sent);
	rig_end(&rig.peer);
	CHECK(!rig_ends(&rig, 0.6)); /* the screen has not been read */
	seen.fd = rig.screen;
	pump_start(&seen, pump_read);
	CHECK_ENDS_WELL(&rig);
	rig_end(&rig.near.out.fd);
	pump_join(&seen);
	CHECK_PUMPED(seen, sent.bytes);
	rig_close(&rig);
}

static void start_way(struct rig *rig, enum relay_way way)
{
	struct relay_rules rules = rig_rules();

	rules.way = way;
	rig_open(rig, SOCK_STREAM);
	rig_start(rig, &rules);
}

static void test_send_only(void)
{
	struct pump sent = { .bytes = 4 * MIB, .seed = 2 };
	struct pump typed = { .bytes = 4 * MIB, .seed = 1 };
	struct pump heard = { .seed = 1 };
	struct rig rig;

	/* what comes back is dropped, and does not stop the sending */
	start_way(&rig, RELAY_SEND_ONLY);
	sent.fd = rig.peer;
	typed.fd = rig.keyboard;
	heard.fd = rig.peer;
	pump_start(&sent, pump_write);
	pump_start(&typed, pump_write);
	pump_start(&heard, pump_read);
	pump_join(&typed);
	pump_join(&sent);
	rig_end(&rig.keyboard);
	pump_join(&heard);
	CHECK_PUMPED(heard, 4 * MIB);
	rig_end(&rig.peer);
	CHECK(rig_ends(&rig, 1));
	CHECK_ENDS_WELL(&rig);
	CHECK(ends_silent(rig.screen, 0));
	rig_close(&rig);
}

static void test_send_only_ends(void)
{
	struct rig rig;
	double began;

	/* the peer never closes; it has some time to, no more */
	start_way(&rig, RELAY_SEND_ONLY);
	ends_say(rig.keyboard, "all");
	rig_end(&rig.keyboard);
	began = ends_now();
	CHECK_ENDS(&rig, RELAY_QUIT, FLOW_SOUND, FLOW_SOUND);
	CHECK(ends_now() - began < 3);
	CHECK_STR(ends_hear(rig.peer), "all");
	rig_close(&rig);
}

static void test_send_only_kept(void)
{
	struct relay_rules rules = rig_rules();
	struct rig rig;

	/* not told of our end, the peer cannot answer it: closing tells */
	rules.way = RELAY_SEND_ONLY;
	rig_open(&rig, SOCK_STREAM);
	rig.far.ending = STREAM_KEEP;
	rig_start(&rig, &rules);
	ends_say(rig.keyboard, "all");
	rig_end(&rig.keyboard);
	CHECK(rig_ends(&rig, 1));
	CHECK_ENDS_WELL(&rig);
	CHECK_STR(ends_hear(rig.peer), "all");
	rig_close(&rig);
}

static void test_send_only_peer_gone(void)
{
	struct rig rig;

	start_way(&rig, RELAY_SEND_ONLY);
	rig_end(&rig.peer);
	CHECK(rig_ends(&rig, 1)); /* the keyboard is silent and open */
	CHECK_ENDS_WELL(&rig);
	rig_close(&rig);
}

static void test_recv_only(void)
{
	struct rig rig;

	start_way(&rig, RELAY_RECV_ONLY);
	ends_say(rig.keyboard, "not for you");
	ends_say(rig.peer, "all");
	CHECK_STR(ends_hear(rig.screen), "all");
	CHECK(ends_silent(rig.peer, 200));
	CHECK(!rig_ends(&rig, 0.1));
	shutdown(rig.peer, SHUT_WR);
	CHECK(rig_ends(&rig, 1));
	CHECK_ENDS_WELL(&rig);
	CHECK_INT(ends_waiting(rig.near.in.fd), strlen("not for you"));
	rig_close(&rig);
}

static void start_strict(struct rig *rig)
{
	struct relay_rules rules = rig_rules();

	rules.strict = true;
	rig_open(rig, SOCK_STREAM);
	rig_start(rig, &rules);
}

static void test_strict_truncated(void)
{
	struct rig rig;

	start_strict(&rig);
	ends_say(rig.peer, "some of");
	rig_end(&rig.peer);
	CHECK_ENDS(&rig, RELAY_ENDED, FLOW_SOUND, FLOW_TRUNCATED);
	CHECK_STR(ends_hear(rig.screen), "some of");
	CHECK_STR(ends_hear(rig.screen), "");
	rig_close(&rig);
}

static void test_strict_whole(void)
{
	struct rig rig;

	start_strict(&rig);
	ends_say(rig.peer, "all of it");
	shutdown(rig.peer, SHUT_WR);
	CHECK_STR(ends_hear(rig.screen), "all of it");
	CHECK_STR(ends_hear(rig.screen), "");
	rig_end(&rig.keyboard);
	CHECK_STR(ends_hear(rig.peer), "");
	rig_end(&rig.peer);
	CHECK_ENDS_WELL(&rig);
	rig_close(&rig);
}

static void test_strict_half_close_first(void)
{
	struct rig rig;

	/* announced, and gone before our input has ended */
	start_strict(&rig);
	shutdown(rig.peer, SHUT_WR);
	CHECK(!rig_ends(&rig, 0.4));
	rig_end(&rig.peer);
	CHECK_ENDS_WELL(&rig);
	rig_close(&rig);
}

static void test_end_with_far(void)
{
	struct relay_rules rules = rig_rules();
	struct rig rig;

	rules.end_with_far = true;
	rig_open(&rig, SOCK_STREAM);
	rig_start(&rig, &rules);
	ends_say(rig.keyboard, "typed");
	CHECK_STR(ends_hear(rig.peer), "typed");
	ends_say(rig.peer, "all");
	shutdown(rig.peer, SHUT_WR);
	CHECK_ENDS_WELL(&rig); /* the keyboard is open */
	CHECK_STR(ends_hear(rig.screen), "all");
	CHECK_STR(ends_hear(rig.peer), "");
	rig_close(&rig);
}

static const struct test tests[] = {
	{ "idle: no byte for so long ends it", test_idle },
	{ "idle: a byte in either direction begins the time anew",
	    test_not_idle },
	{ "idle: a peer that half-closed does not keep it awake",
	    test_idle_half_closed },
	{ "quit: so long after our input's end, not before", test_quit },
	{ "quit: a peer that closes is not waited for any longer",
	    test_quit_early_end },
	{ "quit: at once is after all has been sent", test_quit_at_once },
	{ "quit: the peer's end does not begin the time",
	    test_quit_input_open },
	{ "send-only: what comes back is dropped, the peer's close ends it",
	    test_send_only },
	{ "send-only: a peer that never closes is not waited for long",
	    test_send_only_ends },
	{ "send-only: without half-close, our close is the end",
	    test_send_only_kept },
	{ "send-only: a peer that has gone ends it", test_send_only_peer_gone },
	{ "recv-only: our input is not read, the peer's end ends it",
	    test_recv_only },
	{ "strict: a close that was not announced is a truncation",
	    test_strict_truncated },
	{ "strict: an end that was announced is none", test_strict_whole },
	{ "strict: an announced end stays one when the peer then goes",
	    test_strict_half_close_first },
	{ "end with the peer: its half-close ends both", test_end_with_far },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
