/*
 * Messages: one in, one out, whoever is slow, to the last.
 */
#include "rig.h"
#include "test.h"

#define COUNT 200

/* The length of message number i: from 1 byte to the buffer's size. */
static size_t message_length(int i)
{
	static const size_t lengths[] = { 1, 2, 100, 4095, 4096, 4097, 20000,
		RIG_BUFFER - 1, RIG_BUFFER };

	return lengths[(size_t)i % LENGTH(lengths)];
}

struct mail {
	pthread_t thread;
	int fd;
	int count; /* sent or read */
	int wrong;
	int pause_ms;
};

static void *mail_send(void *arg)
{
	struct mail *mail = arg;
	static _Thread_local char data[RIG_BUFFER];

	for (; mail->count < COUNT; mail->count++) {
		memset(data, mail->count, sizeof data);
		if (write(mail->fd, data, message_length(mail->count)) < 0)
			break;
	}
	return NULL;
}

static void *mail_read(void *arg)
{
	struct mail *mail = arg;
	static _Thread_local char data[RIG_BUFFER + 1];
	ssize_t got;

	while ((got = read(mail->fd, data, sizeof data)) > 0) {
		char mark = (char)mail->count;

		if ((size_t)got != message_length(mail->count) ||
		    data[0] != mark || data[got - 1] != mark)
			mail->wrong++;
		mail->count++;
		poll(NULL, 0, mail->pause_ms);
	}
	return NULL;
}

static void mail_start(struct mail *mail, void *(*run)(void *))
{
	errno = pthread_create(&mail->thread, NULL, run, mail);
	ends_must(errno == 0 ? 0 : -1, "pthread_create");
}

/* A relay between two sockets that keep messages; returns our client's end. */
static int open_between(struct rig *rig)
{
	int client;

	rig_open(rig, SOCK_SEQPACKET);
	rig_end(&rig->near.in.fd);
	rig_end(&rig->near.out.fd);
	client = ends_stream(SOCK_SEQPACKET, &rig->near, RIG_BUFFER);
	rig_start(rig, NULL);
	return client;
}

static void check_boundaries(int client_pause_ms, int peer_pause_ms)
{
	struct rig rig;
	int client = open_between(&rig);
	struct mail mail[4] = {
		{ .fd = client },
		{ .fd = rig.peer },
		{ .fd = client, .pause_ms = client_pause_ms },
		{ .fd = rig.peer, .pause_ms = peer_pause_ms },
	};

	for (int i = 0; i < 4; i++)
		mail_start(&mail[i], i < 2 ? mail_send : mail_read);
	for (int i = 0; i < 2; i++) {
		pthread_join(mail[i].thread, NULL);
		shutdown(mail[i].fd, SHUT_WR);
	}
	CHECK_ENDS_WELL(&rig);
	for (int i = 2; i < 4; i++) {
		pthread_join(mail[i].thread, NULL);
		CHECK_INT(mail[i].count, COUNT);
		CHECK_INT(mail[i].wrong, 0);
	}
	close(client);
	stream_close(&rig.near);
	rig_close(&rig);
}

static void test_boundaries(void)
{
	check_boundaries(0, 0);
	check_boundaries(5, 0);
	check_boundaries(0, 5);
}

static void test_typed(void)
{
	struct rig rig;

	rig_begin(&rig, SOCK_SEQPACKET);
	ends_say(rig.keyboard, "one");
	CHECK_STR(ends_hear(rig.peer), "one");
	ends_say(rig.keyboard, "two");
	rig_end(&rig.keyboard);
	CHECK_STR(ends_hear(rig.peer), "two");
	CHECK_STR(ends_hear(rig.peer), "");
	ends_say(rig.peer, "answer");
	rig_end(&rig.peer);
	CHECK_ENDS_WELL(&rig);
	CHECK_STR(ends_hear(rig.screen), "answer");
	rig_close(&rig);
}

static void test_typed_much(void)
{
	struct pump typed = { .bytes = 4 * MIB, .seed = 1 };
	struct pump heard = { .seed = 1, .chunk = RIG_BUFFER };
	struct rig rig;

	rig_begin(&rig, SOCK_SEQPACKET);
	typed.fd = rig.keyboard;
	heard.fd = rig.peer;
	pump_start(&typed, pump_write);
	pump_start(&heard, pump_read);
	pump_join(&typed);
	rig_end(&rig.keyboard);
	pump_join(&heard);
	CHECK_PUMPED(heard, 4 * MIB);
	rig_end(&rig.peer);
	CHECK_ENDS_WELL(&rig);
	rig_close(&rig);
}

static void test_to_slow_screen(void)
{
	struct pump sent = { .bytes = 4 * MIB, .seed = 1, .chunk = 50000 };
	struct pump seen = { .seed = 1, .pause_ms = 2 };
	struct rig rig;

	rig_begin(&rig, SOCK_SEQPACKET);
	sent.fd = rig.peer;
	seen.fd = rig.screen;
	pump_start(&sent, pump_write);
	pump_start(&seen, pump_read);
	pump_join(&sent);
	rig_end(&rig.peer);
	CHECK_ENDS_WELL(&rig);
	pump_join(&seen);
	CHECK_PUMPED(seen, 4 * MIB);
	rig_close(&rig);
}

static void test_too_long(void)
{
	static char data[RIG_BUFFER + 1];
	struct rig rig;

	rig_begin(&rig, SOCK_SEQPACKET);
	ends_say(rig.peer, "before");
	CHECK_INT(write(rig.peer, data, sizeof data), sizeof data);
	CHECK_STR(ends_hear(rig.screen), "before");
	CHECK_STR(ends_hear(rig.screen), "");
	/* both are there and silent; our end would be none */
	CHECK_ENDS(&rig, RELAY_ENDED, FLOW_SOUND, FLOW_READ_FAILED);
	CHECK_INT(rig.relay.in.error, EMSGSIZE);
	CHECK_INT(rig.relay.in.bytes, 6);
	CHECK(!rig.far.finished);
	rig_close(&rig);
}

static void test_too_long_to_send(void)
{
	static char data[RIG_BUFFER + 1];
	struct relay_rules rules = rig_rules();
	struct rig rig;
	int client;

	rules.buffer = 2 * RIG_BUFFER;
	rig_open(&rig, SOCK_SEQPACKET);
	rig_end(&rig.near.in.fd);
	rig_end(&rig.near.out.fd);
	client = ends_stream(SOCK_SEQPACKET, &rig.near, RIG_BUFFER);
	rig_start(&rig, &rules);
	CHECK_INT(write(client, data, sizeof data), sizeof data);
	CHECK_ENDS(&rig, RELAY_ENDED, FLOW_WRITE_FAILED, FLOW_SOUND);
	CHECK_INT(rig.relay.out.error, EMSGSIZE);
	CHECK(ends_silent(rig.peer, 20)); /* no part of it, and no end */
	close(client);
	stream_close(&rig.near);
	rig_close(&rig);
}

#define TYPED 4000

/* Types until one message is on its way to a peer that reads none. */
static void type_until_stuck(struct rig *rig)
{
	char data[TYPED];

	memset(data, 'x', sizeof data);
	for (int i = 0; i < 200; i++) {
		CHECK_INT(write(rig->keyboard, data, TYPED), TYPED);
		/* two that wait for the relay would be one message */
		for (int j = 0; j < 200 && ends_waiting(rig->near.in.fd); j++)
			ends_sleep(0.005);
		if (!ends_ready(stream_writable_fd(&rig->far), POLLOUT, 500))
			return;
	}
	CHECK(false);
}

static void test_lost_on_its_way(void)
{
	struct rig rig;

	/* on vsock the peer's close is no reset, so neither is this */
	rig_begin(&rig, SOCK_SEQPACKET);
	type_until_stuck(&rig);
	shutdown(rig.peer, SHUT_RDWR);
	CHECK(rig_ends(&rig, 1));
	CHECK_INT(rig.relay.state, RELAY_ENDED);
	CHECK(rig.relay.out.fault != FLOW_SOUND);
	rig_close(&rig);
}

static void test_lost_after_our_end(void)
{
	struct rig rig;

	rig_begin(&rig, SOCK_SEQPACKET);
	type_until_stuck(&rig);
	rig_end(&rig.keyboard);
	CHECK(!rig_ends(&rig, 0.3));
	shutdown(rig.peer, SHUT_RDWR);
	CHECK(rig_ends(&rig, 1));
	CHECK_INT(rig.relay.state, RELAY_ENDED);
	CHECK(rig.relay.out.fault != FLOW_SOUND);
	rig_close(&rig);
}

static void test_end_after_last(void)
{
	struct rig rig;
	int count = 0;

	rig_begin(&rig, SOCK_SEQPACKET);
	type_until_stuck(&rig);
	rig_end(&rig.keyboard);
	CHECK(!rig_ends(&rig, 0.3));
	while (strlen(ends_hear(rig.peer)) == TYPED)
		count++;
	CHECK(count > 5);
	rig_end(&rig.peer);
	CHECK_ENDS_WELL(&rig);
	CHECK_INT(rig.relay.out.bytes, (size_t)count * TYPED);
	rig_close(&rig);
}

static const struct test tests[] = {
	{ "messages: both ways, of any length, with slow readers",
	    test_boundaries },
	{ "messages: what is typed at once is one", test_typed },
	{ "messages: what is longer than one is several, in order",
	    test_typed_much },
	{ "messages: all arrive at a slow output", test_to_slow_screen },
	{ "messages: one longer than the buffer is an error, not two",
	    test_too_long },
	{ "messages: one longer than the peer takes is an error, not two",
	    test_too_long_to_send },
	{ "messages: one that is lost on its way is a fault",
	    test_lost_on_its_way },
	{ "messages: one that is lost after our end is a fault",
	    test_lost_after_our_end },
	{ "messages: our end comes after the last", test_end_after_last },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
