/*
 * Failures: each is seen, and costs no byte that could still arrive.
 */
#include "rig.h"
#include "test.h"

static void test_write_failed(void)
{
	struct pump sent = { .bytes = 2 * MIB, .seed = 1 };
	struct pump seen = { .seed = 1, .pause_ms = 1 };
	struct rig rig;

	rig_begin(&rig, SOCK_STREAM);
	shutdown(rig.peer, SHUT_RD);
	ends_say(rig.keyboard, "unwanted");
	CHECK(!rig_ends(&rig, 0.3));
	/* our writer learns it, and the other way goes on */
	CHECK(!ends_say(rig.keyboard, "x"));
	CHECK_INT(errno, EPIPE);
	sent.fd = rig.peer;
	seen.fd = rig.screen;
	pump_start(&sent, pump_write);
	pump_start(&seen, pump_read);
	pump_join(&sent);
	rig_end(&rig.peer);
	pump_join(&seen);
	CHECK_PUMPED(seen, 2 * MIB);
	CHECK_ENDS(&rig, RELAY_ENDED, FLOW_WRITE_FAILED, FLOW_SOUND);
	CHECK_INT(rig.relay.out.error, EPIPE);
	rig_close(&rig);
}

static void test_disk_full(void)
{
	struct rig rig;

	rig_open(&rig, SOCK_STREAM);
	rig_end(&rig.near.out.fd);
	rig.near.out.fd = ends_must(open("/dev/full", O_WRONLY), "/dev/full");
	rig_start(&rig, NULL);
	ends_say(rig.peer, "no room");
	ends_say(rig.keyboard, "typed");
	CHECK_STR(ends_hear(rig.peer), "typed");
	rig_end(&rig.keyboard);
	CHECK_ENDS(&rig, RELAY_ENDED, FLOW_SOUND, FLOW_WRITE_FAILED);
	CHECK_INT(rig.relay.in.error, ENOSPC);
	CHECK_INT(rig.relay.in.bytes, 0);
	rig_close(&rig);
}

static void test_input_fails(void)
{
	struct rig rig;

	rig_open(&rig, SOCK_STREAM);
	rig_end(&rig.near.in.fd);
	rig.near.in.fd = ends_must(open("/", O_RDONLY | O_DIRECTORY), "/");
	ends_say(rig.peer, "received");
	rig_start(&rig, NULL);
	CHECK_ENDS(&rig, RELAY_ENDED, FLOW_READ_FAILED, FLOW_SOUND);
	CHECK_INT(rig.relay.out.error, EISDIR);
	CHECK_STR(ends_hear(rig.screen), "received");
	/* to the peer, it must not look like the end of the input */
	CHECK(!rig.far.finished);
	CHECK(ends_silent(rig.peer, 20));
	rig_close(&rig);
}

/*
 * The peer sends so much and resets the connection: AF_UNIX does that when it
 * closes with bytes unread.
 */
static void check_reset(size_t bytes, int pause_ms, size_t buffer)
{
	struct relay_rules rules = rig_rules();
	struct pump sent = { .bytes = bytes, .seed = 1 };
	struct pump seen = { .seed = 1, .pause_ms = pause_ms };
	struct rig rig;

	rules.buffer = buffer;
	rig_open(&rig, SOCK_STREAM);
	rig_start(&rig, &rules);
	ends_say(rig.keyboard, "unread");
	CHECK(ends_ready(rig.peer, POLLIN, ENDS_WAIT_MS));
	sent.fd = rig.peer;
	seen.fd = rig.screen;
	pump_start(&seen, pump_read);
	pump_start(&sent, pump_write);
	pump_join(&sent);
	rig_end(&rig.peer);
	/* the keyboard is silent and open */
	CHECK_ENDS(&rig, RELAY_ENDED, FLOW_SOUND, FLOW_READ_FAILED);
	CHECK_INT(rig.relay.in.error, ECONNRESET);
	rig_end(&rig.near.out.fd);
	pump_join(&seen);
	CHECK_PUMPED(seen, bytes);
	rig_close(&rig);
}

static void test_reset(void)
{
	check_reset(0, 0, RIG_BUFFER);
	check_reset(100 * KIB, 0, RIG_BUFFER);
	check_reset(MIB, 0, 4 * KIB);
	check_reset(MIB, 10, 4 * KIB);
	check_reset(MIB, 10, MIB);
}

static void test_reset_while_sending(void)
{
	struct pump typed = { .bytes = 64 * MIB, .seed = 2 };
	struct pump sent = { .bytes = 100 * KIB, .seed = 1 };
	struct pump seen = { .seed = 1 };
	struct rig rig;

	/* the peer reads nothing, and goes in the midst of our sending */
	rig_begin(&rig, SOCK_STREAM);
	typed.fd = rig.keyboard;
	sent.fd = rig.peer;
	seen.fd = rig.screen;
	pump_start(&typed, pump_write);
	pump_start(&seen, pump_read);
	pump_start(&sent, pump_write);
	pump_join(&sent);
	ends_sleep(0.2);
	rig_end(&rig.peer);
	CHECK(rig_ends(&rig, 1));
	CHECK_INT(rig.relay.state, RELAY_ENDED);
	CHECK(rig.relay.out.fault != FLOW_SOUND);
	CHECK(rig.relay.in.fault != FLOW_SOUND);
	pump_join(&typed);
	CHECK_INT(typed.error, EPIPE);
	rig_end(&rig.near.out.fd);
	pump_join(&seen);
	CHECK_PUMPED(seen, sent.bytes);
	rig_close(&rig);
}

static void test_undelivered(void)
{
	struct rig rig;
	size_t stuffed;

	/* a peer that leaves without a reset, and has not read all */
	rig_begin(&rig, SOCK_STREAM);
	ends_nonblocking(rig.keyboard);
	stuffed = ends_stuff(rig.keyboard);
	shutdown(rig.peer, SHUT_RDWR);
	CHECK(rig_ends(&rig, 1));
	CHECK_INT(rig.relay.state, RELAY_ENDED);
	CHECK(rig.relay.out.fault == FLOW_UNDELIVERED ||
	      rig.relay.out.fault == FLOW_WRITE_FAILED);
	CHECK(rig.relay.out.bytes < stuffed);
	rig_close(&rig);
}

static void test_undelivered_after_our_end(void)
{
	struct rig rig;

	rig_begin(&rig, SOCK_STREAM);
	ends_nonblocking(rig.keyboard);
	ends_stuff(rig.keyboard);
	rig_end(&rig.keyboard);
	CHECK(!rig_ends(&rig, 0.2));
	shutdown(rig.peer, SHUT_RDWR);
	CHECK(rig_ends(&rig, 1));
	CHECK_INT(rig.relay.state, RELAY_ENDED);
	CHECK(rig.relay.out.fault != FLOW_SOUND);
	rig_close(&rig);
}

static void test_all_was_taken(void)
{
	/* it is no fault that the peer goes first, nor that our end comes at
	   the same time */
	for (int i = 0; i < 50; i++) {
		struct rig rig;

		rig_begin(&rig, SOCK_STREAM);
		ends_say(rig.keyboard, "request");
		CHECK_STR(ends_hear(rig.peer), "request");
		ends_say(rig.peer, "answer");
		if (i % 2 == 0)
			rig_end(&rig.keyboard);
		rig_end(&rig.peer);
		if (i % 2 == 1)
			rig_end(&rig.keyboard);
		CHECK_ENDS_WELL(&rig);
		CHECK_STR(ends_hear(rig.screen), "answer");
		rig_close(&rig);
	}
}

static void test_forwarding_undelivered(void)
{
	struct rig rig;
	int client;

	/* -t: our client goes before it has everything */
	rig_open(&rig, SOCK_STREAM);
	rig_end(&rig.near.in.fd);
	rig_end(&rig.near.out.fd);
	client = ends_stream(SOCK_STREAM, &rig.near, RIG_BUFFER);
	rig_start(&rig, NULL);
	ends_nonblocking(rig.peer);
	CHECK(ends_stuff(rig.peer) > RIG_BUFFER);
	shutdown(client, SHUT_RDWR);
	CHECK(rig_ends(&rig, 1));
	CHECK_INT(rig.relay.state, RELAY_ENDED);
	CHECK(rig.relay.in.fault != FLOW_SOUND);
	close(client);
	rig.near.out.fd = -1;
	rig_close(&rig);
}

static void test_both_fail(void)
{
	struct rig rig;

	rig_begin(&rig, SOCK_STREAM);
	rig_end(&rig.screen);
	shutdown(rig.peer, SHUT_RD);
	ends_say(rig.peer, "unseen");
	ends_say(rig.keyboard, "unheard");
	/* nothing can move any more, whoever is still there */
	CHECK(rig_ends(&rig, 1));
	CHECK_ENDS(&rig, RELAY_ENDED, FLOW_WRITE_FAILED, FLOW_WRITE_FAILED);
	rig_close(&rig);
}

static const struct test tests[] = {
	{ "fault: a peer that reads no more still delivers all it sends",
	    test_write_failed },
	{ "fault: a full disk fails the output, what is typed still arrives",
	    test_disk_full },
	{ "fault: an input that cannot be read is no end of stream for the "
	  "peer",
	    test_input_fails },
	{ "fault: a reset is a failure, after all that came before it",
	    test_reset },
	{ "fault: a reset in the midst of our sending loses no byte of its",
	    test_reset_while_sending },
	{ "fault: what a peer leaves behind is undelivered", test_undelivered },
	{ "fault: what a peer leaves behind after our end is undelivered",
	    test_undelivered_after_our_end },
	{ "fault: a peer that goes when it has everything is none",
	    test_all_was_taken },
	{ "fault: between two sockets, what one leaves is undelivered",
	    test_forwarding_undelivered },
	{ "fault: when neither way can go on, it is over", test_both_fail },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
