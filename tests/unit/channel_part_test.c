/*
 * The end of a channel, by giving up or by parting: the peer is told, is waited
 * for, and cannot keep us: the time limit of a test is what shows that.
 */
#include "channel.h"

#include "talk.h"

static const struct frame bye = { .type = FRAME_BYE };

/* What a peer does without end, in a thread, until it cannot. */
struct mischief {
	struct talk *talk;
	size_t bytes; /* at once */
	double pause; /* after each */
	pthread_t thread;
};

/* Frames, right ones, or only half of one now and then. */
static void *go_on(void *arg)
{
	const struct mischief *m = arg;
	unsigned char *frames = malloc(m->bytes + FRAME_HEADER);
	ssize_t n = 1;

	while (n > 0 && frames != NULL) {
		for (size_t at = 0; at < m->bytes; at += FRAME_HEADER)
			talk_head(m->talk, (struct frame){ .type = FRAME_GO },
			    "", frames + at);
		for (size_t at = 0; at < m->bytes && n > 0; at += (size_t)n)
			n = write(m->talk->peer, frames + at, m->bytes - at);
		if (m->pause > 0)
			ends_sleep(m->pause);
	}
	free(frames);
	return NULL;
}

static void begin(struct mischief *mischief, struct talk *talk)
{
	mischief->talk = talk;
	errno = pthread_create(&mischief->thread, NULL, go_on, mischief);
	ends_must(errno == 0 ? 0 : -1, "pthread_create");
}

static void stop(struct mischief *mischief)
{
	shutdown(mischief->talk->channel.fd, SHUT_RDWR);
	pthread_join(mischief->thread, NULL);
}

/* How often to do what must not wait: by waiting it would last too long. */
#define TIMES 5

static void test_part_from_silent(void)
{
	struct talk talk;

	talk_open(&talk);
	channel_put(&talk.channel, bye, "");
	channel_part(&talk.channel, FRAME_HEADER);
	CHECK_HEARS(&talk, FRAME_BYE, 0);
	CHECK_STR(talk_said(), "");
	talk_close(&talk);
}

/* It does not wait for more than it is told to. */
static void test_part_from_answerer(void)
{
	struct talk talk;

	for (int i = 0; i < TIMES; i++) {
		talk_open(&talk);
		channel_put(&talk.channel, bye, "");
		talk_say(&talk, bye, "");
		channel_part(&talk.channel, FRAME_HEADER);
		CHECK_HEARS(&talk, FRAME_BYE, 0);
		talk_close(&talk);
	}
}

/* The same if the peer's bytes have been read ahead. */
static void test_part_late(void)
{
	struct talk talk;
	const unsigned char *payload;
	struct frame frame;

	talk_open(&talk);
	talk_say(&talk, (struct frame){ .type = FRAME_STORED }, "");
	talk_say(&talk, bye, "");
	CHECK_INT(channel_receive(&talk.channel, &frame, &payload), 0);
	CHECK_INT(frame.type, FRAME_STORED);
	channel_put(&talk.channel, bye, "");
	channel_part(&talk.channel, FRAME_HEADER);
	CHECK_HEARS(&talk, FRAME_BYE, 0);
	talk_close(&talk);
}

static void test_part_from_leaver(void)
{
	struct talk talk;

	for (int i = 0; i < TIMES; i++) {
		talk_open(&talk);
		channel_put(&talk.channel, bye, "");
		talk_hang_up(&talk);
		channel_part(&talk.channel, SIZE_MAX);
		CHECK_STR(talk_said(), "");
		talk_close(&talk);
	}
}

/* More is held than the socket takes: it goes out once the peer reads. */
static void *read_late(void *arg)
{
	struct talk *talk = arg;
	const unsigned char *payload;
	struct frame frame;
	int heard = 0;

	ends_sleep(0.3);
	while (talk_hear(talk, &frame, &payload) && frame.type != FRAME_BYE)
		heard++;
	talk_hang_up(talk);
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	return (void *)(intptr_t)heard;
}

static void test_part_sends(void)
{
	static const struct frame entry = { .type = FRAME_ENTRY,
		.length = 8000 };
	static const char text[8000] = { 1 };
	const int small = 4096;
	struct talk talk;
	pthread_t thread;
	void *heard;

	talk_open(&talk);
	setsockopt(
	    talk.channel.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
	for (int i = 0; i < 4; i++)
		CHECK_INT(channel_send(&talk.channel, entry, text), 0);
	channel_put(&talk.channel, bye, "");
	CHECK_INT(pthread_create(&thread, NULL, read_late, &talk), 0);
	channel_part(&talk.channel, SIZE_MAX);
	pthread_join(thread, &heard);
	CHECK_INT((intptr_t)heard, 4);
	talk_close(&talk);
}

static void test_part_from_dripping(void)
{
	struct mischief mischief = { .bytes = 10, .pause = 0.05 };
	struct talk talk;

	talk_open(&talk);
	begin(&mischief, &talk);
	channel_part(&talk.channel, SIZE_MAX);
	stop(&mischief);
	talk_close(&talk);
}

static void test_fail(void)
{
	struct talk talk;

	talk_open(&talk);
	shutdown(talk.peer, SHUT_WR); /* so that it is not waited for */
	talk.channel.subject = "dir/file";
	CHECK_INT(channel_fail(&talk.channel, "no"), -1);
	CHECK_INT(talk.channel.status, STATUS_FAILED);
	CHECK_SAID(": dir/file: no");
	CHECK_TOLD(&talk, FRAME_FATAL, "dir/file: no");
	talk_close(&talk);
}

/* A name may be longer than a FATAL. */
static void test_fail_long(void)
{
	static char name[4096];
	struct talk talk;

	memset(name, 'n', sizeof name - 1);
	talk_open(&talk);
	shutdown(talk.peer, SHUT_WR);
	talk.channel.subject = name;
	CHECK_INT(channel_fail(&talk.channel, "no"), -1);
	name[FRAME_TEXT_MAX] = '\0';
	CHECK_TOLD(&talk, FRAME_FATAL, name);
	talk_close(&talk);
}

/* In the middle of a DATA nothing can be said to the peer: what it gets, if it
 * reads on, is the DATA. */
static void test_fail_amid(void)
{
	static const struct frame data = { .type = FRAME_DATA,
		.length = FRAME_BLOCK };
	static unsigned char got[FRAME_HEADER + FRAME_BLOCK + 1000];
	unsigned char *block = talk_block(1);
	size_t length = 0;
	ssize_t n = 1;
	struct talk talk;

	talk_open(&talk);
	channel_put(&talk.channel, data, block);
	channel_flush(&talk.channel);
	CHECK(channel_is_sending(&talk.channel));
	CHECK_INT(channel_fail(&talk.channel, "no"), -1);
	CHECK_SAID(": no");
	for (; n > 0 && length<sizeof got; length += n> 0 ? (size_t)n : 0) {
		channel_flush(&talk.channel);
		n = recv(
		    talk.peer, got + length, sizeof got - length, MSG_DONTWAIT);
	}
	CHECK_INT(length, FRAME_HEADER + FRAME_BLOCK);
	CHECK_INT(talk_wrong(got + FRAME_HEADER, 1, FRAME_BLOCK), 0);
	free(block);
	talk_close(&talk);
}

static void test_fail_endless(void)
{
	struct mischief mischief = { .bytes = (size_t)4096 * FRAME_HEADER };
	struct talk talk;

	talk_open(&talk);
	begin(&mischief, &talk);
	CHECK_INT(channel_fail(&talk.channel, "no"), -1);
	stop(&mischief);
	talk_close(&talk);
}

/*
 * A peer that reads no more, so that our write fails, but goes on sending: what
 * it says last is not waited for without end.
 */
static void test_endless_last_words(void)
{
	static const struct frame data = { .type = FRAME_DATA,
		.length = FRAME_BLOCK };
	struct mischief mischief = { .bytes = (size_t)4096 * FRAME_HEADER };
	unsigned char *block = talk_block(1);
	struct talk talk;

	talk_open(&talk);
	shutdown(talk.peer, SHUT_RD);
	begin(&mischief, &talk);
	CHECK_INT(channel_send(&talk.channel, data, block), -1);
	/* "too early", if one of its frames came before */
	CHECK(strstr(talk_said(), ": the peer closed the connection") != NULL);
	stop(&mischief);
	free(block);
	talk_close(&talk);
}

static const struct test tests[] = {
	{ "part: a silent peer is told, and waited for a little",
	    test_part_from_silent },
	{ "part: so many bytes of the peer's are enough",
	    test_part_from_answerer },
	{ "part: what is held goes out, though the peer's bytes are there",
	    test_part_late },
	{ "part: a peer that leaves is not waited for", test_part_from_leaver },
	{ "part: what is held goes out to a peer that reads late",
	    test_part_sends },
	{ "part: a peer that sends a little without end",
	    test_part_from_dripping },
	{ "fail: it is said here and there", test_fail },
	{ "fail: a long name is cut", test_fail_long },
	{ "fail: in the middle of a DATA", test_fail_amid },
	{ "fail: a peer that sends without end", test_fail_endless },
	{ "fail: a peer that has last words without end",
	    test_endless_last_words },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
