/*
 * A flow between two sockets, whose bytes go by way of a pipe.
 */
#include "flow.h"

#include "ends.h"
#include "test.h"

/* To a receiver with room for the first buffer, which takes nothing. */
static void test_splice_bound(void)
{
	enum { MOST = 128 * 1024, BLOCK = 64 * 1024 };
	static const char block[BLOCK];
	const int much = 400 * 1024;
	const int little = 150 * 1024;
	struct splice_pool pool = { 0 };
	struct stream from;
	struct stream to;
	struct flow flow;
	int in[2];
	int out[2];

	ends_sockets(SOCK_STREAM, in);
	ends_sockets(SOCK_STREAM, out);
	setsockopt(in[1], SOL_SOCKET, SO_SNDBUF, &much, sizeof much);
	setsockopt(out[0], SOL_SOCKET, SO_SNDBUF, &little, sizeof little);
	CHECK_INT(stream_from_socket(&from, in[0], MOST), 0);
	CHECK_INT(stream_from_socket(&to, out[0], MOST), 0);
	flow_init(&flow, &from, &to, MOST);
	flow.splice.pool = &pool;
	for (int i = 0; i < 100; i++) {
		while (send(in[1], block, BLOCK, MSG_DONTWAIT) > 0)
			continue;
		flow.readable = true;
		flow.writable = true;
		flow_advance(&flow);
	}
	CHECK(splice_on(&flow.splice));
	CHECK(flow_held(&flow) > 0);
	CHECK(flow_held(&flow) <= MOST);
	flow_free(&flow);
	splice_pool_free(&pool);
	stream_close(&from);
	stream_close(&to);
	close(in[1]);
	close(out[1]);
}

static const struct test tests[] = {
	{ "splice: a pipe between two sockets holds no more than a buffer",
	    test_splice_bound },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
