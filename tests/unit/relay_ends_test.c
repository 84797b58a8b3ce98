/*
 * Ends of stream, in every order: what arrives, and when the relay is over.
 */
#include "rig.h"
#include "test.h"

static void test_near_first(void)
{
	struct rig rig;

	rig_begin(&rig, SOCK_STREAM);
	ends_say(rig.keyboard, "request");
	rig_end(&rig.keyboard);
	CHECK_STR(ends_hear(rig.peer), "request");
	CHECK_STR(ends_hear(rig.peer), "");
	CHECK(!rig_ends(&rig, 0.5));
	ends_say(rig.peer, "answer");
	CHECK_STR(ends_hear(rig.screen), "answer");
	CHECK(!rig_ends(&rig, 0.2));
	ends_say(rig.peer, "more");
	rig_end(&rig.peer);
	CHECK_STR(ends_hear(rig.screen), "more");
	CHECK_STR(ends_hear(rig.screen), "");
	CHECK_ENDS_WELL(&rig);
	CHECK_INT(rig.relay.out.bytes, 7);
	CHECK_INT(rig.relay.in.bytes, 10);
	rig_close(&rig);
}

static void test_peer_half_closes_first(void)
{
	struct rig rig;

	rig_begin(&rig, SOCK_STREAM);
	ends_say(rig.peer, "all");
	shutdown(rig.peer, SHUT_WR);
	CHECK_STR(ends_hear(rig.screen), "all");
	CHECK_STR(ends_hear(rig.screen), "");
	CHECK(!rig_ends(&rig, 1));
	ends_say(rig.keyboard, "late");
	CHECK_STR(ends_hear(rig.peer), "late");
	CHECK(!rig_ends(&rig, 0.5));
	ends_say(rig.keyboard, "later");
	rig_end(&rig.keyboard);
	CHECK_STR(ends_hear(rig.peer), "later");
	CHECK_STR(ends_hear(rig.peer), "");
	CHECK_ENDS_WELL(&rig);
	rig_close(&rig);
}

static void test_peer_closes(void)
{
	static const int types[] = { SOCK_STREAM, SOCK_SEQPACKET };

	for (size_t i = 0; i < LENGTH(types); i++) {
		struct rig rig;

		rig_begin(&rig, types[i]);
		ends_say(rig.peer, "last words");
		rig_end(&rig.peer);
		CHECK(rig_ends(&rig, 1)); /* the keyboard is silent and open */
		CHECK_ENDS_WELL(&rig);
		CHECK_STR(ends_hear(rig.screen), "last words");
		CHECK_STR(ends_hear(rig.screen), "");
		rig_close(&rig);
	}
}

static void test_peer_closes_later(void)
{
	struct rig rig;

	rig_begin(&rig, SOCK_STREAM);
	shutdown(rig.peer, SHUT_WR);
	CHECK(!rig_ends(&rig, 0.6));
	rig_end(&rig.peer);
	CHECK(rig_ends(&rig, 1));
	CHECK_ENDS_WELL(&rig);
	rig_close(&rig);
}

static void test_peer_closes_screen_blocked(void)
{
	struct rig rig;
	struct pump from_peer = { .bytes = 100 * KIB, .seed = 1 };
	struct pump to_screen = { .seed = 1 };

	/* the end cannot be read before the screen has taken something */
	rig_open(&rig, SOCK_STREAM);
	ends_must(fcntl(rig.near.out.fd, F_SETPIPE_SZ, 4096), "F_SETPIPE_SZ");
	rig_start(
	    &rig, &(struct relay_rules){ .buffer = 8 * KIB, .quit_after = -1 });
	from_peer.fd = rig.peer;
	pump_start(&from_peer, pump_write);
	pump_join(&from_peer);
	rig_end(&rig.peer);
	CHECK(rig_rests(&rig, 0.4));
	to_screen.fd = rig.screen;
	pump_start(&to_screen, pump_read);
	CHECK_ENDS_WELL(&rig);
	pump_join(&to_screen);
	CHECK_PUMPED(to_screen, from_peer.bytes);
	rig_close(&rig);
}

static void test_screen_goes(void)
{
	struct rig rig;

	rig_begin(&rig, SOCK_STREAM);
	rig_end(&rig.screen);
	ends_say(rig.peer, "unseen");
	CHECK(!rig_ends(&rig, 0.3));
	/* the peer learns it, and what is typed still arrives */
	CHECK(!ends_say(rig.peer, "x"));
	CHECK_INT(errno, EPIPE);
	ends_say(rig.keyboard, "typed");
	CHECK_STR(ends_hear(rig.peer), "typed");
	CHECK(rig_rests(&rig, 0.4));
	rig_end(&rig.keyboard);
	CHECK_STR(ends_hear(rig.peer), "");
	CHECK_ENDS(&rig, RELAY_ENDED, FLOW_SOUND, FLOW_WRITE_FAILED);
	CHECK_INT(rig.relay.in.error, EPIPE);
	rig_close(&rig);
}

static void test_screen_goes_peer_closes(void)
{
	struct rig rig;

	rig_begin(&rig, SOCK_STREAM);
	rig_end(&rig.screen);
	ends_say(rig.peer, "unseen");
	CHECK(!rig_ends(&rig, 0.3));
	rig_end(&rig.peer); /* the keyboard is silent and open */
	CHECK_ENDS(&rig, RELAY_ENDED, FLOW_SOUND, FLOW_WRITE_FAILED);
	rig_close(&rig);
}

static void test_silence(void)
{
	struct rig rig;

	rig_begin(&rig, SOCK_STREAM);
	CHECK(!rig_ends(&rig, 1));
	CHECK(ends_silent(rig.peer, 0));
	CHECK(ends_silent(rig.screen, 0));
	rig_end(&rig.keyboard);
	rig_end(&rig.peer);
	CHECK_ENDS_WELL(&rig);
	rig_close(&rig);
}

static void test_kept_far(void)
{
	struct rig rig;

	/* --no-shutdown, as mux: peers need it */
	rig_open(&rig, SOCK_STREAM);
	rig.far.ending = STREAM_KEEP;
	rig_start(&rig, NULL);
	ends_say(rig.keyboard, "request");
	rig_end(&rig.keyboard);
	CHECK_STR(ends_hear(rig.peer), "request");
	CHECK(ends_silent(rig.peer, 300));
	CHECK(!rig_ends(&rig, 0.1));
	ends_say(rig.peer, "answer");
	rig_end(&rig.peer);
	CHECK_ENDS_WELL(&rig);
	CHECK_STR(ends_hear(rig.screen), "answer");
	rig_close(&rig);
}

/* Who ends, in which order; each end after what it had to say. */
enum first { NEAR_FIRST, PEER_FIRST, AT_ONCE };

/* Ends with `bytes` on their way each way, to readers that begin late. */
static void check_order(enum first first, size_t bytes, bool close_whole)
{
	struct rig rig;
	struct pump typed = { .bytes = bytes, .seed = 1 };
	struct pump sent = { .bytes = bytes, .seed = 2 };
	struct pump heard = { .seed = 1 };
	struct pump seen = { .seed = 2 };

	rig_begin(&rig, SOCK_STREAM);
	typed.fd = rig.keyboard;
	heard.fd = rig.peer;
	sent.fd = rig.peer;
	seen.fd = rig.screen;
	pump_start(first == PEER_FIRST ? &sent : &typed, pump_write);
	if (first != AT_ONCE)
		ends_sleep(0.1);
	pump_start(first == PEER_FIRST ? &typed : &sent, pump_write);
	ends_sleep(0.1);
	pump_start(&seen, pump_read);
	pump_start(&heard, pump_read);
	pump_join(first == PEER_FIRST ? &sent : &typed);
	if (first == PEER_FIRST)
		shutdown(rig.peer, SHUT_WR);
	else
		rig_end(&rig.keyboard);
	if (first != AT_ONCE)
		ends_sleep(0.1);
	pump_join(first == PEER_FIRST ? &typed : &sent);
	if (first == PEER_FIRST)
		rig_end(&rig.keyboard);
	else
		shutdown(rig.peer, SHUT_WR);
	pump_join(&heard);
	if (close_whole)
		rig_end(&rig.peer);
	pump_join(&seen);
	CHECK_ENDS_WELL(&rig);
	CHECK_PUMPED(heard, bytes);
	CHECK_PUMPED(seen, bytes);
	CHECK_INT(rig.relay.out.bytes, bytes);
	CHECK_INT(rig.relay.in.bytes, bytes);
	rig_close(&rig);
}

static void test_orders(void)
{
	for (int first = NEAR_FIRST; first <= AT_ONCE; first++) {
		check_order((enum first)first, 0, false);
		check_order((enum first)first, 0, true);
		check_order((enum first)first, 2 * MIB, false);
		check_order((enum first)first, 2 * MIB, true);
	}
}

/* A second socket in place of the pipes: -t. Returns the client's end of it. */
static int begin_forwarding(struct rig *rig, bool closes)
{
	struct relay_rules rules = rig_rules();
	int client;

	rules.closes = closes;
	rig_open(rig, SOCK_STREAM);
	rig_end(&rig->near.in.fd);
	rig_end(&rig->near.out.fd);
	client = ends_stream(SOCK_STREAM, &rig->near, RIG_BUFFER);
	rig_start(rig, &rules);
	ends_say(client, "request");
	CHECK_STR(ends_hear(rig->peer), "request");
	return client;
}

static void end_forwarding(struct rig *rig, int client)
{
	if (rig->near.in.fd >= 0)
		stream_close(&rig->near);
	rig_close(rig);
	close(client);
}

static void test_forwarding(void)
{
	struct rig rig;
	int client = begin_forwarding(&rig, false);

	shutdown(client, SHUT_WR);
	CHECK_STR(ends_hear(rig.peer), "");
	CHECK(rig_rests(&rig, 0.4));
	ends_say(rig.peer, "answer");
	CHECK_STR(ends_hear(client), "answer");
	/* the client has gone; the peer is told, silent as it is */
	close(client);
	client = -1;
	CHECK_ENDS_WELL(&rig);
	CHECK(!ends_say(rig.peer, "x"));
	end_forwarding(&rig, client);
}

/* What the relay leaves to the close, a peer hears from that. */
static void test_close_tells_second(void)
{
	struct rig rig;
	int client = begin_forwarding(&rig, true);

	shutdown(client, SHUT_WR);
	CHECK_STR(ends_hear(rig.peer), "");
	CHECK(rig_rests(&rig, 0.1));
	ends_say(rig.peer, "answer");
	shutdown(rig.peer, SHUT_WR);
	CHECK_ENDS_WELL(&rig);
	CHECK_STR(ends_hear(client), "answer");
	CHECK(!ends_ready(client, POLLIN, 0));
	stream_close(&rig.near);
	CHECK_STR(ends_hear(client), "");
	end_forwarding(&rig, client);
}

static void test_close_tells_all(void)
{
	struct rig rig;
	int client = begin_forwarding(&rig, true);

	ends_say(client, ", the rest");
	close(client);
	client = -1;
	CHECK_ENDS_WELL(&rig);
	CHECK_STR(ends_hear(rig.peer), ", the rest");
	CHECK(!ends_ready(rig.peer, POLLIN, 0));
	stream_close(&rig.far);
	CHECK_STR(ends_hear(rig.peer), "");
	end_forwarding(&rig, client);
}

/* An answer that nobody reads is a fault, which way it may show. */
static void test_close_loses(void)
{
	struct rig rig;
	int client = begin_forwarding(&rig, true);
	struct pump sent = { .fd = rig.peer, .bytes = 2 * MIB };

	pump_start(&sent, pump_write);
	CHECK(ends_ready(client, POLLIN, ENDS_WAIT_MS));
	close(client);
	client = -1;
	CHECK(rig_ends(&rig, 3));
	CHECK(rig.relay.in.fault != FLOW_SOUND ||
	      rig.relay.out.fault != FLOW_SOUND);
	pump_join(&sent);
	end_forwarding(&rig, client);
}

static const struct test tests[] = {
	{ "half-close: the answer still arrives after our input has ended",
	    test_near_first },
	{ "half-close: the peer's end does not end our sending",
	    test_peer_half_closes_first },
	{ "close: a peer that has gone ends both, while the input is silent",
	    test_peer_closes },
	{ "close: a peer that half-closed first and goes later ends it too",
	    test_peer_closes_later },
	{ "close: all arrives when the output was blocked at the time",
	    test_peer_closes_screen_blocked },
	{ "end: an output that has gone stops the peer, not our sending",
	    test_screen_goes },
	{ "end: an output that has gone, then the peer: it is over",
	    test_screen_goes_peer_closes },
	{ "end: silence is no end", test_silence },
	{ "no half-close: the peer is told nothing, and its answer arrives",
	    test_kept_far },
	{ "end: in every order, with nothing or MiBs pending, all arrives",
	    test_orders },
	{ "end: between two sockets, one that has gone ends both",
	    test_forwarding },
	{ "close: the second of two ends is told by it",
	    test_close_tells_second },
	{ "close: it tells all when one side has gone", test_close_tells_all },
	{ "close: an answer that was not read is a fault", test_close_loses },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
