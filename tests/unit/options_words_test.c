/*
 * Wrong addresses on the command line: the reason helps who typed them.
 */
#include "options_read.h"

#include "arguments.h"
#include "test.h"

static void test_addresses(void)
{
	static const struct arguments_row rows[] = {
		{ "", "no address" },
		{ "-v", "no address" },
		{ "-l", "no address" },
		{ "-p 1234", "no address" },
		{ "''", "" },
		{ "1234", "CID:PORT" },
		{ "any:1234", "any:1234" },
		{ "any 1234", "any" },
		{ "3 any", "any" },
		{ "3:any", "any" },
		{ "-1:1234", "any" },
		{ "-1 1234", "any" },
		{ "3 x", "x" },
		{ "x 3", "x" },
		{ "3 ''", "the port is missing" },
		{ "'' 3", "the CID is missing" },
		{ "-l '' 3", "the CID is missing" },
		{ "unix x", "unix x: not a CID" },
		{ "3 1:2", "3 1:2: two words must be a CID and a port" },
		{ "3:1 2", "3:1" },
		{ "unix:/x 2", "unix:/x" },
		{ "3 1 2", "extra argument: 2" },
		{ "-l 3 1 2", "extra argument: 2" },
		{ "-", "-" },
		{ "3:1 -t any:5", "any:5" },
		{ "3:1 -t 5", "5" },
		{ "-l 1 -t unix:", "unix:" },
		{ "-s x 3:1", "-s: x" },
		{ "-p 4294967296 3:1", "-p: 4294967296" },
		{ "-p x 3:1", "-p: x" },
		{ "-l -p x", "-p: x" },
	};

	arguments_check_rows(rows, LENGTH(rows));
}

/* What a stranger types, and what the reason must help with. */
static void test_almost_addresses(void)
{
	static const struct arguments_row rows[] = {
		{ "foo", "not an address such as 3:1234, unix:PATH" },
		{ "vsock:foo", "not an address such as" },
		{ "/run/vm3.sock", "unix:PATH" },
		{ "-l foo", "not an address such as" },
		{ "3:1 -t foo", "-t: foo: not an address such as" },
		{ "-z foo", "not an address such as" },
		{ "22", "a port alone is only for listening" },
		{ "-z 22", "a port alone is only for listening" },
		{ ":22", "the CID is missing" },
		{ "-z :22", "the CID is missing" },
		{ "3:", "the port is missing" },
		{ "-z 3:", "the port is missing" },
		{ "3: 4", "two words must be a CID and a port" },
		{ "3:1 2", "two words must be a CID and a port" },
		{ "unix:/x 2", "two words must be a CID and a port" },
		{ "-z foo 22", "not a CID" },
		{ "-z any 22", "any" },
		{ "-z 3 x", "3 x: a vsock port is" },
		{ "-z 3 5,x", "3 5,x: not a list of ports" },
		{ "tcp:host", "tcp:HOST:PORT" },
		{ "tcp://host", "tcp://HOST:PORT" },
		{ "tcp://22", "tcp://HOST:PORT" },
		{ "-z tcp://host", "tcp://HOST:PORT" },
		{ "unix/x 22", "two words must be a CID and a port" },
		{ "-z unix/x 22", "two words must be a CID and a port" },
		{ "vsock/x 22", "not a CID" },
		{ "x/3 22", "not a CID" },
		{ "-z tcp:host:22,65536", "65535" },
		{ "-z mux:/x", "mux:PATH:PORT" },
		{ "--s 3:1", "ambiguous" },
		{ "--re=5 3:1", "--re=5: ambiguous" },
		{ "3:1 -t tcp:1 --seqpacket", "does not work with TCP" },
	};

	arguments_check_rows(rows, LENGTH(rows));
	CHECK_STR(arguments_wrong("''"), "the address is empty");
	CHECK(strstr(arguments_wrong("--retry 3:1 x"), "--retry") == NULL);
	CHECK(strstr(arguments_wrong("--sx 3:1"), "unknown") != NULL);
}

/* "any" is offered where it is allowed, and only there. */
static void test_any_offered(void)
{
	static const char *const binding[] = { "-l 3 x", "-l 3:x",
		"-l 4294967296:1", "-s 4294967296 3:1", "-p x 3:1",
		"-l tcp:x:y" };
	static const char *const connecting[] = { "3 x", "3:x", "4294967296:1",
		"foo:1", "tcp:x:y", "3:1 -t 3:x", "-z x:5", "-z 3 x",
		"mux:/x:y", "-l mux:/x:y", "-l 1 --allow x" };

	for (size_t i = 0; i < LENGTH(binding); i++)
		if (!CHECK(strstr(arguments_wrong(binding[i]), "any") != NULL))
			printf("# vcat %s\n", binding[i]);
	for (size_t i = 0; i < LENGTH(connecting); i++)
		if (!CHECK(
			strstr(arguments_wrong(connecting[i]), "any") == NULL))
			printf("# vcat %s\n", connecting[i]);
}

/* A list of ports in a word of its own is only for a CID. */
static void test_scanned_words(void)
{
	static const struct arguments_row rows[] = {
		{ "-z unix:/x 22,23", "two words must be a CID and a port" },
		{ "-z unix:/x 22", "two words must be a CID and a port" },
		{ "-z mux:/x 22", "two words must be a CID and a port" },
		{ "-z tcp:host 22", "two words must be a CID and a port" },
		{ "-z 3:1 2", "two words must be a CID and a port" },
	};
	const struct options *o;

	arguments_check_rows(rows, LENGTH(rows));
	o = arguments_good("-z host 80,22-23");
	CHECK_INT(o->address.cid, 2);
	CHECK_INT(o->address.port, 22);
	CHECK_INT(value_ports_count(&o->ports), 3);
	o = arguments_good("-z unix:/a:22,23");
	CHECK_STR(o->address.path, "/a:22,23");
	CHECK_INT(value_ports_count(&o->ports), 1);
	o = arguments_good("-z mux:/a:b:22,23");
	CHECK_STR(o->address.path, "/a:b");
	CHECK_INT(value_ports_count(&o->ports), 2);
	o = arguments_good("-z tcp:22,80");
	CHECK_INT(o->address.port, 22);
	CHECK_INT(value_ports_count(&o->ports), 2);
}

static const struct test tests[] = {
	{ "options: a wrong address is refused by its name", test_addresses },
	{ "options: what is almost an address is told what is missing",
	    test_almost_addresses },
	{ "options: any is offered only where it is allowed",
	    test_any_offered },
	{ "options: -z takes ports in a second word only after a CID",
	    test_scanned_words },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
