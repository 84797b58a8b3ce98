/*
 * Errors in words: which has which hint, what is filled in, and the outcomes.
 */
#include "trouble.h"

#include <errno.h>

#include "test.h"

#define ANY ADDRESS_ANY

static const char *hint_find(const struct address *address, const char *step,
    int error, char text[TROUBLE_HINT_SIZE])
{
	const struct socket_fault fault = { .step = step };

	return trouble_find_hint(address, &fault, error, text);
}

/* A row: the error, and words that its hint must have. */
struct row {
	const char *step;
	int error;
	uint32_t cid;
	const char *words;
};

static const struct row vsock_rows[] = {
	{ "socket", EAFNOSUPPORT, 3, "modprobe vhost_vsock" },
	{ "socket", EAFNOSUPPORT, 1, "modprobe vsock_loopback" },
	{ "socket", EAFNOSUPPORT, ANY, "vsock device" },
	{ "socket", ESOCKTNOSUPPORT, 3, "--seqpacket" },
	{ "connect", ESOCKTNOSUPPORT, 3, "--seqpacket" },
	{ "connect", ENODEV, 1, "modprobe vsock_loopback" },
	{ "connect", ENODEV, 3, "no running VM has that CID" },
	{ "connect", ENODEV, 3, "modprobe vhost_vsock" },
	{ "connect", ENODEV, 4294967294, "no running VM has that CID" },
	{ "connect", ENODEV, 2, "no vsock transport" },
	{ "connect", ENODEV, 0, "VMware" },
	{ "connect", ETIMEDOUT, 0, "the host is CID 2" },
	{ "connect sibling", ENODEV, 3, "leave out --sibling" },
	{ "connect", ECONNREFUSED, 1, "nobody listens on port 1234" },
	{ "connect", ECONNREFUSED, 2, "vcat -l 1234" },
	{ "connect", ECONNREFUSED, 3, "backlog" },
	{ "connect", ETIMEDOUT, 1, "modprobe vsock_loopback" },
	{ "connect", ETIMEDOUT, 2, "--retry" },
	{ "connect", ETIMEDOUT, 3, "booting" },
	{ "connect", ETIMEDOUT, 3, "--retry" },
	{ "connect", EHOSTUNREACH, 3, "--retry" },
	{ "connect", ENETUNREACH, 3, "namespace" },
	{ "bind", EADDRNOTAVAIL, 1, "modprobe vsock_loopback" },
	{ "bind", EADDRNOTAVAIL, 1, "vcat -l 1234" },
	{ "bind", EADDRNOTAVAIL, 5, "vcat -l 1234" },
	{ "bind", EACCES, ANY, "1024" },
	{ "bind", EADDRINUSE, ANY, "port 1234" },
	{ "bind source", EADDRNOTAVAIL, 3, "-s" },
	{ "bind source", EACCES, 3, "1024" },
	{ "bind source", EADDRINUSE, 3, "8 s" },
	{ "read", EMSGSIZE, 3, "--buffer" },
	{ "write", EMSGSIZE, 3, "--buffer" },
	{ "write", ENOMEM, 3, "--buffer" },
};

static const struct row unix_rows[] = {
	{ "connect", ENOENT, 0, "its server may not be up" },
	{ "connect", ECONNREFUSED, 0, "nobody listens" },
	{ "connect", EACCES, 0, "another user" },
	{ "connect", EPROTOTYPE, 0, "--seqpacket" },
	{ "bind", EADDRINUSE, 0, "another process listens" },
};

static const struct row mux_rows[] = {
	{ "handshake", ECONNREFUSED, 0, "vcat -l 1234" },
	{ "handshake", ETIMEDOUT, 0, "--retry" },
	{ "connect", ENOENT, 0, "is the VMM up" },
	{ "connect", ENOTSOCK, 0, "the VMM's socket" },
	{ "connect", EPROTOTYPE, 0, "--seqpacket" },
	{ "bind", EADDRINUSE, 0, "another process listens" },
};

static const struct row no_rows[] = {
	{ "connect", EIO, 3, NULL },
	{ "connect", 0, 3, NULL },
	{ "read", ECONNREFUSED, 3, NULL },
	{ "bind", ENODEV, 1, NULL },
	{ "connect", EADDRINUSE, 3, NULL },
	{ "socket", EMFILE, 3, NULL },
};

static void check_rows(
    const struct row *rows, size_t count, const struct address *form)
{
	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows[i];
		struct address address = *form;
		char text[TROUBLE_HINT_SIZE] = "";
		const char *hint;

		address.cid = row->cid;
		hint = hint_find(&address, row->step, row->error, text);
		if (row->words == NULL) {
			CHECK(hint == NULL);
			continue;
		}
		if (!CHECK(hint == text) ||
		    !CHECK(strstr(text, row->words) != NULL))
			printf("# %s, %s, CID %u: no '%s' in: %s\n", row->step,
			    strerror(row->error), row->cid, row->words, text);
		CHECK(strpbrk(text, "%{}") == NULL);
		CHECK(strchr(text, '\n') == NULL);
	}
}

static const struct address vsock = { .kind = ADDRESS_VSOCK, .port = 1234 };

static void test_vsock(void)
{
	check_rows(vsock_rows, LENGTH(vsock_rows), &vsock);
}

static void test_unix(void)
{
	struct address address = { .kind = ADDRESS_UNIX, .path = "/x" };

	check_rows(unix_rows, LENGTH(unix_rows), &address);
}

static void test_mux(void)
{
	struct address address = { .kind = ADDRESS_MUX, .path = "/x" };

	address.port = 1234;
	check_rows(mux_rows, LENGTH(mux_rows), &address);
}

static void test_none(void)
{
	struct address stdio = { .kind = ADDRESS_STDIO };
	char text[TROUBLE_HINT_SIZE];

	check_rows(no_rows, LENGTH(no_rows), &vsock);
	CHECK(hint_find(&stdio, "write", ENOSPC, text) == NULL);
	CHECK(hint_find(&stdio, "connect", ECONNREFUSED, text) == NULL);
}

static const char *hint_of(uint32_t cid, const char *step, int error)
{
	static char text[TROUBLE_HINT_SIZE];
	struct address address = vsock;

	address.cid = cid;
	text[0] = '\0';
	hint_find(&address, step, error, text);
	return text;
}

static void test_first_match(void)
{
	/* a VM is named where there may be one, and only there */
	CHECK(strstr(hint_of(1, "connect", ENODEV), "VM") == NULL);
	CHECK(strstr(hint_of(2, "connect", ENODEV), "no running VM") == NULL);
	CHECK(strstr(hint_of(1, "connect", ETIMEDOUT), "booting") == NULL);
	CHECK(strstr(hint_of(2, "connect", ETIMEDOUT), "booting") == NULL);
	CHECK(strstr(hint_of(5, "bind", EADDRNOTAVAIL), "loopback") == NULL);
}

static void test_port(void)
{
	struct address address = { .kind = ADDRESS_VSOCK, .cid = 3 };
	char text[TROUBLE_HINT_SIZE];

	address.port = 4294967294;
	hint_find(&address, "connect", ECONNREFUSED, text);
	CHECK(strstr(text, "port 4294967294 there") != NULL);
	CHECK(strstr(text, "vcat -l 4294967294") != NULL);
	address.port = 0;
	hint_find(&address, "connect", ECONNREFUSED, text);
	CHECK(strstr(text, "vcat -l 0") != NULL);
}

static void test_free_port(void)
{
	struct address address = { .kind = ADDRESS_VSOCK, .cid = 5 };
	char text[TROUBLE_HINT_SIZE];

	address.port = ADDRESS_ANY;
	hint_find(&address, "bind", EADDRNOTAVAIL, text);
	CHECK(strstr(text, "vcat -l any") != NULL);
	CHECK(strstr(text, "any:") == NULL);
	CHECK(strstr(text, "4294967295") == NULL);
}

/* The advice to wait is for users who have not waited. */
static void test_advice(void)
{
	struct address address = { .kind = ADDRESS_UNIX, .path = "/x" };
	struct socket_fault fault = { .step = "connect" };
	char text[TROUBLE_HINT_SIZE];

	trouble_find_hint(&address, &fault, ENOENT, text);
	CHECK_STR(text,
	    "there is no such socket: its server may not be up; wait for it "
	    "with --retry");
	fault.waited = true;
	trouble_find_hint(&address, &fault, ENOENT, text);
	CHECK_STR(text, "there is no such socket: its server may not be up");
	address = vsock;
	address.cid = 3;
	trouble_find_hint(&address, &fault, EHOSTUNREACH, text);
	CHECK_STR(text, "the guest's vsock driver is not up yet");
	fault.waited = false;
	trouble_find_hint(&address, &fault, EHOSTUNREACH, text);
	CHECK_STR(text,
	    "the guest's vsock driver is not up yet; wait for it with "
	    "--retry");
}

static void test_outcomes(void)
{
	static const struct {
		uint32_t cid;
		int error;
		const char *name;
		bool passes;
	} rows[] = {
		{ 3, 0, "open", false },
		{ 3, ECONNREFUSED, "refused", true },
		{ 3, ECONNRESET, "failed", true },
		{ 3, ENODEV, "no such VM", true },
		{ 1, ENODEV, "no vsock here", true },
		{ 3, EAFNOSUPPORT, "no vsock here", false },
		{ 3, ENOENT, "no such socket", true },
		{ 3, EHOSTUNREACH, "unreachable", true },
		{ 3, ENETUNREACH, "unreachable", true },
		{ 3, ETIMEDOUT, "timed out", true },
		{ 3, EACCES, "not permitted", false },
		{ 3, EPERM, "not permitted", false },
		{ 3, EPROTOTYPE, "failed", false },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct address address = vsock;

		address.cid = rows[i].cid;
		CHECK_STR(
		    trouble_outcome(&address, rows[i].error), rows[i].name);
		CHECK_INT(trouble_passes(rows[i].error), rows[i].passes);
	}
}

static const struct test tests[] = {
	{ "hint: every error that vsock users meet has one", test_vsock },
	{ "hint: AF_UNIX has its own", test_unix },
	{ "hint: a hybrid socket has its own, and those of AF_UNIX", test_mux },
	{ "hint: other errors have none", test_none },
	{ "hint: the first that fits the CID", test_first_match },
	{ "hint: the port stands where the command needs it", test_port },
	{ "hint: a free port is called any, as it was typed", test_free_port },
	{ "hint: who has waited is not advised to wait", test_advice },
	{ "outcome: each errno's, and whether waiting helps", test_outcomes },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
