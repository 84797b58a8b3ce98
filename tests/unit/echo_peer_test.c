/*
 * What a peer must say to count as an echo, and what counts as its answer.
 */
#include "echo_peer.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test.h"

#define HELLO "VCAT echo 1 linux=6.1.0 vcat=0.3.0\n"

struct talk {
	int ends[2]; /* ours, the peer's */
	struct echo_peer peer;
};

static void talk_open(struct talk *talk)
{
	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, talk->ends), 0);
	echo_peer_begin(&talk->peer, talk->ends[0]);
}

static void talk_close(struct talk *talk)
{
	close(talk->ends[0]);
	close(talk->ends[1]);
}

static void say(struct talk *talk, const char *bytes, size_t n)
{
	CHECK_INT(write(talk->ends[1], bytes, n), (long)n);
}

/* The errno after the peer has said that; 0: it has greeted. */
static int greeted_by(const char *text)
{
	struct talk talk;
	int error;

	talk_open(&talk);
	say(&talk, text, strlen(text));
	error = echo_peer_greets(&talk.peer) == 0 ? 0 : errno;
	talk_close(&talk);
	return error;
}

static void test_greetings(void)
{
	char endless[GREETING_SIZE + 8];

	CHECK_INT(greeted_by(HELLO), 0);
	CHECK_INT(greeted_by("VCAT echo 1\n"), 0);
	CHECK_INT(greeted_by("VCAT echo 1 linux=x vcat=y more=z\n"), 0);
	CHECK_INT(greeted_by("VCAT"), EAGAIN);
	CHECK_INT(greeted_by("VCAT echo 1"), EAGAIN);
	CHECK_INT(greeted_by("VCAT sink 1\n"), EPROTO);
	CHECK_INT(greeted_by("VCAT echo 2\n"), EPROTO);
	CHECK_INT(greeted_by("VCAT echo 1 \n and more"), EPROTO);
	CHECK_INT(greeted_by("SSH-2.0-OpenSSH_9.2\r\n"), EPROTO);
	CHECK_INT(greeted_by("S"), EPROTO);
	CHECK_INT(greeted_by("\n"), EPROTO);
	memset(endless, 'x', sizeof endless);
	memcpy(endless, "VCAT echo 1 ", strlen("VCAT echo 1 "));
	endless[sizeof endless - 1] = '\0';
	CHECK_INT(greeted_by(endless), EPROTO);
}

static void test_slow_greeting(void)
{
	struct talk talk;

	talk_open(&talk);
	CHECK_INT(echo_peer_greets(&talk.peer), -1);
	CHECK_INT(errno, EAGAIN);
	for (const char *byte = HELLO; byte[1] != '\0'; byte++) {
		say(&talk, byte, 1);
		CHECK_INT(echo_peer_greets(&talk.peer), -1);
		CHECK_INT(errno, EAGAIN);
	}
	say(&talk, "\n", 1);
	CHECK_INT(echo_peer_greets(&talk.peer), 0);
	talk_close(&talk);
}

/* Takes the message, as the peer does. */
static void take(struct talk *talk, char message[ECHO_PEER_MESSAGE])
{
	CHECK_INT(recv(talk->ends[1], message, ECHO_PEER_MESSAGE, MSG_DONTWAIT),
	    ECHO_PEER_MESSAGE);
}

static void test_answers(void)
{
	char first[ECHO_PEER_MESSAGE];
	char second[ECHO_PEER_MESSAGE];
	struct talk talk;

	talk_open(&talk);
	CHECK_INT(echo_peer_send(&talk.peer, 1), 0);
	take(&talk, first);
	CHECK_INT(echo_peer_answers(&talk.peer), -1);
	CHECK_INT(errno, EAGAIN);
	say(&talk, first, 10);
	CHECK_INT(echo_peer_answers(&talk.peer), -1);
	CHECK_INT(errno, EAGAIN);
	say(&talk, first + 10, sizeof first - 10);
	CHECK_INT(echo_peer_answers(&talk.peer), 0);
	/* an old answer is none */
	CHECK_INT(echo_peer_send(&talk.peer, 2), 0);
	take(&talk, second);
	CHECK(memcmp(first, second, sizeof first) != 0);
	say(&talk, first, sizeof first);
	CHECK_INT(echo_peer_answers(&talk.peer), -1);
	CHECK_INT(errno, EPROTO);
	talk_close(&talk);
}

static void test_wrong_answers(void)
{
	char message[ECHO_PEER_MESSAGE];
	struct talk talk;

	talk_open(&talk);
	CHECK_INT(echo_peer_send(&talk.peer, UINT64_MAX), 0);
	take(&talk, message);
	say(&talk, message, sizeof message);
	say(&talk, "!", 1);
	CHECK_INT(echo_peer_answers(&talk.peer), -1);
	CHECK_INT(errno, EPROTO);
	CHECK_INT(echo_peer_send(&talk.peer, 3), 0);
	shutdown(talk.ends[1], SHUT_WR);
	CHECK_INT(echo_peer_answers(&talk.peer), -1);
	CHECK_INT(errno, EPIPE);
	talk_close(&talk);
}

static void test_no_room(void)
{
	struct talk talk;

	talk_open(&talk);
	while (send(talk.ends[0], HELLO, strlen(HELLO), MSG_DONTWAIT) > 0)
		;
	CHECK_INT(errno, EAGAIN);
	/* not EAGAIN, for which its owner would wait */
	CHECK_INT(echo_peer_send(&talk.peer, 1), -1);
	CHECK_INT(errno, ENOBUFS);
	talk_close(&talk);
}

static const struct test tests[] = {
	{ "greeting: only an echo's line, and nothing after it",
	    test_greetings },
	{ "greeting: it may come byte by byte", test_slow_greeting },
	{ "answer: all bytes of this message", test_answers },
	{ "answer: no others, and no end", test_wrong_answers },
	{ "message: without room for it, sending fails", test_no_room },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
