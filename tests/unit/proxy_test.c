/*
 * Headers of the PROXY protocol, byte by byte; and a flow that begins with one.
 */
#include "proxy.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test.h"

#define SIGNATURE "\x0d\x0a\x0d\x0a\x00\x0d\x0a\x51\x55\x49\x54\x0a"

/* An array's bytes without the NUL of its literal. */
#define BYTES(literal) literal, sizeof(literal) - 1

static const struct {
	const char *peer, *local;
	const char *text;  /* version 1 */
	const char *bytes; /* version 2 */
	size_t length;
} rows[] = {
	{ "tcp:192.0.2.1:56324", "tcp:198.51.100.2:443",
	    "PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n",
	    BYTES(SIGNATURE "\x21\x11\x00\x0c\xc0\x00\x02\x01\xc6\x33\x64\x02"
			    "\xdc\x04\x01\xbb") },
	{ "tcp:255.255.255.255:65535", "tcp:255.255.255.255:65535",
	    "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n",
	    BYTES(SIGNATURE "\x21\x11\x00\x0c\xff\xff\xff\xff\xff\xff\xff\xff"
			    "\xff\xff\xff\xff") },
	{ "tcp:[2001:db8::1]:1", "tcp:[::1]:65535",
	    "PROXY TCP6 2001:db8::1 ::1 1 65535\r\n",
	    BYTES(SIGNATURE "\x21\x21\x00\x24\x20\x01\x0d\xb8\x00\x00\x00\x00"
			    "\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00"
			    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"
			    "\x00\x01\xff\xff") },
	/* the interface says nothing elsewhere */
	{ "tcp:[fe80::1%eth0]:1", "tcp:[fe80::2%eth0]:2",
	    "PROXY TCP6 fe80::1 fe80::2 1 2\r\n",
	    BYTES(SIGNATURE "\x21\x21\x00\x24\xfe\x80\x00\x00\x00\x00\x00\x00"
			    "\x00\x00\x00\x00\x00\x00\x00\x01\xfe\x80\x00\x00"
			    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02"
			    "\x00\x01\x00\x02") },
	/* a listener for both has IPv4 clients */
	{ "tcp:[::ffff:192.0.2.1]:1", "tcp:[::ffff:192.0.2.2]:2",
	    "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
	    BYTES(SIGNATURE "\x21\x11\x00\x0c\xc0\x00\x02\x01\xc0\x00\x02\x02"
			    "\x00\x01\x00\x02") },
	{ "3:1234", "2:1", "PROXY UNKNOWN\r\n",
	    BYTES(SIGNATURE "\x20\x00\x00\x0b\xe8\x00\x08\x00\x00\x00\x03"
			    "\x00\x00\x04\xd2") },
	{ "4294967294:4026531841", "any:any", "PROXY UNKNOWN\r\n",
	    BYTES(SIGNATURE "\x20\x00\x00\x0b\xe8\x00\x08\xff\xff\xff\xfe"
			    "\xf0\x00\x00\x01") },
	{ "unix:/run/s", "unix:/run/s", "PROXY UNKNOWN\r\n",
	    BYTES(SIGNATURE "\x20\x00\x00\x00") },
	{ "mux:/run/v:22", "unix:/run/v_22", "PROXY UNKNOWN\r\n",
	    BYTES(SIGNATURE "\x20\x00\x00\x00") },
	/* one end is not known */
	{ "tcp:192.0.2.1:1", "-", "PROXY UNKNOWN\r\n",
	    BYTES(SIGNATURE "\x20\x00\x00\x00") },
	{ "tcp:192.0.2.1:1", "tcp:[::1]:1", "PROXY UNKNOWN\r\n",
	    BYTES(SIGNATURE "\x20\x00\x00\x00") },
};

static void test_bytes(void)
{
	for (size_t i = 0; i < LENGTH(rows); i++) {
		int before = test_failures;
		struct address peer;
		struct address local;
		char header[PROXY_SIZE];
		size_t n;

		CHECK(address_parse(rows[i].peer, ADDRESS_BIND, &peer) == NULL);
		CHECK(
		    address_parse(rows[i].local, ADDRESS_BIND, &local) == NULL);
		n = proxy_header(1, &peer, &local, header);
		CHECK_INT(n, strlen(rows[i].text));
		CHECK(memcmp(header, rows[i].text, n) == 0);
		n = proxy_header(2, &peer, &local, header);
		CHECK_INT(n, rows[i].length);
		CHECK(memcmp(header, rows[i].bytes, rows[i].length) == 0);
		if (test_failures != before)
			printf("# of %s\n", rows[i].peer);
	}
}

/* The longest of version 1 fits, proxy-protocol.txt, 2.1. */
static void test_longest(void)
{
	const struct address end = { .kind = ADDRESS_TCP,
		.host = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		.port = 65535 };
	char header[PROXY_SIZE];

	CHECK_INT(proxy_header(1, &end, &end, header),
	    strlen("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		   "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"));
}

/* Header and bytes arrive in that order, and only the bytes count. */
static void test_flow(void)
{
	struct stream from;
	struct stream to;
	struct flow flow;
	struct address peer;
	char got[64] = "";
	int in[2];
	int out[2];

	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, in), 0);
	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, out), 0);
	stream_from_bytes(&from, in[0]);
	stream_from_bytes(&to, out[0]);
	flow_init(&flow, &from, &to, 1024);
	CHECK(address_parse("unix:x", ADDRESS_BIND, &peer) == NULL);
	proxy_introduce(1, in[0], &peer, &flow);
	CHECK_INT(flow_held(&flow), strlen("PROXY UNKNOWN\r\n"));
	CHECK(flow_wants_output(&flow));
	/* nothing has come, and it goes out */
	flow_advance(&flow);
	CHECK_INT(read(out[1], got, sizeof got), strlen("PROXY UNKNOWN\r\n"));
	CHECK_STR(got, "PROXY UNKNOWN\r\n");
	CHECK_INT(flow.bytes, 0);
	CHECK_INT(flow.moved, 0);
	CHECK_INT(write(in[1], "hello", 5), 5);
	flow.readable = true;
	flow_advance(&flow);
	memset(got, 0, sizeof got);
	CHECK_INT(read(out[1], got, sizeof got), 5);
	CHECK_STR(got, "hello");
	CHECK_INT(flow.bytes, 5);
	flow_free(&flow);
	stream_close(&from);
	stream_close(&to);
	close(in[1]);
	close(out[1]);
}

static const struct test tests[] = {
	{ "proxy: the bytes of both versions, for each kind of client",
	    test_bytes },
	{ "proxy: the longest header fits", test_longest },
	{ "proxy: a flow sends the header first, and does not count it",
	    test_flow },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
