/*
 * Much at once: neither direction stalls the other, memory is bounded, and a
 * relay that waits uses no CPU time.
 */
#include "rig.h"
#include "test.h"

/* Pipes and sockets hold so much by themselves, at most. */
#define KERNEL_HOLDS MIB

/* 8 MiB each way at once; the readers pause so long, each 64 KiB. */
static void check_both_ways(int screen_pause_ms, int peer_pause_ms)
{
	struct rig rig;
	struct pump typed = { .bytes = 8 * MIB, .seed = 1 };
	struct pump sent = { .bytes = 8 * MIB, .seed = 2 };
	struct pump heard = { .seed = 1, .pause_ms = peer_pause_ms };
	struct pump seen = { .seed = 2, .pause_ms = screen_pause_ms };

	rig_begin(&rig, SOCK_STREAM);
	typed.fd = rig.keyboard;
	sent.fd = rig.peer;
	heard.fd = rig.peer;
	seen.fd = rig.screen;
	pump_start(&typed, pump_write);
	pump_start(&sent, pump_write);
	pump_start(&heard, pump_read);
	pump_start(&seen, pump_read);
	pump_join(&typed);
	rig_end(&rig.keyboard);
	pump_join(&sent);
	shutdown(rig.peer, SHUT_WR);
	pump_join(&heard);
	pump_join(&seen);
	CHECK_ENDS_WELL(&rig);
	CHECK_PUMPED(heard, 8 * MIB);
	CHECK_PUMPED(seen, 8 * MIB);
	rig_close(&rig);
}

static void test_prompt(void)
{
	check_both_ways(0, 0);
}

static void test_slow_screen(void)
{
	check_both_ways(5, 0);
}

static void test_slow_peer(void)
{
	check_both_ways(0, 5);
}

static void test_small_reads(void)
{
	struct rig rig;
	struct pump sent = { .bytes = 300001, .seed = 1, .chunk = 997 };
	struct pump seen = { .seed = 1, .chunk = 101 };

	rig_open(&rig, SOCK_STREAM);
	rig_start(
	    &rig, &(struct relay_rules){ .buffer = 4099, .quit_after = -1 });
	sent.fd = rig.peer;
	seen.fd = rig.screen;
	pump_start(&sent, pump_write);
	pump_start(&seen, pump_read);
	pump_join(&sent);
	rig_end(&rig.peer);
	pump_join(&seen);
	CHECK_ENDS_WELL(&rig);
	CHECK_PUMPED(seen, 300001);
	rig_close(&rig);
}

static void test_blocked_screen(void)
{
	struct rig rig;
	struct pump typed = { .bytes = 4 * MIB, .seed = 1 };
	struct pump heard = { .seed = 1 };
	size_t stuffed;

	rig_begin(&rig, SOCK_STREAM);
	ends_nonblocking(rig.peer);
	stuffed = ends_stuff(rig.peer);
	CHECK(stuffed > RIG_BUFFER);
	/* nobody reads the screen; what is typed crosses all the same */
	fcntl(rig.peer, F_SETFL, 0);
	typed.fd = rig.keyboard;
	heard.fd = rig.peer;
	pump_start(&typed, pump_write);
	pump_start(&heard, pump_read);
	pump_join(&typed);
	rig_end(&rig.keyboard);
	pump_join(&heard);
	CHECK_PUMPED(heard, 4 * MIB);
	CHECK(rig_rests(&rig, 0.3));
	rig_close(&rig);
}

static void test_blocked_peer(void)
{
	struct rig rig;
	struct pump sent = { .bytes = 4 * MIB, .seed = 1 };
	struct pump seen = { .seed = 1 };

	rig_begin(&rig, SOCK_STREAM);
	ends_nonblocking(rig.keyboard);
	CHECK(ends_stuff(rig.keyboard) > RIG_BUFFER);
	sent.fd = rig.peer;
	seen.fd = rig.screen;
	pump_start(&sent, pump_write);
	pump_start(&seen, pump_read);
	pump_join(&sent);
	shutdown(rig.peer, SHUT_WR);
	pump_join(&seen);
	CHECK_PUMPED(seen, 4 * MIB);
	CHECK(rig_rests(&rig, 0.3));
	rig_close(&rig);
}

/* As stdin and stdout are when they cannot be opened again. */
static void test_blocking_pipes(void)
{
	struct rig rig;
	struct pump typed = { .bytes = MIB, .seed = 1 };
	struct pump heard = { .seed = 1 };
	struct pump seen = { .seed = 2 };
	struct pump sent = { .bytes = MIB, .seed = 2 };

	rig_open(&rig, SOCK_STREAM);
	fcntl(rig.near.in.fd, F_SETFL, 0);
	fcntl(rig.near.out.fd, F_SETFL, 0);
	rig.near.in.blocks = true;
	rig.near.out.blocks = true;
	/* smaller than what could be written at once */
	ends_must(
	    fcntl(rig.near.out.fd, F_SETPIPE_SZ, 16 * KIB), "F_SETPIPE_SZ");
	rig_start(&rig, NULL);
	/* the screen is not read before all that was typed has crossed */
	typed.fd = rig.keyboard;
	heard.fd = rig.peer;
	sent.fd = rig.peer;
	seen.fd = rig.screen;
	pump_start(&sent, pump_write);
	pump_start(&typed, pump_write);
	pump_start(&heard, pump_read);
	pump_join(&typed);
	rig_end(&rig.keyboard);
	pump_join(&heard);
	CHECK_PUMPED(heard, MIB);
	CHECK(rig_rests(&rig, 0.2));
	pump_start(&seen, pump_read);
	pump_join(&sent);
	rig_end(&rig.peer);
	CHECK_ENDS_WELL(&rig);
	pump_join(&seen);
	CHECK_PUMPED(seen, MIB);
	rig_close(&rig);
}

static void test_bounded(void)
{
	struct rig rig;
	size_t taken;

	rig_begin(&rig, SOCK_STREAM);
	ends_nonblocking(rig.peer);
	taken = ends_stuff(rig.peer);
	CHECK(taken > RIG_BUFFER);
	CHECK(taken <= RIG_BUFFER + KERNEL_HOLDS);
	CHECK(rig.relay.in.buffer.used <= RIG_BUFFER);
	CHECK(rig_rests(&rig, 0.3));
	ends_nonblocking(rig.keyboard);
	taken = ends_stuff(rig.keyboard);
	CHECK(taken > RIG_BUFFER);
	CHECK(taken <= RIG_BUFFER + KERNEL_HOLDS);
	CHECK(rig_rests(&rig, 0.3));
	rig_close(&rig);
}

/* Puts a relay into one state in which it waits. */
struct wait {
	const char *name;
	int type;
	enum relay_way way;
	void (*enter)(struct rig *);
};

static void enter_silence(struct rig *rig)
{
	(void)rig;
}

static void enter_peer_half_closed(struct rig *rig)
{
	shutdown(rig->peer, SHUT_WR);
}

static void enter_near_ended(struct rig *rig)
{
	rig_end(&rig->keyboard);
}

static void enter_screen_gone(struct rig *rig)
{
	rig_end(&rig->screen);
}

static void enter_screen_gone_seen(struct rig *rig)
{
	rig_end(&rig->screen);
	ends_say(rig->peer, "x");
}

static void enter_peer_reads_no_more(struct rig *rig)
{
	shutdown(rig->peer, SHUT_RD);
	ends_say(rig->keyboard, "x");
}

static void enter_peer_full(struct rig *rig)
{
	ends_nonblocking(rig->keyboard);
	ends_stuff(rig->keyboard);
}

static void enter_peer_full_and_near_ended(struct rig *rig)
{
	enter_peer_full(rig);
	rig_end(&rig->keyboard);
}

static void enter_peer_full_half_closed(struct rig *rig)
{
	enter_peer_full(rig);
	shutdown(rig->peer, SHUT_WR);
}

static void enter_screen_full_near_ended(struct rig *rig)
{
	ends_nonblocking(rig->peer);
	ends_stuff(rig->peer);
	rig_end(&rig->keyboard);
}

static const struct wait waits[] = {
	{ "silence", SOCK_STREAM, RELAY_BOTH, enter_silence },
	{ "half-closed", SOCK_STREAM, RELAY_BOTH, enter_peer_half_closed },
	{ "near ended", SOCK_STREAM, RELAY_BOTH, enter_near_ended },
	{ "screen gone", SOCK_STREAM, RELAY_BOTH, enter_screen_gone },
	{ "screen gone, seen", SOCK_STREAM, RELAY_BOTH,
	    enter_screen_gone_seen },
	{ "peer's SHUT_RD", SOCK_STREAM, RELAY_BOTH, enter_peer_reads_no_more },
	{ "send-only, half-closed", SOCK_STREAM, RELAY_SEND_ONLY,
	    enter_peer_half_closed },
	{ "recv-only, near ended", SOCK_STREAM, RELAY_RECV_ONLY,
	    enter_near_ended },
	{ "recv-only, screen gone", SOCK_STREAM, RELAY_RECV_ONLY,
	    enter_screen_gone },
};

static const struct wait waits_full[] = {
	{ "peer full", SOCK_STREAM, RELAY_BOTH, enter_peer_full },
	{ "peer full, near ended", SOCK_STREAM, RELAY_BOTH,
	    enter_peer_full_and_near_ended },
	{ "peer full, half-closed", SOCK_STREAM, RELAY_BOTH,
	    enter_peer_full_half_closed },
	{ "screen full, near ended", SOCK_STREAM, RELAY_BOTH,
	    enter_screen_full_near_ended },
	{ "messages, half-closed", SOCK_SEQPACKET, RELAY_BOTH,
	    enter_peer_half_closed },
	{ "messages, peer full", SOCK_SEQPACKET, RELAY_BOTH, enter_peer_full },
	{ "messages, peer full, near ended", SOCK_SEQPACKET, RELAY_BOTH,
	    enter_peer_full_and_near_ended },
	{ "messages, screen full", SOCK_SEQPACKET, RELAY_BOTH,
	    enter_screen_full_near_ended },
};

static void check_rests(const struct wait *wait, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct relay_rules rules = rig_rules();
		struct rig rig;

		rules.way = wait[i].way;
		rig_open(&rig, wait[i].type);
		rig_start(&rig, &rules);
		wait[i].enter(&rig);
		if (!CHECK(rig_rests(&rig, 0.2)))
			printf("# of: %s\n", wait[i].name);
		rig_close(&rig);
	}
}

static void test_rests(void)
{
	check_rests(waits, LENGTH(waits));
}

static void test_rests_full(void)
{
	check_rests(waits_full, LENGTH(waits_full));
}

static const struct test tests[] = {
	{ "bulk: 8 MiB each way at once arrive", test_prompt },
	{ "bulk: 8 MiB each way at once arrive at a slow output",
	    test_slow_screen },
	{ "bulk: 8 MiB each way at once arrive at a slow peer",
	    test_slow_peer },
	{ "bulk: odd sizes of buffer, reads and writes", test_small_reads },
	{ "bulk: an output that is blocked does not stop our sending",
	    test_blocked_screen },
	{ "bulk: a peer that reads nothing does not stop its sending",
	    test_blocked_peer },
	{ "bulk: pipes that may block do not stop the other way either",
	    test_blocking_pipes },
	{ "bulk: with a full buffer the sender has to wait", test_bounded },
	{ "wait: a relay that waits uses no CPU time, whatever for",
	    test_rests },
	{ "wait: a relay with full buffers uses no CPU time, whatever for",
	    test_rests_full },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
