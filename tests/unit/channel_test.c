/*
 * Channels: what is sent and when, what is taken, and what stays as it is while
 * more arrives.
 */
#include "channel.h"

#include "talk.h"

/* The room of an intake. */
#define INTAKE (FRAME_HEADER + FRAME_BLOCK + 32768)

static const struct frame go = { .type = FRAME_GO, .at = 7 };
static const struct frame data = { .type = FRAME_DATA, .length = FRAME_BLOCK };

static void test_batched(void)
{
	struct talk talk;
	struct frame frame;
	const unsigned char *payload;

	talk_open(&talk);
	for (int i = 0; i < 100; i++)
		CHECK_INT(channel_send(&talk.channel, go, ""), 0);
	CHECK_INT(ends_waiting(talk.peer), 0);
	talk_say(&talk, go, "");
	CHECK_INT(channel_receive(&talk.channel, &frame, &payload), 0);
	CHECK_INT(channel_say(&talk.channel, FRAME_REFUSE, 8, "no"), 0);
	channel_flush(&talk.channel);
	for (int i = 0; i < 100; i++)
		CHECK_HEARS(&talk, FRAME_GO, 7);
	CHECK_TOLD(&talk, FRAME_REFUSE, "no");
	CHECK(ends_silent(talk.peer, 0));
	talk_close(&talk);
}

/* The peer answers only when it has heard what is held back. */
static void *answer(void *arg)
{
	struct talk *talk = arg;
	const unsigned char *payload;
	struct frame frame;

	if (talk_hear(talk, &frame, &payload) && frame.at == 7)
		talk_tell(talk, FRAME_REFUSE, "heard");
	return NULL;
}

static void test_waiting_sends(void)
{
	struct talk talk;
	struct frame frame = { 0 };
	const unsigned char *payload;
	pthread_t thread;

	talk_open(&talk);
	CHECK_INT(channel_send(&talk.channel, go, ""), 0);
	CHECK_INT(ends_waiting(talk.peer), 0);
	CHECK_INT(pthread_create(&thread, NULL, answer, &talk), 0);
	CHECK_INT(channel_receive(&talk.channel, &frame, &payload), 0);
	CHECK_INT(frame.type, FRAME_REFUSE);
	CHECK(memcmp(payload, "heard", 5) == 0);
	pthread_join(thread, NULL);
	talk_close(&talk);
}

/* Many small frames do not wait for ever, nor overflow anything. */
static void test_many_small(void)
{
	static const char text[FRAME_ENTRY_MAX] = { 1 };
	static const struct frame entry = { .type = FRAME_ENTRY,
		.length = FRAME_ENTRY_MAX };
	struct talk talk;
	const unsigned char *payload;
	struct frame frame;
	int heard = 0;

	talk_open(&talk);
	for (int i = 0; i < 10; i++)
		CHECK_INT(channel_send(&talk.channel, entry, text), 0);
	CHECK(ends_waiting(talk.peer) > (size_t)4 * FRAME_ENTRY_MAX);
	channel_flush(&talk.channel);
	while (ends_ready(talk.peer, POLLIN, 0)) {
		CHECK(talk_hear(&talk, &frame, &payload));
		CHECK(memcmp(payload, text, FRAME_ENTRY_MAX) == 0);
		heard++;
	}
	CHECK_INT(heard, 10);
	talk_close(&talk);
}

/* A DATA goes at once, after the small ones; then its payload is free. */
static void test_data_goes(void)
{
	static char bytes[20000]; /* fewer are copied, and held back */
	struct talk talk;
	const unsigned char *payload;
	struct frame frame = { .type = FRAME_DATA, .length = sizeof bytes };

	talk_open(&talk);
	CHECK_INT(channel_send(&talk.channel, go, ""), 0);
	memset(bytes, 'x', sizeof bytes);
	CHECK_INT(channel_send(&talk.channel, frame, bytes), 0);
	memset(bytes, 'y', sizeof bytes);
	CHECK_HEARS(&talk, FRAME_GO, 7);
	CHECK(talk_hear(&talk, &frame, &payload));
	CHECK_INT(payload[0], 'x');
	CHECK_INT(payload[sizeof bytes - 1], 'x');
	talk_close(&talk);
}

/* The other end of it, also a channel: sends a block, and takes one. */
static void *exchange(void *arg)
{
	struct channel *channel = arg;
	unsigned char *block = talk_block(1);
	const unsigned char *payload;
	struct frame frame;
	long wrong = -1;

	if (channel_send(channel, data, block) == 0 &&
	    channel_receive(channel, &frame, &payload) == 0)
		wrong = (long)talk_wrong(payload, 2, FRAME_BLOCK);
	free(block);
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	return (void *)wrong;
}

static void test_both_ways(void)
{
	struct talk talk;
	struct channel other;
	unsigned char *block = talk_block(2);
	const unsigned char *payload;
	struct frame frame;
	pthread_t thread;
	void *wrong;

	talk_open(&talk);
	ends_nonblocking(talk.peer);
	other = (struct channel){ .fd = talk.peer, .peer = talk.channel.peer };
	CHECK_INT(channel_open(&other), 0);
	CHECK_INT(pthread_create(&thread, NULL, exchange, &other), 0);
	CHECK_INT(channel_send(&talk.channel, data, block), 0);
	CHECK_INT(channel_receive(&talk.channel, &frame, &payload), 0);
	CHECK_INT(talk_wrong(payload, 1, FRAME_BLOCK), 0);
	pthread_join(thread, &wrong);
	CHECK_INT((long)wrong, 0);
	channel_close(&other);
	free(block);
	talk_close(&talk);
}

/* A thread that writes the same block as frames without end, until it fails;
 * each begins with its number. */
static void *flood(void *arg)
{
	struct talk *talk = arg;
	unsigned char *whole = malloc(FRAME_HEADER + FRAME_BLOCK);
	struct frame frame = data;
	ssize_t n = 1;

	while (n > 0 && whole != NULL) {
		size_t length;

		/* some are long, some short */
		frame.length =
		    talk->sent % 3 == 0 ? FRAME_BLOCK : 100 + talk->sent % 977;
		talk_fill(whole + FRAME_HEADER, talk->sent, frame.length);
		length = FRAME_HEADER + frame.length;
		talk_head(talk, frame, whole + FRAME_HEADER, whole);
		for (size_t at = 0; at < length && n > 0; at += (size_t)n)
			n = write(talk->peer, whole + at, length - at);
	}
	free(whole);
	return NULL;
}

/*
 * Each payload stays as it is while the channel takes in what it can, as when
 * stdout is slow; and what it takes in is bounded, wherever the payload lies.
 */
static void test_payload_stays(void)
{
	struct talk talk;
	pthread_t thread;
	const unsigned char *payload;
	struct frame frame;

	talk_open(&talk);
	CHECK_INT(pthread_create(&thread, NULL, flood, &talk), 0);
	for (unsigned seed = 0; seed < 60; seed++) {
		size_t before;

		if (!CHECK_INT(
			channel_receive(&talk.channel, &frame, &payload), 0))
			break;
		do {
			before = talk.channel.in.have;
			talk.channel.unheard = MIB;
			CHECK_INT(channel_pull(&talk.channel), 0);
			ends_sleep(before == talk.channel.in.have ? 0.002 : 0);
			talk.channel.unheard = MIB;
			CHECK_INT(channel_pull(&talk.channel), 0);
		} while (talk.channel.in.have != before);
		CHECK(talk.channel.in.from + talk.channel.in.have <= INTAKE);
		CHECK_INT(talk_wrong(payload, seed, frame.length), 0);
	}
	shutdown(talk.channel.fd, SHUT_RDWR);
	pthread_join(thread, NULL);
	talk_close(&talk);
}

/* The same while something is sent, which the peer does not take either. */
static void test_full_both_ways(void)
{
	struct talk talk;
	struct pollfd none = { .fd = -1 };
	unsigned char *block = talk_block(3);
	const unsigned char *payload;
	struct frame frame;
	pthread_t thread;

	talk_open(&talk);
	CHECK_INT(pthread_create(&thread, NULL, flood, &talk), 0);
	CHECK_INT(channel_receive(&talk.channel, &frame, &payload), 0);
	channel_put(&talk.channel, data, block);
	while (ends_ready(talk.channel.fd, POLLOUT, 50) ||
	       talk.channel.in.from + talk.channel.in.have < INTAKE)
		CHECK_INT(channel_turn(&talk.channel, &none, 1), 0);
	CHECK(channel_is_sending(&talk.channel));
	CHECK_INT(talk_wrong(payload, 0, frame.length), 0);
	/* once the peer takes, all goes out */
	talk.received = 0;
	ends_nonblocking(talk.peer);
	while (channel_is_sending(&talk.channel)) {
		static char gone[65536];

		while (read(talk.peer, gone, sizeof gone) > 0)
			;
		CHECK_INT(channel_turn(&talk.channel, &none, 1), 0);
	}
	CHECK_INT(talk_wrong(payload, 0, frame.length), 0);
	shutdown(talk.channel.fd, SHUT_RDWR);
	pthread_join(thread, NULL);
	free(block);
	talk_close(&talk);
}

/* However it is cut into pieces, a frame is taken when it is whole. */
static void test_pieces(void)
{
	unsigned char whole[FRAME_HEADER + 5];
	const struct frame frame = { .type = FRAME_DATA, .length = 5 };
	const unsigned char *payload;
	struct frame got;
	struct talk talk;

	talk_open(&talk);
	for (size_t cut = 0; cut <= sizeof whole; cut++) {
		memcpy(whole + FRAME_HEADER, "12345", 5);
		talk_head(&talk, frame, whole + FRAME_HEADER, whole);
		for (size_t i = 0; i < sizeof whole; i++) {
			if (i >= cut) {
				CHECK_INT(channel_pull(&talk.channel), 0);
				CHECK_INT(
				    channel_take(&talk.channel, &got, &payload),
				    0);
			}
			talk_write(&talk, whole + i, 1);
		}
		CHECK_INT(channel_receive(&talk.channel, &got, &payload), 0);
		CHECK(memcmp(payload, "12345", 5) == 0);
	}
	CHECK_INT(channel_take(&talk.channel, &got, &payload), 0);
	talk_close(&talk);
}

/* Others are waited for, too, and said to be ready. */
static void test_more(void)
{
	struct talk talk;
	struct pollfd more[2];
	int fd[2];
	int room[2];

	talk_open(&talk);
	ends_pipe(fd, 0);
	ends_pipe(room, 1);
	more[0] = (struct pollfd){ .fd = fd[0], .events = POLLIN };
	more[1] = (struct pollfd){ .fd = -1, .events = POLLOUT };
	ends_say(fd[1], "x");
	CHECK_INT(channel_turn(&talk.channel, more, 2), 0);
	CHECK_INT(more[0].revents, POLLIN);
	CHECK_INT(more[1].revents, 0);
	more[0].fd = -1;
	more[1].fd = room[1];
	CHECK_INT(channel_turn(&talk.channel, more, 2), 0);
	CHECK_INT(more[0].revents, 0);
	CHECK_INT(more[1].revents, POLLOUT);
	talk_close(&talk);
}

static const struct test tests[] = {
	{ "channel: small frames are held back, and keep their order",
	    test_batched },
	{ "channel: waiting for a frame sends them first", test_waiting_sends },
	{ "channel: many small frames go before they are too many",
	    test_many_small },
	{ "channel: a long DATA goes at once, and its payload is free",
	    test_data_goes },
	{ "channel: two ends send a block each at once", test_both_ways },
	{ "channel: a payload stays while all that fits arrives",
	    test_payload_stays },
	{ "channel: it stays while neither side takes", test_full_both_ways },
	{ "channel: a frame in pieces is taken when it is whole", test_pieces },
	{ "channel: waits for others, too", test_more },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
