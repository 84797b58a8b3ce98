/*
 * Addresses as the contract spells them: what is read, what is refused, and
 * that all that is read prints back.
 */
#include "address.h"

#include <inttypes.h>

#include "test.h"

#define C ADDRESS_CONNECT
#define B ADDRESS_BIND

struct good {
	const char *text;
	enum address_role role;
	enum address_kind kind;
	uint32_t cid, port;
	const char *place;  /* path or host */
	const char *format; /* NULL: as text */
};

static const struct good good[] = {
	{ "3:1234", C, ADDRESS_VSOCK, 3, 1234, "", NULL },
	{ "3:1234", B, ADDRESS_VSOCK, 3, 1234, "", NULL },
	{ "vsock:3:1234", C, ADDRESS_VSOCK, 3, 1234, "", "3:1234" },
	{ "vsock://3:1234", C, ADDRESS_VSOCK, 3, 1234, "", "3:1234" },
	{ "hypervisor:1", C, ADDRESS_VSOCK, 0, 1, "", "0:1" },
	{ "local:1", C, ADDRESS_VSOCK, 1, 1, "", "1:1" },
	{ "host:1", C, ADDRESS_VSOCK, 2, 1, "", "2:1" },
	{ "vsock:host:1", C, ADDRESS_VSOCK, 2, 1, "", "2:1" },
	{ "vsock://host:1", C, ADDRESS_VSOCK, 2, 1, "", "2:1" },
	{ "0:0", C, ADDRESS_VSOCK, 0, 0, "", NULL },
	{ "3:65535", C, ADDRESS_VSOCK, 3, 65535, "", NULL },
	{ "3:65536", C, ADDRESS_VSOCK, 3, 65536, "", NULL },
	{ "65536:65536", C, ADDRESS_VSOCK, 65536, 65536, "", NULL },
	{ "4294967294:4294967294", C, ADDRESS_VSOCK, 4294967294, 4294967294, "",
	    NULL },
	{ "1234", B, ADDRESS_VSOCK, ADDRESS_ANY, 1234, "", "any:1234" },
	{ "0", B, ADDRESS_VSOCK, ADDRESS_ANY, 0, "", "any:0" },
	{ "any:1234", B, ADDRESS_VSOCK, ADDRESS_ANY, 1234, "", NULL },
	{ "-1:1234", B, ADDRESS_VSOCK, ADDRESS_ANY, 1234, "", "any:1234" },
	{ "4294967295:1234", B, ADDRESS_VSOCK, ADDRESS_ANY, 1234, "",
	    "any:1234" },
	{ "any", B, ADDRESS_VSOCK, ADDRESS_ANY, ADDRESS_ANY, "", "any:any" },
	{ "-1", B, ADDRESS_VSOCK, ADDRESS_ANY, ADDRESS_ANY, "", "any:any" },
	{ "any:any", B, ADDRESS_VSOCK, ADDRESS_ANY, ADDRESS_ANY, "", NULL },
	{ "1:any", B, ADDRESS_VSOCK, 1, ADDRESS_ANY, "", NULL },
	{ "1:-1", B, ADDRESS_VSOCK, 1, ADDRESS_ANY, "", "1:any" },
	{ "1:4294967295", B, ADDRESS_VSOCK, 1, ADDRESS_ANY, "", "1:any" },
	{ "vsock:any:any", B, ADDRESS_VSOCK, ADDRESS_ANY, ADDRESS_ANY, "",
	    "any:any" },
	{ "mux:/run/vm3.vsock:1234", C, ADDRESS_MUX, 0, 1234, "/run/vm3.vsock",
	    NULL },
	{ "mux:/run/vm3.vsock:1234", B, ADDRESS_MUX, 0, 1234, "/run/vm3.vsock",
	    NULL },
	{ "mux:/run/a:b:c:1234", C, ADDRESS_MUX, 0, 1234, "/run/a:b:c", NULL },
	{ "mux:v.sock:4294967294", C, ADDRESS_MUX, 0, 4294967294, "v.sock",
	    NULL },
	{ "mux:v.sock:0", C, ADDRESS_MUX, 0, 0, "v.sock", NULL },
	{ "unix:/path", C, ADDRESS_UNIX, 0, 0, "/path", NULL },
	{ "unix:/path", B, ADDRESS_UNIX, 0, 0, "/path", NULL },
	{ "unix:relative", C, ADDRESS_UNIX, 0, 0, "relative", NULL },
	{ "unix:/a:b:1", C, ADDRESS_UNIX, 0, 0, "/a:b:1", NULL },
	{ "unix:@name", C, ADDRESS_UNIX, 0, 0, "@name", NULL },
	{ "unix:@name", B, ADDRESS_UNIX, 0, 0, "@name", NULL },
	{ "tcp:example.org:22", C, ADDRESS_TCP, 0, 22, "example.org", NULL },
	{ "tcp:127.0.0.1:65535", C, ADDRESS_TCP, 0, 65535, "127.0.0.1", NULL },
	{ "tcp:[::1]:22", C, ADDRESS_TCP, 0, 22, "::1", NULL },
	{ "tcp:[fe80::1%eth0]:1", C, ADDRESS_TCP, 0, 1, "fe80::1%eth0", NULL },
	{ "tcp:[::1]:22", B, ADDRESS_TCP, 0, 22, "::1", NULL },
	{ "tcp:22", C, ADDRESS_TCP, 0, 22, "", NULL },
	{ "tcp:22", B, ADDRESS_TCP, 0, 22, "", NULL },
	{ "tcp:0", B, ADDRESS_TCP, 0, 0, "", NULL },
	{ "tcp:any", B, ADDRESS_TCP, 0, 0, "", "tcp:0" },
	{ "tcp:[::]:any", B, ADDRESS_TCP, 0, 0, "::", "tcp:[::]:0" },
	{ "-", C, ADDRESS_STDIO, 0, 0, "", NULL },
};

static const struct {
	const char *text;
	enum address_role role;
} bad[] = {
	/* "any" is no peer */
	{ "any:1234", C },
	{ "-1:1234", C },
	{ "4294967295:1234", C },
	{ "vsock:any:1234", C },
	{ "vsock://-1:1234", C },
	{ "3:any", C },
	{ "3:-1", C },
	{ "3:4294967295", C },
	{ "any", C },
	{ "1234", C },
	{ "tcp:any", C },
	{ "tcp:0", C },
	{ "tcp:host:0", C },
	/* no 32-bit numbers */
	{ "4294967296:1", B },
	{ "1:4294967296", B },
	{ "18446744073709551616:1", B },
	{ "1:18446744073709551619", B },
	{ "-2:1", B },
	{ "1:-2", B },
	/* no decimal digits */
	{ "+3:1", B },
	{ "3:+1", B },
	{ " 3:1", B },
	{ "3: 1", B },
	{ "3 :1", B },
	{ "3:1 ", B },
	{ "0x3:1", B },
	{ "3:0x10", B },
	{ "3:1e3", B },
	{ "three:1", B },
	{ "3:ssh", B },
	{ "3:1-5", B },
	/* parts missing, parts too many */
	{ "", C },
	{ "", B },
	{ ":", B },
	{ ":1", B },
	{ "3:", B },
	{ "3:1:", B },
	{ ":3:1", B },
	{ "3:1:2", B },
	{ "vsock:", B },
	{ "vsock://", B },
	{ "vsock:///3:1", B },
	{ "//3:1", B },
	{ "vsock:vsock:3:1", B },
	{ "mux:", C },
	{ "mux:/path", C },
	{ "mux:/path:", C },
	{ "mux::1234", C },
	{ "mux:/path:any", C },
	{ "mux:/path:-1", C },
	{ "mux:/path:4294967295", C },
	{ "mux:/path:4294967296", C },
	{ "mux:/path:+1", C },
	{ "unix:", C },
	{ "unix:@", C },
	{ "tcp:", C },
	{ "tcp::22", C },
	{ "tcp:host:", C },
	{ "tcp:host:ssh", C },
	{ "tcp:65536", C },
	{ "tcp:host:65536", C },
	{ "tcp:host:-1", B },
	{ "tcp:host:+22", C },
	{ "tcp:::1:22", C },
	{ "tcp:[::1]", C },
	{ "tcp:[]:22", C },
	{ "tcp:[::1:22", C },
	{ "tcp:::1]:22", C },
	{ "tcp:[[::1]]:22", C },
	{ "tcp:[:22", C },
	{ "tcp://22", B },
	{ "tcp://:22", C },
	{ "tcp://host:22/", C },
	{ "tcp://host", C },
	{ "tcp://[::1]", C },
	{ "tcp:host", B },
	{ "tcp:[::1]]:22", C },
	{ "udp:3:1", B },
	{ "--", B },
};

static void check_equal(const struct address *a, const struct address *b)
{
	CHECK_INT(a->kind, b->kind);
	CHECK_INT(a->cid, b->cid);
	CHECK_INT(a->port, b->port);
	CHECK_STR(a->path, b->path);
	CHECK_STR(a->host, b->host);
}

static void test_reads(void)
{
	for (size_t i = 0; i < LENGTH(good); i++) {
		const struct good *row = &good[i];
		int before = test_failures;
		struct address address;
		const char *why = address_parse(row->text, row->role, &address);

		if (!CHECK(why == NULL)) {
			printf("# %s: %s\n", row->text, why);
			continue;
		}
		CHECK_INT(address.kind, row->kind);
		CHECK_INT(address.cid, row->cid);
		CHECK_INT(address.port, row->port);
		CHECK_STR(
		    row->kind == ADDRESS_TCP ? address.host : address.path,
		    row->place);
		if (test_failures != before)
			printf("# of %s\n", row->text);
	}
}

static void test_refuses(void)
{
	for (size_t i = 0; i < LENGTH(bad); i++) {
		struct address address;
		const char *why =
		    address_parse(bad[i].text, bad[i].role, &address);

		if (!CHECK(why != NULL && why[0] != '\0'))
			printf("# of '%s'\n", bad[i].text);
	}
}

static void test_round_trip(void)
{
	for (size_t i = 0; i < LENGTH(good); i++) {
		const struct good *row = &good[i];
		struct address first;
		struct address again;
		char text[ADDRESS_TEXT_SIZE];

		if (address_parse(row->text, row->role, &first) != NULL)
			continue;
		CHECK(address_format(&first, text) == text);
		CHECK_STR(text, row->format != NULL ? row->format : row->text);
		CHECK(address_parse(text, row->role, &again) == NULL);
		check_equal(&first, &again);
	}
}

/* Parses prefix, length times 'x', suffix. */
static int parse_long(const char *prefix, size_t length, const char *suffix,
    enum address_role role)
{
	char text[2048];
	char again[ADDRESS_TEXT_SIZE];
	struct address address;
	size_t used = strlen(prefix);

	memset(text, 'x', sizeof text);
	memcpy(text, prefix, used);
	strcpy(text + used + length, suffix);
	if (address_parse(text, role, &address) != NULL)
		return -1;
	CHECK_STR(address_format(&address, again), text);
	return 0;
}

static void test_paths(void)
{
	/* sun_path has 108 bytes with the NUL */
	CHECK_INT(parse_long("unix:", 107, "", C), 0);
	CHECK_INT(parse_long("unix:", 108, "", C), -1);
	CHECK_INT(parse_long("unix:@", 106, "", C), 0);
	CHECK_INT(parse_long("unix:", 1500, "", C), -1);
	CHECK_INT(parse_long("mux:", 107, ":1234", C), 0);
	CHECK_INT(parse_long("mux:", 108, ":1234", C), -1);
	CHECK_INT(parse_long("mux:", 1500, ":1234", C), -1);
	/* a listener binds PATH_1234 */
	CHECK_INT(parse_long("mux:", 102, ":1234", B), 0);
	CHECK_INT(parse_long("mux:", 103, ":1234", B), -1);
	CHECK_INT(parse_long("mux:", 96, ":4294967294", B), 0);
	CHECK_INT(parse_long("mux:", 97, ":4294967294", B), -1);
	CHECK_INT(parse_long("tcp:", 253, ":1", C), 0);
	CHECK_INT(parse_long("tcp:", 254, ":1", C), -1);
	CHECK_INT(parse_long("tcp:", 1500, ":1", C), -1);
	CHECK_INT(parse_long("", 1500, ":1", C), -1);
	CHECK_INT(parse_long("unix/", 107, "", C), -1);
	CHECK_INT(parse_long("unix/", 1500, "", C), -1);
	CHECK_INT(parse_long("vsock-mux/", 1500, ":1234", C), -1);
	CHECK_INT(parse_long("unix:///", 107, "", C), -1);
}

static void test_missing(void)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ ":3", "the CID is missing" },
		{ "vsock/:3", "the CID is missing" },
		{ "3:", "the port is missing" },
		{ "vsock:3:", "the port is missing" },
		{ "vsock:host:name:3", "not a CID" },
		{ "vsock:unix:x", "not a CID" },
		{ "tcp://host", "the port is missing" },
		{ "VSOCK-CONNECT:3:22", "only for connecting" },
		{ "vsock-seqpacket:3:22", "--seqpacket" },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct address address;
		const char *why = address_parse(rows[i].text, B, &address);

		if (!CHECK(why != NULL && strstr(why, rows[i].why) != NULL))
			printf("# of '%s'\n", rows[i].text);
	}
}

static void test_names(void)
{
	static const struct {
		const char *text;
		const char *name;
	} names[] = {
		{ "0:1024", "hypervisor(0):1024" },
		{ "1:1024", "local(1):1024" },
		{ "2:1024", "host(2):1024" },
		{ "3:1024", "vm(3):1024" },
		{ "vsock://4294967294:0", "vm(4294967294):0" },
		{ "any:1024", "any:1024" },
		{ "any", "any:any" },
		{ "1:any", "local(1):any" },
		{ "unix:@x", "unix:@x" },
		{ "mux:/v:7", "mux:/v:7" },
		{ "tcp:[::1]:7", "tcp:[::1]:7" },
		{ "tcp:7", "tcp:7" },
		{ "-", "-" },
	};

	for (size_t i = 0; i < LENGTH(names); i++) {
		struct address address;
		char name[ADDRESS_TEXT_SIZE];

		CHECK(address_parse(names[i].text, B, &address) == NULL);
		CHECK_STR(address_name(&address, name), names[i].name);
	}
}

static void test_traits(void)
{
	static const struct {
		enum address_kind kind;
		bool cid, port, file, messages;
	} rows[] = {
		{ ADDRESS_VSOCK, true, true, false, true },
		{ ADDRESS_MUX, false, true, true, true },
		{ ADDRESS_UNIX, false, false, true, true },
		{ ADDRESS_TCP, false, true, false, false },
		{ ADDRESS_STDIO, false, false, false, true },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		CHECK_INT(address_has(rows[i].kind, ADDRESS_CID), rows[i].cid);
		CHECK_INT(
		    address_has(rows[i].kind, ADDRESS_PORT), rows[i].port);
		CHECK_INT(
		    address_has(rows[i].kind, ADDRESS_FILE), rows[i].file);
		CHECK_INT(address_has(rows[i].kind, ADDRESS_MESSAGES),
		    rows[i].messages);
	}
}

static const struct test tests[] = {
	{ "address: every spelling of the manual is read", test_reads },
	{ "address: what is no address is refused, with a reason",
	    test_refuses },
	{ "address: all that is read prints back, and is read again",
	    test_round_trip },
	{ "address: paths and hosts as long as they can be, and one longer",
	    test_paths },
	{ "address: what is missing is named", test_missing },
	{ "address: messages name a peer as people think of it", test_names },
	{ "address: a kind has a CID, a port, a socket file, or not",
	    test_traits },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
