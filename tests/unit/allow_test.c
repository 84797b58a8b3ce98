/*
 * Who may come in.
 */
#include "value.h"

#include "test.h"

/* A peer of a VM socket. */
static struct address peer(uint32_t cid, uint32_t port)
{
	return (
	    struct address){ .kind = ADDRESS_VSOCK, .cid = cid, .port = port };
}

static bool permits(const struct allow *allow, uint32_t cid)
{
	struct address from = peer(cid, 5000);

	return value_permits(allow, &from);
}

static struct allow parse(const char *text)
{
	struct allow allow = { .privileged = false };
	const char *why = value_cids(text, &allow.cids);

	if (!CHECK(why == NULL))
		printf("# %s: %s\n", text, why);
	return allow;
}

static void test_none(void)
{
	const struct allow allow = { .privileged = false };
	const struct address path = { .kind = ADDRESS_UNIX, .path = "/s" };

	CHECK(permits(&allow, 0));
	CHECK(permits(&allow, 3));
	CHECK(permits(&allow, 4294967294));
	CHECK(value_permits(&allow, &path));
}

static void test_list(void)
{
	struct allow allow = parse("3,5-9,host");

	CHECK_INT(allow.cids.count, 3);
	CHECK(permits(&allow, 2));
	CHECK(permits(&allow, 3));
	CHECK(permits(&allow, 5));
	CHECK(permits(&allow, 7));
	CHECK(permits(&allow, 9));
	CHECK(!permits(&allow, 0));
	CHECK(!permits(&allow, 1));
	CHECK(!permits(&allow, 4));
	CHECK(!permits(&allow, 10));
	CHECK(!permits(&allow, 4294967295));
}

static void test_ends_of_numbers(void)
{
	struct allow all = parse("0-4294967294");
	struct allow names = parse("hypervisor-host");
	struct allow last = parse("4294967294");

	CHECK(permits(&all, 0) && permits(&all, 4294967294));
	CHECK(!permits(&all, ADDRESS_ANY));
	CHECK(permits(&names, 0) && permits(&names, 1) && permits(&names, 2));
	CHECK(!permits(&names, 3));
	CHECK(permits(&last, 4294967294) && !permits(&last, 4294967293));
	last = parse("0000000000000000000000000000000000003");
	CHECK(permits(&last, 3) && !permits(&last, 0));
}

static void test_given_twice(void)
{
	struct allow allow = parse("3");

	CHECK(value_cids("7-8", &allow.cids) == NULL);
	CHECK(permits(&allow, 3) && permits(&allow, 8) && !permits(&allow, 4));
}

static void test_wrong(void)
{
	static const char *const wrong[] = { "", ",", "3,", ",3", "3,,4", "-",
		"3-", "-3", "-1", "3-4-5", "9-5", "x", "3 ", " 3", "3, 4",
		"any", "4294967295", "4294967296", "3-any", "3-4294967295",
		"0x3", "3:1", "99999999999999", "1-99999999999999",
		"hypervisors" };

	for (size_t i = 0; i < LENGTH(wrong); i++) {
		struct allow allow = { .privileged = false };
		const char *why = value_cids(wrong[i], &allow.cids);

		if (!CHECK(why != NULL && why[0] != '\0'))
			printf("# '%s'\n", wrong[i]);
	}
}

static void test_full(void)
{
	struct allow allow = { .privileged = false };

	for (int i = 0; i < VALUE_RANGES_MAX; i++)
		CHECK(value_cids("5", &allow.cids) == NULL);
	CHECK(value_cids("6", &allow.cids) != NULL);
	CHECK(!permits(&allow, 6));
	CHECK(permits(&allow, 5));
}

static void test_no_cid(void)
{
	struct allow allow = parse("0-4294967294");
	const struct address kinds[] = {
		{ .kind = ADDRESS_UNIX, .path = "/s" },
		{ .kind = ADDRESS_MUX, .path = "/s", .port = 5 },
		{ .kind = ADDRESS_TCP, .host = "127.0.0.1", .port = 5 },
	};

	for (size_t i = 0; i < LENGTH(kinds); i++)
		CHECK(!value_permits(&allow, &kinds[i]));
}

static void test_privileged(void)
{
	const struct allow allow = { .privileged = true };
	const struct address path = { .kind = ADDRESS_UNIX, .path = "/s" };
	const struct address mux = { .kind = ADDRESS_MUX, .port = 5 };
	struct address tcp = { .kind = ADDRESS_TCP, .port = 1023 };
	struct address low = peer(3, 1023);
	struct address high = peer(3, 1024);
	struct address zero = peer(3, 0);

	CHECK(value_permits(&allow, &low));
	CHECK(value_permits(&allow, &zero));
	CHECK(!value_permits(&allow, &high));
	CHECK(value_permits(&allow, &tcp));
	tcp.port = 1024;
	CHECK(!value_permits(&allow, &tcp));
	/* whose port it is, a path does not tell */
	CHECK(!value_permits(&allow, &path));
	CHECK(!value_permits(&allow, &mux));
}

static void test_both(void)
{
	struct allow allow = parse("3");
	struct address good = peer(3, 22);
	struct address other = peer(4, 22);
	struct address high = peer(3, 2222);

	allow.privileged = true;
	CHECK(value_permits(&allow, &good));
	CHECK(!value_permits(&allow, &other));
	CHECK(!value_permits(&allow, &high));
}

static const struct test tests[] = {
	{ "allow: without a list everybody may", test_none },
	{ "allow: the CIDs of a list may, and no others", test_list },
	{ "allow: the first CID and the last, by number and name",
	    test_ends_of_numbers },
	{ "allow: a second list adds to the first", test_given_twice },
	{ "allow: what is no list is refused with a reason", test_wrong },
	{ "allow: more than there is room for is refused", test_full },
	{ "allow: a peer without a CID is in no list", test_no_cid },
	{ "allow: privileged is a port below 1024", test_privileged },
	{ "allow: a list and privileged must both hold", test_both },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
