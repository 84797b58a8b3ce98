/*
 * One direction, advanced by hand.
 */
#include "line.h"

#define SIZE LINE_SIZE

static void check_sound(const struct flow *flow)
{
	CHECK_INT(flow->state, FLOW_DONE);
	CHECK_INT(flow->fault, FLOW_SOUND);
	CHECK_INT(flow->error, 0);
	CHECK(flow->buffer.data == NULL);
	CHECK(!flow_wants_input(flow));
	CHECK(!flow_wants_output(flow));
}

static void test_passes(void)
{
	struct line line;

	line_open(&line);
	CHECK_INT(line.flow.state, FLOW_OPEN);
	CHECK(flow_wants_input(&line.flow));
	CHECK(!flow_wants_output(&line.flow));
	line_advance(&line);
	CHECK(ends_silent(line.sink, 0));
	ends_say(line.source, "one");
	line_advance(&line);
	CHECK_STR(ends_hear(line.sink), "one");
	ends_say(line.source, "two");
	line_advance(&line);
	CHECK_STR(ends_hear(line.sink), "two");
	CHECK_INT(line.flow.bytes, 6);
	CHECK_INT(line.flow.moved, 12);
	CHECK_INT(line.flow.stop, FLOW_STOP_NONE);
	line_close(&line);
}

static void test_end(void)
{
	struct line line;

	line_open(&line);
	ends_say(line.source, "last");
	line_end(&line);
	line_advance(&line);
	CHECK_STR(ends_hear(line.sink), "last");
	line_advance(&line);
	CHECK_INT(line.flow.stop, FLOW_STOP_END);
	check_sound(&line.flow);
	CHECK_STR(ends_hear(line.sink), "");
	line_close(&line);
}

static void test_full(void)
{
	struct line line;
	size_t stuffed;
	char byte;

	line_open(&line);
	stuffed = ends_stuff(line.to.out.fd);
	ends_say(line.source, "waits");
	line_advance(&line);
	/* there is room in the buffer still */
	CHECK(flow_wants_input(&line.flow));
	CHECK(flow_wants_output(&line.flow));
	CHECK_INT(line.flow.bytes, 0);
	ends_nonblocking(line.source);
	while (ends_waiting(line.from.in.fd) < 2UL * SIZE)
		CHECK(ends_say(line.source, "................"));
	line_advance(&line);
	CHECK(!flow_wants_input(&line.flow));
	CHECK(flow_wants_output(&line.flow));
	CHECK(ends_waiting(line.from.in.fd) >= SIZE);
	for (size_t i = 0; i < stuffed; i++)
		ends_must((int)read(line.sink, &byte, 1), "read");
	line_advance(&line);
	CHECK(flow_wants_input(&line.flow));
	CHECK_INT(strncmp(ends_hear(line.sink), "waits....", 9), 0);
	line_close(&line);
}

static void test_end_waits(void)
{
	struct line line;

	line_open(&line);
	ends_say(line.source, "last");
	flow_advance(&line.flow);
	flow_finish(&line.flow); /* not before it has read the end */
	line_end(&line);
	line.flow.readable = true;
	flow_advance(&line.flow);
	CHECK_INT(line.flow.state, FLOW_DRAINING);
	CHECK_INT(flow_held(&line.flow), 0);
	CHECK(flow_wants_output(&line.flow));
	CHECK_STR(ends_hear(line.sink), "last");
	CHECK(ends_silent(line.sink, 20));
	flow_finish(&line.flow);
	check_sound(&line.flow);
	CHECK_STR(ends_hear(line.sink), "");
	line_close(&line);
}

static void test_cut(void)
{
	struct line line;
	int peer;

	line_open(&line);
	close(line.to.out.fd);
	peer = ends_stream(SOCK_STREAM, &line.to, SIZE);
	ends_say(line.source, "some");
	line_advance(&line);
	CHECK(!flow_is_cut(&line.flow));
	flow_stop(&line.flow, FLOW_STOP_CUT);
	CHECK(flow_is_cut(&line.flow));
	line_advance(&line);
	check_sound(&line.flow);
	CHECK_STR(ends_hear(peer), "some");
	CHECK(ends_silent(peer, 20));
	stream_close(&line.to);
	close(peer);
	line_close(&line);
}

static void test_end_after_all(void)
{
	struct line line;
	static char data[64 * 1024];

	line_open(&line);
	ends_stuff(line.to.out.fd);
	ends_say(line.source, "tail");
	line_end(&line);
	line_advance(&line);
	line_advance(&line);
	CHECK_INT(line.flow.state, FLOW_DRAINING);
	CHECK(!flow_wants_input(&line.flow));
	CHECK(flow_wants_output(&line.flow));
	CHECK(line.to.out.fd >= 0);
	while (ends_waiting(line.sink) > 0)
		ends_must((int)read(line.sink, data, sizeof data), "read");
	line_advance(&line);
	check_sound(&line.flow);
	CHECK_STR(ends_hear(line.sink), "tail");
	CHECK_STR(ends_hear(line.sink), "");
	line_close(&line);
}

static void test_end_input(void)
{
	struct line line;

	line_open(&line);
	ends_say(line.source, "before");
	line_advance(&line);
	ends_say(line.source, "after");
	flow_stop(&line.flow, FLOW_STOP_ASKED);
	line_advance(&line);
	check_sound(&line.flow);
	CHECK_INT(line.flow.stop, FLOW_STOP_ASKED);
	CHECK_STR(ends_hear(line.sink), "before");
	CHECK_STR(ends_hear(line.sink), "");
	line_close(&line);
}

static void test_write_failed(void)
{
	struct line line;

	line_open(&line);
	close(line.sink);
	ends_say(line.source, "lost");
	line_advance(&line);
	CHECK_INT(line.flow.state, FLOW_DONE);
	CHECK_INT(line.flow.fault, FLOW_WRITE_FAILED);
	CHECK_INT(line.flow.error, EPIPE);
	CHECK_INT(line.flow.bytes, 0);
	/* whoever writes to us learns that nobody reads any more */
	CHECK(!ends_say(line.source, "more"));
	CHECK_INT(errno, EPIPE);
	line.sink = -1;
	line_close(&line);
}

static void test_disk_full(void)
{
	struct line line;

	line_open(&line);
	close(line.to.out.fd);
	line.to.out.fd = ends_must(open("/dev/full", O_WRONLY), "/dev/full");
	ends_say(line.source, "lost");
	line_end(&line);
	line_advance(&line);
	CHECK_INT(line.flow.fault, FLOW_WRITE_FAILED);
	CHECK_INT(line.flow.error, ENOSPC);
	CHECK_INT(line.flow.bytes, 0);
	line_close(&line);
}

static void test_read_failed(void)
{
	struct line line;
	int peer;

	line_open(&line);
	close(line.from.in.fd);
	peer = ends_stream(SOCK_STREAM, &line.from, SIZE);
	/* closing with unread bytes is a reset, on AF_UNIX */
	ends_write_stream(&line.from, "unread", 6);
	ends_say(peer, "queued");
	close(peer);
	line_advance(&line);
	line_advance(&line);
	CHECK_INT(line.flow.state, FLOW_DONE);
	CHECK_INT(line.flow.stop, FLOW_STOP_ERROR);
	CHECK_INT(line.flow.fault, FLOW_READ_FAILED);
	CHECK_INT(line.flow.error, ECONNRESET);
	CHECK_INT(line.flow.bytes, 6);
	CHECK_STR(ends_hear(line.sink), "queued");
	CHECK_STR(ends_hear(line.sink), "");
	line_close(&line);
}

static void test_first_fault(void)
{
	struct line line;

	line_open(&line);
	flow_note_fault(&line.flow, FLOW_WRITE_FAILED, EPIPE);
	flow_note_fault(&line.flow, FLOW_READ_FAILED, EIO);
	CHECK_INT(line.flow.fault, FLOW_WRITE_FAILED);
	CHECK_INT(line.flow.error, EPIPE);
	line_close(&line);
}

static void test_abandon_nothing(void)
{
	struct line line;

	line_open(&line);
	flow_abandon(&line.flow);
	check_sound(&line.flow);
	CHECK(!ends_say(line.source, "x"));
	line_close(&line);
	/* an end that waits to be read is no byte */
	line_open(&line);
	line_end(&line);
	flow_abandon(&line.flow);
	check_sound(&line.flow);
	line_close(&line);
}

static void test_abandon_bytes(void)
{
	struct line line;

	line_open(&line);
	ends_say(line.source, "waiting");
	flow_abandon(&line.flow);
	CHECK_INT(line.flow.state, FLOW_DONE);
	CHECK_INT(line.flow.fault, FLOW_UNDELIVERED);
	CHECK(line.flow.buffer.data == NULL);
	line_close(&line);
	line_open(&line);
	ends_stuff(line.to.out.fd);
	ends_say(line.source, "buffered");
	line_end(&line);
	line_advance(&line);
	flow_abandon(&line.flow);
	CHECK_INT(line.flow.fault, FLOW_UNDELIVERED);
	line_close(&line);
}

static void test_abandon_message(void)
{
	struct line line;
	int peer;

	/* a message is in nobody's buffer but the outbox's */
	line_open(&line);
	close(line.to.out.fd);
	peer = ends_stream(SOCK_SEQPACKET, &line.to, SIZE);
	while (ends_ready(stream_writable_fd(&line.to), POLLOUT, 200))
		ends_write_stream(&line.to, "stuck", 5);
	shutdown(peer, SHUT_RDWR);
	flow_abandon(&line.flow);
	CHECK_INT(line.flow.state, FLOW_DONE);
	CHECK(line.flow.fault != FLOW_SOUND);
	stream_close(&line.to);
	close(peer);
	line_close(&line);
}

static void test_done_stays(void)
{
	struct line line;

	line_open(&line);
	line_end(&line);
	line_advance(&line);
	flow_abandon(&line.flow);
	flow_stop(&line.flow, FLOW_STOP_ASKED);
	line_advance(&line);
	check_sound(&line.flow);
	line_close(&line);
}

static void test_fair(void)
{
	struct line line;

	line_open(&line);
	close(line.from.in.fd);
	line.from.in.fd = ends_must(open("/dev/zero", O_RDONLY), "/dev/zero");
	close(line.to.out.fd);
	line.to.out.fd = ends_must(open("/dev/null", O_WRONLY), "/dev/null");
	line_advance(&line); /* it never ends, but comes back */
	CHECK_INT(line.flow.state, FLOW_OPEN);
	CHECK(line.flow.bytes > 0);
	CHECK(line.flow.bytes <= 1024UL * SIZE);
	line_close(&line);
}

static void test_blocking(void)
{
	struct line line;
	int in[2];
	int out[2];

	/* inherited, and not to be touched before poll(2) says so */
	line_open(&line);
	ends_must(pipe(in), "pipe");
	ends_must(pipe(out), "pipe");
	dup2(in[0], line.from.in.fd);
	dup2(out[1], line.to.out.fd);
	line.from.in.blocks = true;
	line.to.out.blocks = true;
	flow_init(&line.flow, &line.from, &line.to, SIZE);
	flow_advance(&line.flow);
	CHECK_INT(line.flow.moved, 0);
	ends_say(in[1], "now");
	line.flow.readable = true;
	flow_advance(&line.flow);
	CHECK_INT(line.flow.moved, 3);
	CHECK(flow_wants_output(&line.flow));
	line.flow.writable = true;
	flow_advance(&line.flow);
	CHECK_STR(ends_hear(out[0]), "now");
	line_close(&line);
}

static const struct test tests[] = {
	{ "flow: bytes pass in order and are counted", test_passes },
	{ "flow: the end is passed on", test_end },
	{ "flow: the end is passed on when its owner says so", test_end_waits },
	{ "flow: after a failure elsewhere, a peer is told of no end",
	    test_cut },
	{ "flow: when its buffer is full it reads no more", test_full },
	{ "flow: the end is passed on only after all that was before it",
	    test_end_after_all },
	{ "flow: an input that is ended early still delivers what was read",
	    test_end_input },
	{ "flow: a receiver that has gone is told to the sender",
	    test_write_failed },
	{ "flow: a full disk is a failed write", test_disk_full },
	{ "flow: what came before a reset is delivered, then it is a failure",
	    test_read_failed },
	{ "flow: the first fault is the one that counts", test_first_fault },
	{ "flow: abandoned with nothing to deliver, it is sound",
	    test_abandon_nothing },
	{ "flow: abandoned with bytes read or waiting, it is at fault",
	    test_abandon_bytes },
	{ "flow: abandoned with a message on its way, it is at fault",
	    test_abandon_message },
	{ "flow: done is done", test_done_stays },
	{ "flow: an endless input leaves the other direction its turn",
	    test_fair },
	{ "flow: what may block is not touched before its time",
	    test_blocking },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
