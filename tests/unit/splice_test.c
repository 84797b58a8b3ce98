/*
 * needs: loopback
 *
 * A flow between two sockets, whose bytes go by way of a pipe.
 */
#include "flow.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "ends.h"
#include "fd.h"
#include "test.h"

/* Two pairs of sockets and a flow between the nearer ends of both. */
struct rig {
	struct splice_pool pool;
	struct stream from;
	struct stream to;
	struct flow flow;
	int in[2];
	int out[2];
};

static void rig_open(struct rig *rig, int type)
{
	*rig = (struct rig){ .pool = { .made = 0 } };
	ends_sockets(type, rig->in);
	ends_sockets(type, rig->out);
}

static void rig_begin(struct rig *rig, size_t most)
{
	CHECK_INT(stream_from_socket(&rig->from, rig->in[0], most), 0);
	CHECK_INT(stream_from_socket(&rig->to, rig->out[0], most), 0);
	flow_init(&rig->flow, &rig->from, &rig->to, most);
	rig->flow.splice.pool = &rig->pool;
}

static void rig_advance(struct rig *rig)
{
	rig->flow.readable = true;
	rig->flow.writable = true;
	flow_advance(&rig->flow);
}

static void rig_close(struct rig *rig)
{
	flow_free(&rig->flow);
	splice_pool_free(&rig->pool);
	stream_close(&rig->from);
	stream_close(&rig->to);
	close(rig->in[1]);
	close(rig->out[1]);
}

/* To a receiver with room for the first buffer, which takes nothing. */
static void test_splice_bound(void)
{
	enum { MOST = 128 * 1024, BLOCK = 64 * 1024 };
	static const char block[BLOCK];
	const int much = 400 * 1024;
	const int little = 150 * 1024;
	struct rig rig;

	rig_open(&rig, SOCK_STREAM);
	setsockopt(rig.in[1], SOL_SOCKET, SO_SNDBUF, &much, sizeof much);
	setsockopt(rig.out[0], SOL_SOCKET, SO_SNDBUF, &little, sizeof little);
	rig_begin(&rig, MOST);
	for (int i = 0; i < 100; i++) {
		while (send(rig.in[1], block, BLOCK, MSG_DONTWAIT) > 0)
			continue;
		rig_advance(&rig);
	}
	CHECK(splice_through(&rig.flow.splice));
	CHECK(flow_held(&rig.flow) > 0);
	CHECK(flow_held(&rig.flow) <= MOST);
	rig_close(&rig);
}

/* A file that splice(2) refuses gets what the pipe holds all the same. */
static void test_splice_recovers(void)
{
	enum { MOST = 128 * 1024, BLOCK = 64 * 1024 };
	static char block[BLOCK];
	static char got[2 * BLOCK + 1];
	struct splice_pool pool = { 0 };
	struct stream from;
	struct stream to = { .kind = &stream_plain, .in.fd = -1 };
	struct flow flow;
	int in[2];
	int other[2];
	FILE *file = tmpfile();

	memset(block, 'x', BLOCK);
	ends_sockets(SOCK_STREAM, in);
	ends_sockets(SOCK_STREAM, other);
	CHECK_INT(stream_from_socket(&from, in[0], MOST), 0);
	to.out.fd = fileno(file);
	fcntl(to.out.fd, F_SETFL, O_APPEND);
	flow_init(&flow, &from, &to, MOST);
	flow.splice.pool = &pool;
	splice_begin(&flow.splice, in[0], other[0]);
	CHECK(splice_through(&flow.splice));
	CHECK_INT(send(in[1], block, BLOCK, 0), BLOCK);
	flow_advance(&flow);
	CHECK_INT(send(in[1], block, BLOCK, 0), BLOCK);
	for (int i = 0; i < 2; i++) {
		flow.readable = true;
		flow.writable = true;
		flow_advance(&flow);
	}
	CHECK(flow.splice.pool == NULL);
	CHECK_INT(flow.bytes, 2 * BLOCK);
	CHECK_INT(pread(to.out.fd, got, sizeof got, 0), 2 * BLOCK);
	CHECK(memcmp(got, block, BLOCK) == 0);
	CHECK(memcmp(got + BLOCK, block, BLOCK) == 0);
	flow_free(&flow);
	splice_pool_free(&pool);
	stream_close(&from);
	fclose(file);
	close(in[1]);
	close(other[0]);
	close(other[1]);
}

/* Bytes go straight to a pipe; then nothing is held, and a full pipe waits. */
static void test_splice_straight(void)
{
	enum { MOST = 1024 * 1024, BLOCK = 65536 };
	static const char block[BLOCK];
	static char got[BLOCK];
	struct splice_pool pool = { 0 };
	struct stream from;
	struct stream to = { .kind = &stream_plain, .in.fd = -1 };
	struct flow flow;
	uint64_t sent = 0;
	uint64_t came = 0;
	ssize_t n;
	int in[2];
	int out[2];

	ends_sockets(SOCK_STREAM, in);
	ends_pipe(out, 1);
	CHECK_INT(stream_from_socket(&from, in[0], MOST), 0);
	to.out.fd = out[1];
	flow_init(&flow, &from, &to, MOST);
	flow.splice.pool = &pool;
	/* copied bytes come first, also after a look at what is better */
	for (int i = 0; i < 1000 || (flow_held(&flow) > 0 && i < 9000); i++) {
		while ((n = send(in[1], block, BLOCK, MSG_DONTWAIT)) > 0)
			sent += (uint64_t)n;
		flow.readable |= flow_wants_input(&flow);
		flow.writable |= flow_wants_output(&flow);
		flow_advance(&flow);
		if (i % 2 == 0)
			came += (uint64_t)read(out[0], got, BLOCK);
	}
	CHECK(splice_straight(&flow.splice));
	CHECK_INT(flow_held(&flow), 0);
	CHECK(sent >= flow.bytes);
	CHECK(flow.bytes >= came);
	/* the pipe is full: its reader is waited for, and nothing else */
	for (int i = 0; i < 4; i++) {
		flow.readable = true;
		flow.writable = true;
		flow_advance(&flow);
	}
	CHECK(flow_wants_output(&flow));
	CHECK(!flow_wants_input(&flow));
	flow_abandon(&flow);
	CHECK_INT(flow.fault, FLOW_UNDELIVERED);
	splice_pool_free(&pool);
	stream_close(&from);
	close(in[1]);
	close(out[0]);
	close(out[1]);
}

/* The first read only shows that there is much. After a wait, what comes is
 * not copied first, and meanwhile another could have the pipe. */
static void test_splice_again(void)
{
	enum { MOST = 1024 * 1024, BLOCK = 65536 };
	static const char block[BLOCK];
	static char got[2 * BLOCK];
	struct rig rig;

	rig_open(&rig, SOCK_STREAM);
	rig_begin(&rig, MOST);
	CHECK_INT(send(rig.in[1], block, BLOCK, 0), BLOCK);
	for (int i = 0; i < 10; i++) {
		CHECK_INT(send(rig.in[1], block, BLOCK, 0), BLOCK);
		rig_advance(&rig);
		CHECK(recv(rig.out[1], got, sizeof got, 0) > 0);
		CHECK_INT(rig.pool.made, 1);
		CHECK_INT(rig.pool.idles, 1);
		CHECK_INT(flow_held(&rig.flow), 0);
		CHECK(rig.flow.buffer.data == NULL);
	}
	CHECK_INT(rig.flow.bytes, 11 * BLOCK);
	rig_close(&rig);
}

/* The first message is read as a whole, however long it is. */
static void test_splice_message(void)
{
	enum { MOST = 1024 * 1024, LONG = 100000 };
	static const char message[LONG];
	static char got[MOST];
	struct rig rig;

	rig_open(&rig, SOCK_SEQPACKET);
	rig_begin(&rig, MOST);
	CHECK_INT(send(rig.in[1], message, LONG, 0), LONG);
	rig_advance(&rig);
	CHECK_INT(rig.flow.fault, FLOW_SOUND);
	CHECK_INT(recv(rig.out[1], got, sizeof got, 0), LONG);
	rig_close(&rig);
}

/* The peer resets, after it has ended its stream or before, and a call that
 * has moved a part has met that: the flow from the peer can still tell. */
static void check_reset(bool ended, enum flow_fault fault)
{
	enum { MOST = 1024 * 1024, BLOCK = 65536 };
	static const char block[BLOCK];
	const struct linger at_once = { .l_onoff = 1 };
	struct splice_pool pool = { 0 };
	struct stream near;
	struct stream far;
	struct flow out;
	struct flow in;
	int client = ends_tcp(&near, MOST);
	int peer = ends_tcp(&far, MOST);

	flow_init(&out, &near, &far, MOST);
	flow_init(&in, &far, &near, MOST);
	out.splice.pool = &pool;
	while (!splice_through(&out.splice) || out.splice.used == 0) {
		while (send(client, block, BLOCK, MSG_DONTWAIT) > 0)
			continue;
		out.readable = true;
		out.writable = true;
		flow_advance(&out);
	}
	if (ended)
		shutdown(peer, SHUT_WR);
	setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	close(peer);
	CHECK(ends_ready(far.in.fd, POLLHUP, ENDS_WAIT_MS));
	CHECK_INT(
	    fd_socket_number(far.in.fd, SO_ERROR), ended ? EPIPE : ECONNRESET);
	in.readable = true;
	flow_advance(&in);
	CHECK_INT(in.fault, fault);
	CHECK_INT(in.state, FLOW_DRAINING);
	flow_free(&out);
	flow_free(&in);
	splice_pool_free(&pool);
	stream_close(&near);
	stream_close(&far);
	close(client);
}

static void test_splice_reset(void)
{
	check_reset(false, FLOW_READ_FAILED);
	check_reset(true, FLOW_SOUND);
}

static const struct test tests[] = {
	{ "splice: a reset that it has met is no end of the stream",
	    test_splice_reset },
	{ "splice: what a file refuses by splice(2) is copied into it",
	    test_splice_recovers },
	{ "splice: straight to a pipe, nothing is held, and a full pipe waits",
	    test_splice_straight },
	{ "splice: a flow that has waited goes on without a copy",
	    test_splice_again },
	{ "splice: a long message is read as a whole", test_splice_message },
	{ "splice: a pipe between two sockets holds no more than a buffer",
	    test_splice_bound },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
