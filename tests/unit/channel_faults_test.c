/*
 * Channels whose peer is damaged, silent, gone, in the way or endless: what is
 * said here and there, and that it ends.
 */
#include "channel.h"

#include "talk.h"

static const struct frame go = { .type = FRAME_GO, .at = 7 };

/* Waits for a frame. Returns 0 or -1. */
static int receive(struct talk *talk)
{
	const unsigned char *payload;
	struct frame frame;

	return channel_receive(&talk->channel, &frame, &payload);
}

/* The peer sends these bytes; the channel must fail, and say this. */
static void refuse(const void *bytes, size_t length, const char *what)
{
	struct talk talk;

	talk_open(&talk);
	talk_write(&talk, bytes, length);
	shutdown(talk.peer, SHUT_WR); /* so that nobody waits for us */
	CHECK_INT(receive(&talk), -1);
	CHECK_INT(talk.channel.status, STATUS_FAILED);
	CHECK_MENTIONED(what);
	talk_close(&talk);
	talk_forget();
}

static void test_no_frames(void)
{
	refuse("SSH-2.0-OpenSSH_9.2\r\n", 21, "does not speak vcat's frames");
	refuse("v", 1, "closed the connection");
	refuse("vcaT", 4, "does not speak vcat's frames");
	refuse("\0", 1, "does not speak vcat's frames");
	refuse("vcbt and forty bytes more are not a frame", 41,
	    "does not speak vcat's frames");
	refuse("", 0, ": the peer closed the connection\n");
}

/* Each byte of a frame is wrong in its turn, the payload's, too. */
static void test_damage(void)
{
	unsigned char whole[FRAME_HEADER + 5];
	const struct frame frame = { .type = FRAME_DATA, .length = 5 };

	for (size_t byte = 0; byte < sizeof whole; byte++) {
		struct talk talk = { 0 };
		const char *what = byte < 4    ? "does not speak vcat's frames"
				   : byte == 4 ? "version"
					       : "damaged";

		memcpy(whole + FRAME_HEADER, "12345", 5);
		talk_head(&talk, frame, whole + FRAME_HEADER, whole);
		whole[byte] ^= 0x10;
		refuse(whole, sizeof whole, what);
	}
}

/* The peer hears why, and with what the channel was busy. */
static void test_peer_is_told(void)
{
	unsigned char header[FRAME_HEADER];
	struct talk talk;

	talk_open(&talk);
	talk.channel.subject = "dir/file";
	talk_head(&talk, (struct frame){ .type = FRAME_BYE }, "", header);
	header[33] ^= 1;
	talk_write(&talk, header, sizeof header);
	CHECK_INT(channel_send(&talk.channel, go, ""), 0);
	shutdown(talk.peer, SHUT_WR);
	CHECK_INT(receive(&talk), -1);
	CHECK_SAID(": dir/file: a frame arrived damaged");
	CHECK_HEARS(&talk, FRAME_GO, 7);
	CHECK_TOLD(&talk, FRAME_FATAL, "dir/file: a frame arrived damaged");
	talk_close(&talk);
}

static void test_missing_frame(void)
{
	struct talk talk;

	talk_open(&talk);
	talk_say(&talk, go, "");
	talk.sent++;
	talk_say(&talk, go, "");
	shutdown(talk.peer, SHUT_WR);
	CHECK_INT(receive(&talk), 0);
	CHECK_INT(receive(&talk), -1);
	CHECK_SAID(": a frame is missing or out of order");
	talk_close(&talk);
}

static void test_repeated_frame(void)
{
	struct talk talk;

	talk_open(&talk);
	talk_say(&talk, go, "");
	talk.sent = 0;
	talk_say(&talk, go, "");
	shutdown(talk.peer, SHUT_WR);
	CHECK_INT(receive(&talk), 0);
	CHECK_INT(receive(&talk), -1);
	CHECK_SAID(": a frame is missing or out of order");
	talk_close(&talk);
}

/* The end comes after so many bytes of a second frame. */
static void end_after(size_t bytes)
{
	unsigned char whole[FRAME_HEADER + 5];
	const struct frame frame = { .type = FRAME_DATA, .length = 5 };
	struct talk talk;

	talk_open(&talk);
	talk_say(&talk, go, "");
	memcpy(whole + FRAME_HEADER, "12345", 5);
	talk_head(&talk, frame, whole + FRAME_HEADER, whole);
	talk_write(&talk, whole, bytes);
	talk_hang_up(&talk);
	CHECK_INT(receive(&talk), 0);
	CHECK_INT(receive(&talk), bytes == sizeof whole ? 0 : -1);
	CHECK_INT(receive(&talk), -1);
	CHECK_MENTIONED(": the peer closed the connection too early\n");
	CHECK_INT(talk.channel.status, STATUS_FAILED);
	talk_close(&talk);
	talk_forget();
}

static void test_end(void)
{
	for (size_t bytes = 0; bytes <= FRAME_HEADER + 5; bytes++)
		end_after(bytes);
}

/* A peer that leaves unread bytes behind resets an AF_UNIX connection. */
static void test_reset(void)
{
	struct talk talk;

	talk_open(&talk);
	CHECK_INT(channel_send(&talk.channel, go, ""), 0);
	channel_flush(&talk.channel);
	talk_write(&talk, "vcat", 4);
	talk_hang_up(&talk);
	CHECK_INT(receive(&talk), -1);
	CHECK_SAID(": read: Connection reset by peer");
	CHECK_INT(talk.channel.status, STATUS_FAILED);
	talk_close(&talk);
}

static void test_write_fails(void)
{
	static const struct frame data = { .type = FRAME_DATA,
		.length = FRAME_BLOCK };
	unsigned char *block = talk_block(1);
	struct talk talk;

	talk_open(&talk);
	talk_hang_up(&talk);
	CHECK_INT(channel_send(&talk.channel, data, block), -1);
	CHECK_SAID(": the peer closed the connection");
	CHECK_INT(receive(&talk), -1);
	CHECK_SAID(": the peer closed the connection"); /* once */
	CHECK_INT(talk.channel.status, STATUS_FAILED);
	free(block);
	talk_close(&talk);
}

/* What the peer said last counts, though it came after frames that nobody has
 * taken, and writing has failed. */
static void test_last_words(void)
{
	static const struct frame data = { .type = FRAME_DATA,
		.length = FRAME_BLOCK };
	unsigned char *block = talk_block(1);
	struct talk talk;

	talk_open(&talk);
	talk.channel.subject = "mine";
	talk_say(&talk, go, "");
	talk_say(&talk, (struct frame){ .type = FRAME_DATA, .length = 30000 },
	    block);
	talk_tell(&talk, FRAME_FATAL, "disk full\n\033[2J");
	talk_hang_up(&talk);
	CHECK_INT(channel_send(&talk.channel, data, block), -1);
	CHECK_SAID(": the peer gave up: disk full??[2J");
	CHECK_INT(talk.channel.status, STATUS_FAILED);
	free(block);
	talk_close(&talk);
}

static void test_fatal(void)
{
	static char text[FRAME_TEXT_MAX + 1];
	struct talk talk;

	memset(text, 'x', FRAME_TEXT_MAX);
	talk_open(&talk);
	talk_say(&talk, go, "");
	talk_tell(&talk, FRAME_FATAL, text);
	CHECK_INT(receive(&talk), 0);
	CHECK_INT(receive(&talk), -1);
	CHECK_MENTIONED(text);
	CHECK(ends_silent(talk.peer, 0)); /* no FATAL for a FATAL */
	CHECK_INT(talk.channel.status, STATUS_FAILED);
	talk_close(&talk);
}

static void test_empty_fatal(void)
{
	struct talk talk;

	talk_open(&talk);
	talk_tell(&talk, FRAME_FATAL, "");
	CHECK_INT(receive(&talk), -1);
	CHECK_MENTIONED(": the peer gave up");
	talk_close(&talk);
}

static void test_idle(void)
{
	struct talk talk;

	talk_open(&talk);
	channel_close(&talk.channel);
	talk.channel.idle = 0.2;
	CHECK_INT(channel_open(&talk.channel), 0);
	CHECK_INT(receive(&talk), -1);
	CHECK_SAID(": idle: no byte in 0.2 s");
	CHECK_INT(talk.channel.status, STATUS_TIMEOUT);
	talk_close(&talk);
}

/* The same while we send, and nobody takes it. */
static void test_idle_sending(void)
{
	static const struct frame data = { .type = FRAME_DATA,
		.length = FRAME_BLOCK };
	unsigned char *block = talk_block(1);
	struct talk talk;

	talk_open(&talk);
	channel_close(&talk.channel);
	talk.channel.idle = 0.2;
	CHECK_INT(channel_open(&talk.channel), 0);
	CHECK_INT(channel_send(&talk.channel, data, block), -1);
	CHECK_SAID(": idle: no byte in 0.2 s");
	CHECK_INT(talk.channel.status, STATUS_TIMEOUT);
	free(block);
	talk_close(&talk);
}

/* A byte now and then, and 1.5 s for a frame: */
static void *drip(void *arg)
{
	struct talk *talk = arg;
	unsigned char header[FRAME_HEADER];

	talk_head(talk, go, "", header);
	for (size_t i = 0; i < 4; i++) {
		talk_write(talk, header + 10 * i, 10);
		ends_sleep(i < 3 ? 0.5 : 0);
	}
	return NULL;
}

/* ... is not idle by a limit of 1.2 s. */
static void test_not_idle(void)
{
	struct talk talk;
	pthread_t thread;

	talk_open(&talk);
	channel_close(&talk.channel);
	talk.channel.idle = 1.2;
	CHECK_INT(channel_open(&talk.channel), 0);
	CHECK_INT(pthread_create(&thread, NULL, drip, &talk), 0);
	CHECK_INT(receive(&talk), 0);
	CHECK_STR(talk_said(), "");
	pthread_join(thread, NULL);
	talk_close(&talk);
}

static const struct test tests[] = {
	{ "channel: what is no frame, and when that is known", test_no_frames },
	{ "channel: a wrong byte anywhere in a frame is found", test_damage },
	{ "channel: the peer is told what was wrong, and with what",
	    test_peer_is_told },
	{ "channel: a missing frame is noticed", test_missing_frame },
	{ "channel: a repeated frame is noticed", test_repeated_frame },
	{ "channel: an end is too early wherever it is", test_end },
	{ "channel: a reset is an error, not an end", test_reset },
	{ "channel: a write that fails is said once", test_write_fails },
	{ "channel: the peer's last words are heard after a failed write",
	    test_last_words },
	{ "channel: a FATAL is said, and not answered", test_fatal },
	{ "channel: a FATAL without words", test_empty_fatal },
	{ "channel: a silent peer is given up by the idle limit", test_idle },
	{ "channel: a peer that takes nothing is, too", test_idle_sending },
	{ "channel: a peer that is slow is not", test_not_idle },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
