/*
 * libFuzzer: the texts that people type in place of values: addresses, lists of
 * ports and of CIDs, sizes, seconds, modes. What a text means is worked out
 * here a second time; what is refused must be no such text, and what is taken
 * must be that value. An address that is written again must be the same one.
 *
 * The first byte chooses the kind of text, the others are the text.
 */
#include "address.h"
#include "fuzz.h"
#include "value.h"

/* As in the manual. */
#define LIST_MOST   64
#define NUMBER_MOST 4294967294

/* A function took the text exactly if it should. */
static void agree(const char *why, bool good, const char *what)
{
	must((why == NULL) == good, what);
	must(why == NULL || (why[0] != '\0' && strchr(why, '\n') == NULL),
	    "the reason");
}

static void check_parts(const struct address *address, enum address_role role)
{
	bool cid = address->kind == ADDRESS_VSOCK;
	bool path =
	    address->kind == ADDRESS_MUX || address->kind == ADDRESS_UNIX;

	must(cid || address->cid == 0, "a CID");
	must(role == ADDRESS_BIND ||
		 (address->cid != ADDRESS_ANY && address->port != ADDRESS_ANY),
	    "any peer");
	must(path == (address->path[0] != '\0'), "a path");
	must(
	    address->kind == ADDRESS_TCP || address->host[0] == '\0', "a host");
	must(address->kind != ADDRESS_TCP || address->port <= 65535, "a port");
	must(address->kind != ADDRESS_TCP || role == ADDRESS_BIND ||
		 address->port > 0,
	    "port 0");
	must(memchr(address->path, '\0', sizeof address->path) != NULL &&
		 memchr(address->host, '\0', sizeof address->host) != NULL,
	    "its end");
}

static void try_address(const char *text, enum address_role role)
{
	struct address address;
	struct address again;
	char written[ADDRESS_TEXT_SIZE];
	char name[ADDRESS_TEXT_SIZE];
	const char *why = address_parse(text, role, &address);

	agree(why, why == NULL, "an address");
	if (why != NULL)
		return;
	check_parts(&address, role);
	must(address_format(&address, written) == written, "its text");
	must(strlen(written) + 1 < sizeof written, "its length");
	must(address_parse(written, role, &again) == NULL, "its text is wrong");
	must(address.kind == again.kind && address.cid == again.cid &&
		 address.port == again.port &&
		 strcmp(address.path, again.path) == 0 &&
		 strcmp(address.host, again.host) == 0,
	    "another address");
	must(
	    strlen(address_name(&address, name)) + 1 < sizeof name, "its name");
}

/* A number, or with `names` one of the three CIDs that have one; else -1. */
static int64_t number_of(const char *text, size_t length, bool names)
{
	static const char *const known[] = { "hypervisor", "local", "host" };

	for (int64_t i = 0; names && i < 3; i++)
		if (strlen(known[i]) == length &&
		    memcmp(known[i], text, length) == 0)
			return i;
	return fuzz_number(text, length);
}

/* Reads a list such as 3,5-9; returns whether it is one. */
static bool read_list(const char *text, bool names, struct ranges *ranges)
{
	*ranges = (struct ranges){ .count = 0 };
	for (;;) {
		size_t length = strcspn(text, ",");
		const char *dash = memchr(text, '-', length);
		size_t first = dash != NULL ? (size_t)(dash - text) : length;
		size_t skip = dash != NULL ? first + 1 : 0;
		int64_t low = number_of(text, first, names);
		int64_t high = number_of(text + skip, length - skip, names);

		if (low < 0 || low > NUMBER_MOST || high < low ||
		    high > NUMBER_MOST || ranges->count == LIST_MOST)
			return false;
		ranges->list[ranges->count++] =
		    (struct range){ (uint32_t)low, (uint32_t)high };
		if (text[length] == '\0')
			return true;
		text += length + 1;
	}
}

static bool has(const struct ranges *ranges, int64_t number)
{
	for (int i = 0; i < ranges->count; i++)
		if (number >= ranges->list[i].first &&
		    number <= ranges->list[i].last)
			return true;
	return false;
}

/* Both sets have the same of the numbers about the ends of the ranges. */
static void check_members(
    const struct ranges *wanted, const struct ranges *ports)
{
	for (int i = 0; i < wanted->count; i++) {
		for (int64_t near = -1; near <= 1; near++) {
			int64_t low = wanted->list[i].first + near;
			int64_t high = wanted->list[i].last + near;

			must(has(wanted, low) == has(ports, low), "a member");
			must(has(wanted, high) == has(ports, high), "a member");
		}
	}
}

/* In order, and apart; so counting them is adding them up. */
static void check_order(const struct ranges *ports)
{
	uint64_t count = 0;

	must(ports->count >= 1, "no range");
	for (int i = 0; i < ports->count; i++) {
		const struct range *range = &ports->list[i];
		uint64_t length = (uint64_t)range->last - range->first + 1;

		must(range->first <= range->last, "an empty range");
		must(i == 0 || (int64_t)range->first - range[-1].last > 1,
		    "ranges that touch");
		must(value_ports_at(ports, count) == range->first, "the first");
		count += length;
		must(value_ports_at(ports, count - 1) == range->last,
		    "the last");
		must(value_ports_at(ports, count - 1 - length / 2) ==
			 range->last - length / 2,
		    "one between");
	}
	must(value_ports_count(ports) == count, "the count");
}

static void try_ports(const char *text)
{
	struct ranges wanted;
	struct ranges ports;
	bool good = read_list(text, false, &wanted) && strlen(text) < 2048;

	agree(value_ports(text, &ports), good, "ports");
	if (!good)
		return;
	check_order(&ports);
	check_members(&wanted, &ports);
}

static void try_cids(const char *text)
{
	struct allow allow = { .cids.count = 0 };
	struct ranges wanted;
	bool good = read_list(text, true, &wanted) && strlen(text) < 2048;

	agree(value_cids(text, &allow.cids), good, "CIDs");
	if (!good)
		return;
	must(allow.cids.count == wanted.count &&
		 memcmp(allow.cids.list, wanted.list,
		     sizeof wanted.list[0] * (size_t)wanted.count) == 0,
	    "the CIDs");
	for (int i = 0; i < wanted.count; i++) {
		struct address peer = { .kind = ADDRESS_VSOCK,
			.cid = wanted.list[i].last + 1,
			.port = 1024 };

		must(value_permits(&allow, &peer) == has(&wanted, peer.cid),
		    "who is served");
		allow.privileged = true;
		must(!value_permits(&allow, &peer), "who is privileged");
		allow.privileged = false;
	}
	/* the same list once more is added, while there is room */
	agree(value_cids(text, &allow.cids), 2 * wanted.count <= LIST_MOST,
	    "CIDs again");
}

/* Digits and a unit. Returns whether it is that; UINT64_MAX is too much. */
static bool read_size(const char *text, uint64_t *size)
{
	static const char units[] = "KMGT";
	size_t digits = strspn(text, "0123456789");
	int64_t number = fuzz_number(text, digits);
	const char *unit = text + digits;
	unsigned shift = 0;

	if (unit[0] != '\0') {
		const char *found = strchr(units, unit[0]);

		if (found == NULL)
			return false;
		shift = 10 * (unsigned)(found - units + 1);
		if (unit[1] != '\0' && strcmp(unit + 1, "iB") != 0)
			return false;
	}
	*size = number == FUZZ_HIGH || number > INT64_MAX >> shift
		    ? UINT64_MAX
		    : (uint64_t)number << shift;
	return number != FUZZ_NONE;
}

static void try_size(const char *text)
{
	uint64_t wanted = 0;
	bool good = read_size(text, &wanted);
	size_t size = 0;
	uint64_t bytes = 0;

	agree(value_size(text, &size),
	    good && wanted >= 1024 && wanted <= 1024 * 1024 * 1024, "a size");
	must(size == 0 || size == wanted, "the size");
	agree(value_bytes(text, &bytes),
	    good && wanted >= 1 && wanted <= INT64_MAX, "bytes");
	must(bytes == 0 || bytes == wanted, "the bytes");
}

static void try_seconds(const char *text)
{
	size_t whole = strspn(text, "0123456789");
	size_t dot = text[whole] == '.';
	size_t rest = strspn(text + whole + dot, "0123456789");
	int64_t number = fuzz_number(text, whole);
	double seconds = -1;
	bool good = whole + rest > 0 && text[whole + dot + rest] == '\0';

	/* what rounds to the most is the most */
	if (number == 1000000000 && rest > 0)
		return;
	agree(value_seconds(text, &seconds),
	    good && number != FUZZ_HIGH && number <= 1000000000, "seconds");
	if (seconds < 0)
		return;
	number = number < 0 ? 0 : number;
	must(seconds >= (double)number && seconds <= (double)number + 1,
	    "the seconds");
	must(rest > 0 || seconds == (double)number, "whole seconds");
}

static void try_numbers(const char *text)
{
	size_t length = strlen(text);
	int64_t number = fuzz_number(text, length);
	int64_t octal = 0;
	bool good = length > 0 && length <= 4;
	mode_t mode = 0;
	int count = 0;

	agree(value_count(text, &count), number >= 1 && number <= INT32_MAX,
	    "a count");
	must(count == 0 || count == number, "the count");
	for (size_t i = 0; i < length && good; i++) {
		good = text[i] >= '0' && text[i] <= '7';
		octal = octal * 8 + (text[i] - '0');
	}
	agree(value_mode(text, &mode), good && octal <= 0777, "a mode");
	must(mode == 0 || mode == octal, "the mode");
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct fuzz fuzz = { data, size };
	unsigned kind = fuzz_byte(&fuzz);
	char *text = fuzz_text(&fuzz, '\0');

	switch (kind % 8) {
	case 0:
		try_ports(text);
		break;
	case 1:
		try_cids(text);
		break;
	case 2:
		try_size(text);
		break;
	case 3:
		try_seconds(text);
		break;
	case 4:
		try_numbers(text);
		break;
	default:
		try_address(text, ADDRESS_BIND);
		try_address(text, ADDRESS_CONNECT);
		break;
	}
	free(text);
	return 0;
}
