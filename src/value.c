#include "value.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

/* Guests of vhost-device-vsock need less than a page; above is a mistake. */
#define SIZE_LEAST (1ULL << 10)
#define SIZE_MOST  (1ULL << 30)

#define SECONDS_MOST 1e9

/* The last port that only root may have: LAST_RESERVED_PORT of the kernel. */
#define LAST_PRIVILEGED 1023

/* VALUE_RANGES_MAX of the longest ranges, and more. */
#define LIST_SIZE 2048

/* No "inf", "nan", "0x1" or " 1". */
const char *value_seconds(const char *text, void *seconds)
{
	char *end;
	double number = strtod(text, &end);

	if (text[0] == '\0' || strspn(text, "0123456789.") != strlen(text) ||
	    *end != '\0' || number > SECONDS_MOST)
		return "not a number of seconds";
	*(double *)seconds = number;
	return NULL;
}

/* Reads digits and a unit: K, KiB, M ... Returns whether it is that. */
static bool read_bytes(const char *text, unsigned long long *bytes)
{
	static const char units[] = "KMGT";
	char *unit;
	unsigned long long number = strtoull(text, &unit, 10);
	const char *found = unit[0] != '\0' ? strchr(units, unit[0]) : NULL;
	int shift = found != NULL ? 10 * (int)(found - units + 1) : 0;

	if (shift != 0)
		unit += strcmp(unit + 1, "iB") == 0 ? 3 : 1;
	*bytes = number > (ULLONG_MAX >> shift) ? ULLONG_MAX : number << shift;
	return isdigit((unsigned char)text[0]) != 0 && unit[0] == '\0';
}

const char *value_size(const char *text, void *size)
{
	unsigned long long bytes;

	if (!read_bytes(text, &bytes))
		return "not a size such as 256KiB or 1MiB";
	if (bytes > SIZE_MOST || bytes < SIZE_LEAST)
		return "a size must be between 1KiB and 1024MiB";
	*(size_t *)size = (size_t)bytes;
	return NULL;
}

const char *value_bytes(const char *text, void *bytes)
{
	unsigned long long number;

	if (!read_bytes(text, &number))
		return "not a size such as 4096, 100MiB or 10GiB";
	if (number == 0 || number > INT64_MAX)
		return "a size must be between 1 and 8388607TiB";
	*(uint64_t *)bytes = number;
	return NULL;
}

const char *value_count(const char *text, void *count)
{
	uint32_t number;

	if (!text_number(text, 1, INT_MAX, &number))
		return "not a number of 1 or more";
	*(int *)count = (int)number;
	return NULL;
}

const char *value_mode(const char *text, void *mode)
{
	mode_t number = (mode_t)strtoul(text, NULL, 8);

	if (text[0] == '\0' || strlen(text) > 4 ||
	    strspn(text, "01234567") != strlen(text) || number > 0777)
		return "not an octal mode such as 660";
	*(mode_t *)mode = number;
	return NULL;
}

/* Reads a number of a list, as address_parse_cid() does. */
typedef const char *list_reader(
    const char *word, enum address_role role, uint32_t *number);

/* Not address_parse_port(): the ports may be those of another kind. */
static const char *read_port(
    const char *word, enum address_role role, uint32_t *port)
{
	(void)role;
	if (!text_is_number(word))
		return "not a list of ports such as 22,80,1000-2000";
	return text_number(word, 0, ADDRESS_ANY - 1, port)
		   ? NULL
		   : "a port in the list is too high";
}

/* Adds the numbers of the list to *ranges, in the same order. */
static const char *read_list(
    const char *text, list_reader *read, struct ranges *ranges)
{
	static const char too_long[] =
	    "a list has at most 64 numbers and ranges";
	char copy[LIST_SIZE];
	char *rest = copy;
	char *word;
	const char *why;

	if (strlcpy(copy, text, sizeof copy) >= sizeof copy)
		return too_long;
	while ((word = strsep(&rest, ",")) != NULL) {
		struct range *range = &ranges->list[ranges->count];
		const char *first = strsep(&word, "-");

		if (ranges->count == VALUE_RANGES_MAX)
			return too_long;
		why = read(first, ADDRESS_CONNECT, &range->first);
		if (why == NULL)
			why = read(word != NULL ? word : first, ADDRESS_CONNECT,
			    &range->last);
		if (why != NULL)
			return why;
		if (range->last < range->first)
			return "in a range, the lower number comes first";
		ranges->count++;
	}
	return NULL;
}

const char *value_cids(const char *text, void *cids)
{
	return read_list(text, address_parse_cid, cids);
}

static int compare_ranges(const void *left, const void *right)
{
	const struct range *a = left;
	const struct range *b = right;

	return (a->first > b->first) - (a->first < b->first);
}

/* Sorts the ranges and joins those that overlap or touch. */
static void join(struct ranges *ranges)
{
	struct range *kept = ranges->list;

	qsort(ranges->list, (size_t)ranges->count, sizeof ranges->list[0],
	    compare_ranges);
	for (int i = 1; i < ranges->count; i++) {
		const struct range *next = &ranges->list[i];

		if (next->first > kept->last && next->first - kept->last > 1)
			*++kept = *next;
		else if (next->last > kept->last)
			kept->last = next->last;
	}
	ranges->count = (int)(kept - ranges->list) + 1;
}

const char *value_ports(const char *text, struct ranges *ports)
{
	const char *why;

	ports->count = 0;
	why = read_list(text, read_port, ports);
	if (why == NULL)
		join(ports);
	return why;
}

static uint64_t range_length(const struct range *range)
{
	return (uint64_t)range->last - range->first + 1;
}

uint64_t value_ports_count(const struct ranges *ports)
{
	uint64_t count = 0;

	for (int i = 0; i < ports->count; i++)
		count += range_length(&ports->list[i]);
	return count;
}

uint32_t value_ports_at(const struct ranges *ports, uint64_t index)
{
	const struct range *range = ports->list;

	while (index >= range_length(range))
		index -= range_length(range++);
	return range->first + (uint32_t)index;
}

static bool hold(const struct ranges *ranges, uint32_t number)
{
	for (int i = 0; i < ranges->count; i++)
		if (number >= ranges->list[i].first &&
		    number <= ranges->list[i].last)
			return true;
	return false;
}

bool value_permits(const struct allow *allow, const struct address *peer)
{
	/* a peer that connects through a socket file has no port */
	bool has_port = address_has(peer->kind, ADDRESS_PORT) &&
			!address_has(peer->kind, ADDRESS_FILE);

	if (allow->cids.count > 0 && !(address_has(peer->kind, ADDRESS_CID) &&
					 hold(&allow->cids, peer->cid)))
		return false;
	return !allow->privileged ||
	       (has_port && peer->port <= LAST_PRIVILEGED);
}
