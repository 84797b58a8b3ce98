/*
 * Addresses as other programs write them: what is read becomes an address as
 * vcat writes it.
 */
#include "address.h"

#include "test.h"

#define C ADDRESS_CONNECT
#define B ADDRESS_BIND

static const struct {
	const char *text;
	enum address_role role;
	const char *format;
} good[] = {
	{ "vsock-stream:2:9999", C, "2:9999" },
	{ "vsock-stream:2:9999", B, "2:9999" },
	{ "vsock::22", B, "any:22" },
	{ "vsock-stream::22", B, "any:22" },
	{ "vsock://:1024", B, "any:1024" },
	{ "VSOCK-CONNECT:3:22", C, "3:22" },
	{ "vsock-connect:host:22", C, "2:22" },
	{ "VSOCK-LISTEN:22", B, "any:22" },
	{ "vsock-listen:4294967295", B, "any:any" },
	{ "vsock/3:22", C, "3:22" },
	{ "vsock%3:22", C, "3:22" },
	{ "vsock/any:22", B, "any:22" },
	{ "vsock-mux/run/v.sock:22", C, "mux:/run/v.sock:22" },
	{ "vsock-mux//run/v.sock:22", C, "mux:/run/v.sock:22" },
	{ "vsock-mux/./v.sock:22", B, "mux:./v.sock:22" },
	{ "vsock-mux%/run/v.sock:22", C, "mux:/run/v.sock:22" },
	{ "unix/run/s", C, "unix:/run/s" },
	{ "unix%/run/s", C, "unix:/run/s" },
	{ "unix/./s", C, "unix:./s" },
	{ "unix:///run/s", C, "unix:/run/s" },
	{ "unix////run/s", C, "unix:/run/s" },
	{ "unix://///run/s", C, "unix:/run/s" },
	{ "unix:///./s", B, "unix:/./s" },
	{ "unix://run/s", C, "unix://run/s" },
	{ "tcp://example.org:22", C, "tcp:example.org:22" },
	{ "tcp://[::1]:22", C, "tcp:[::1]:22" },
	{ "tcp://127.0.0.1:any", B, "tcp:127.0.0.1:0" },
	{ "TCP:localhost:80", C, "tcp:localhost:80" },
	{ "UNIX:/Run/S", C, "unix:/Run/S" },
};

/* In the wrong place, or cut short. */
static const struct {
	const char *text;
	enum address_role role;
} bad[] = {
	{ "vsock::22", C },
	{ "vsock-stream::22", C },
	{ "vsock::", B },
	{ "vsock:22:", B },
	{ "vsock-stream:2", C },
	{ "vsock-stream:any:1", C },
	{ "vsock-seqpacket:2:9999", C },
	{ "vsock-dgram:2:9999", C },
	{ "VSOCK-CONNECT:3:22", B },
	{ "VSOCK-CONNECT:3:22,retry", C },
	{ "VSOCK-LISTEN:22", C },
	{ "VSOCK-LISTEN:3:22", B },
	{ "VSOCK-LISTEN:22,fork", B },
	{ "vsock/3", C },
	{ "vsock%3", C },
	{ "vsock/3", B },
	{ "vsock%3", B },
	{ "vsock,3:22", C },
	{ "vsock/:22", B },
	{ "vsock-mux/run/v", C },
	{ "vsock-mux/:22", C },
	{ "vsock-mux%", C },
	{ "vsock-mux/run/v:any", C },
	{ "unix/", C },
	{ "unix%", C },
};

static void test_reads(void)
{
	for (size_t i = 0; i < LENGTH(good); i++) {
		struct address address;
		struct address again;
		char text[ADDRESS_TEXT_SIZE];
		const char *why =
		    address_parse(good[i].text, good[i].role, &address);

		if (!CHECK(why == NULL)) {
			printf("# %s: %s\n", good[i].text, why);
			continue;
		}
		CHECK_STR(address_format(&address, text), good[i].format);
		CHECK(address_parse(text, good[i].role, &again) == NULL);
		CHECK_INT(again.kind, address.kind);
		CHECK_INT(again.cid, address.cid);
		CHECK_INT(again.port, address.port);
		CHECK_STR(again.path, address.path);
		CHECK_STR(again.host, address.host);
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

static const struct test tests[] = {
	{ "address: spellings of other programs are read, and written as ours",
	    test_reads },
	{ "address: their spellings in the wrong place, or cut, are refused",
	    test_refuses },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
