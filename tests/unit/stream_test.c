/*
 * needs: loopback
 *
 * Streams on sockets: ends, messages, and whether the peer has gone. Streams
 * on stdin and stdout are in stdio_test.c.
 */
#include "stream.h"

#include <netinet/in.h>

#include "ends.h"
#include "test.h"

#define SIZE 4096

static const int types[] = { SOCK_STREAM, SOCK_SEQPACKET };

static void test_both_ways(void)
{
	for (size_t i = 0; i < LENGTH(types); i++) {
		struct stream stream;
		int peer = ends_stream(types[i], &stream, SIZE);
		char text[16] = "";

		CHECK(stream.socket);
		CHECK_INT(stream.kind->messages, types[i] == SOCK_SEQPACKET);
		CHECK_INT(ends_read_stream(&stream, text, sizeof text), -1);
		CHECK_INT(errno, EAGAIN);
		CHECK_INT(ends_write_stream(&stream, "hello", 5), 5);
		CHECK_STR(ends_hear(peer), "hello");
		ends_say(peer, "you");
		CHECK_INT(ends_read_stream(&stream, text, sizeof text), 3);
		CHECK_STR(text, "you");
		close(peer);
		CHECK_INT(ends_read_stream(&stream, text, sizeof text), 0);
		stream_close(&stream);
		CHECK_INT(stream.in.fd, -1);
		CHECK_INT(stream.out.fd, -1);
	}
}

static void test_full(void)
{
	struct stream stream;
	int peer = ends_stream(SOCK_STREAM, &stream, SIZE);
	char data[SIZE] = "";
	size_t total = 0;
	ssize_t put;

	while ((put = ends_write_stream(&stream, data, sizeof data)) > 0)
		total += (size_t)put;
	CHECK_INT(errno, EAGAIN);
	CHECK_INT(ends_waiting(peer), total);
	CHECK_INT(stream_writable_fd(&stream), stream.out.fd);
	CHECK(!ends_ready(stream_writable_fd(&stream), POLLOUT, 0));
	close(peer);
	CHECK_INT(ends_write_stream(&stream, data, sizeof data), -1);
	CHECK_INT(errno, EPIPE);
	stream_close(&stream);
}

static void test_peer_closed(void)
{
	for (size_t i = 0; i < LENGTH(types); i++) {
		struct stream stream;
		int peer = ends_stream(types[i], &stream, SIZE);

		CHECK(!stream_peer_closed(&stream));
		shutdown(peer, SHUT_WR);
		CHECK(!stream_peer_closed(&stream));
		CHECK_INT(ends_write_stream(&stream, "still", 5), 5);
		CHECK_STR(ends_hear(peer), "still");
		close(peer);
		CHECK(stream_peer_closed(&stream));
		stream_close(&stream);
		peer = ends_stream(types[i], &stream, SIZE);
		close(peer);
		CHECK(stream_peer_closed(&stream));
		stream_close(&stream);
	}
}

static void test_probe_is_silent(void)
{
	for (size_t i = 0; i < LENGTH(types); i++) {
		struct stream stream;
		int peer = ends_stream(types[i], &stream, SIZE);

		for (int round = 0; round < 3; round++)
			CHECK(!stream_peer_closed(&stream));
		CHECK(ends_silent(peer, 20));
		CHECK_INT(ends_write_stream(&stream, "x", 1), 1);
		CHECK_STR(ends_hear(peer), "x");
		stream_close(&stream);
		close(peer);
	}
}

static void test_probe_keeps_error(void)
{
	struct stream stream;
	int peer = ends_stream(SOCK_STREAM, &stream, SIZE);
	char text[16] = "";

	/* closing with unread bytes is a reset, on AF_UNIX */
	ends_write_stream(&stream, "unread", 6);
	ends_say(peer, "last");
	close(peer);
	CHECK(stream_peer_closed(&stream));
	CHECK_INT(ends_read_stream(&stream, text, sizeof text), 4);
	CHECK_STR(text, "last");
	CHECK(stream_peer_closed(&stream));
	CHECK_INT(ends_read_stream(&stream, text, sizeof text), -1);
	CHECK_INT(errno, ECONNRESET);
	stream_close(&stream);
}

static void test_finish(void)
{
	for (size_t i = 0; i < LENGTH(types); i++) {
		struct stream stream;
		int peer = ends_stream(types[i], &stream, SIZE);
		char text[16] = "";

		CHECK(!stream.finished);
		ends_write_stream(&stream, "last", 4);
		if (stream.outbox != NULL)
			ends_ready(stream_writable_fd(&stream), POLLOUT, 1000);
		CHECK_INT(stream_finish(&stream), 0);
		CHECK(stream.finished);
		CHECK_STR(ends_hear(peer), "last");
		CHECK_STR(ends_hear(peer), "");
		/* the other direction goes on */
		ends_say(peer, "answer");
		CHECK_INT(ends_read_stream(&stream, text, sizeof text), 6);
		CHECK_STR(text, "answer");
		stream_close(&stream);
		close(peer);
	}
}

static void test_finish_after_peer(void)
{
	struct stream stream;
	int peer = ends_stream(SOCK_STREAM, &stream, SIZE);

	close(peer);
	CHECK_INT(stream_finish(&stream), 0);
	stream_close(&stream);
}

static void test_finish_waits_for_message(void)
{
	struct stream stream;
	int peer = ends_stream(SOCK_SEQPACKET, &stream, SIZE);
	char data[SIZE] = "";
	int taken = 0;

	while (ends_ready(stream_writable_fd(&stream), POLLOUT, 300))
		taken += ends_write_stream(&stream, data, sizeof data) > 0;
	CHECK_INT(stream_finish(&stream), -1);
	CHECK_INT(errno, EAGAIN);
	CHECK(!stream.finished);
	while (taken-- > 0)
		CHECK_INT(recv(peer, data, sizeof data, 0), SIZE);
	CHECK(ends_ready(stream_writable_fd(&stream), POLLOUT, 1000));
	CHECK_INT(stream_finish(&stream), 0);
	CHECK_INT(recv(peer, data, sizeof data, 0), 0);
	stream_close(&stream);
	close(peer);
}

static void test_finish_tells_loss(void)
{
	struct stream stream;
	int peer = ends_stream(SOCK_SEQPACKET, &stream, SIZE);

	shutdown(peer, SHUT_RD);
	CHECK_INT(ends_write_stream(&stream, "lost", 4), 4);
	CHECK(ends_ready(stream_writable_fd(&stream), POLLOUT, 1000));
	CHECK_INT(stream_finish(&stream), -1);
	CHECK_INT(errno, EPIPE);
	stream_close(&stream);
	close(peer);
}

static void test_keep(void)
{
	struct stream stream;
	int peer = ends_stream(SOCK_STREAM, &stream, SIZE);

	stream.ending = STREAM_KEEP;
	CHECK_INT(stream_finish(&stream), 0);
	CHECK(ends_silent(peer, 20));
	stream_stop_reading(&stream);
	CHECK(ends_say(peer, "x"));
	stream_close(&stream);
	CHECK_STR(ends_hear(peer), "!"); /* closed with x unread */
	close(peer);
}

static void test_stop_reading(void)
{
	struct stream stream;
	int peer = ends_stream(SOCK_STREAM, &stream, SIZE);

	stream_stop_reading(&stream);
	CHECK(!ends_say(peer, "x"));
	CHECK_INT(errno, EPIPE);
	CHECK_INT(ends_write_stream(&stream, "still", 5), 5);
	CHECK_STR(ends_hear(peer), "still");
	stream_close(&stream);
	close(peer);
}

static void test_messages(void)
{
	struct stream stream;
	int peer = ends_stream(SOCK_SEQPACKET, &stream, SIZE);
	char data[SIZE + 1] = "";

	ends_say(peer, "one");
	ends_say(peer, "two");
	CHECK_INT(ends_read_stream(&stream, data, SIZE), 3);
	CHECK_INT(ends_read_stream(&stream, data, SIZE), 3);
	CHECK_STR(data, "two");
	/* one that just fits, one that does not */
	CHECK_INT(write(peer, data, SIZE), SIZE);
	CHECK_INT(write(peer, data, SIZE + 1), SIZE + 1);
	CHECK_INT(ends_read_stream(&stream, data, SIZE), SIZE);
	CHECK_INT(ends_read_stream(&stream, data, SIZE), -1);
	CHECK_INT(errno, EMSGSIZE);
	stream_close(&stream);
	close(peer);
}

static void test_empty_message(void)
{
	struct stream stream;
	int peer = ends_stream(SOCK_SEQPACKET, &stream, SIZE);
	char text[16] = "";
	ssize_t got;

	CHECK_INT(send(peer, "", 0, 0), 0);
	CHECK(ends_say(peer, "after"));
	do {
		errno = 0;
		got = ends_read_stream(&stream, text, sizeof text);
	} while (got < 0 && errno == EAGAIN);
	CHECK_INT(got, 5);
	CHECK_STR(text, "after");
	stream_close(&stream);
	close(peer);
}

static void test_discarding(void)
{
	struct stream stream;
	struct iovec piece[2] = {
		{ .iov_base = (char *)"some", .iov_len = 4 },
		{ .iov_base = (char *)"bytes", .iov_len = 5 },
	};

	stream = stream_nowhere;
	CHECK_INT(stream_write(&stream, piece, 2), 9);
	CHECK_INT(stream_writable_fd(&stream), -1);
	CHECK(!stream.socket);
	stream_stop_reading(&stream);
	CHECK_INT(stream_finish(&stream), 0);
	CHECK_INT(stream_write(&stream, piece, 1), 4);
	stream_close(&stream);
}

static void test_broken(void)
{
	struct stream stream;
	char text[8] = "";
	int peer = ends_tcp(&stream, SIZE);

	CHECK_INT(ends_write_stream(&stream, "some", 4), 4);
	CHECK(!stream_in_transit(&stream));
	stream.broken = true;
	while (stream_in_transit(&stream))
		continue;
	stream_close(&stream);
	CHECK_INT(read(peer, text, sizeof text - 1), 4);
	CHECK_STR(text, "some");
	CHECK_INT(read(peer, text, sizeof text), -1);
	CHECK_INT(errno, ECONNRESET);
	/* one that is whole ends */
	peer = ends_tcp(&stream, SIZE);
	stream_close(&stream);
	CHECK_INT(read(peer, text, sizeof text), 0);
}

/* Where no reset can be had, nothing is waited for. */
static void test_broken_unix(void)
{
	struct stream stream;
	int peer = ends_stream(SOCK_STREAM, &stream, SIZE);

	CHECK_INT(ends_write_stream(&stream, "some", 4), 4);
	stream.broken = true;
	CHECK(!stream_in_transit(&stream));
	stream_close(&stream);
	CHECK_STR(ends_hear(peer), "some");
}

static const struct test tests[] = {
	{ "stream: bytes both ways, and the end", test_both_ways },
	{ "stream: a full socket has no room, and does not block", test_full },
	{ "stream: a peer that half-closed is there, one that closed is not",
	    test_peer_closed },
	{ "stream: asking whether the peer has closed sends nothing",
	    test_probe_is_silent },
	{ "stream: asking whether the peer has closed loses no error",
	    test_probe_keeps_error },
	{ "stream: finishing half-closes, the answer still comes",
	    test_finish },
	{ "stream: finishing after the peer has gone is no error",
	    test_finish_after_peer },
	{ "stream: finishing waits for the message on its way",
	    test_finish_waits_for_message },
	{ "stream: finishing tells of a message that was lost",
	    test_finish_tells_loss },
	{ "stream: one that is kept is neither half-closed nor cut off",
	    test_keep },
	{ "stream: who writes to a stream that reads no more learns it",
	    test_stop_reading },
	{ "stream: a message is read whole, one too long is an error",
	    test_messages },
	{ "stream: an empty message is not the end of the stream",
	    test_empty_message },
	{ "stream: a broken one ends by a reset on TCP, after what was sent",
	    test_broken },
	{ "stream: a broken one just ends where there is no reset",
	    test_broken_unix },
	{ "stream: nowhere takes all and says nothing", test_discarding },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
