#include "ports.h"

#include <stdlib.h>
#include <string.h>

static const char why_list[] = "ports are a list such as 22,80,1000-2000";

static int read_port(const char *word, uint32_t *port, const char **why)
{
	unsigned long long value;

	*why = why_list;
	if (word[0] == '\0' || strspn(word, "0123456789") != strlen(word))
		return -1;
	value = strtoull(word, NULL, 10);
	*why = "a port in the list is too high";
	if (value > PORTS_HIGHEST)
		return -1;
	*port = (uint32_t)value;
	return 0;
}

static const struct ranges_kind port_list = {
	.read = read_port,
	.shape = why_list,
	.reversed = "a range of ports goes from the lower to the higher",
	.too_many = "more than 64 ports and ranges of ports",
};

static int compare_ranges(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a; /* each begins with its first port */
	uint32_t y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Sorts the ranges and joins those that overlap or touch. */
static void join(struct ranges *ports)
{
	int kept = 0;

	qsort(ports->list, (size_t)ports->count, sizeof ports->list[0],
	    compare_ranges);
	for (int i = 1; i < ports->count; i++) {
		uint32_t first = ports->list[i].first;
		uint32_t last = ports->list[i].last;

		if (first > ports->list[kept].last &&
		    first - ports->list[kept].last > 1)
			ports->list[++kept] = ports->list[i];
		else if (last > ports->list[kept].last)
			ports->list[kept].last = last;
	}
	ports->count = kept + 1;
}

int ports_parse(const char *text, struct ranges *ports, const char **why)
{
	ports->count = 0;
	if (ranges_add(text, &port_list, ports, why) < 0)
		return -1;
	join(ports);
	return 0;
}

uint64_t ports_count(const struct ranges *ports)
{
	uint64_t count = 0;

	for (int i = 0; i < ports->count; i++)
		count +=
		    (uint64_t)ports->list[i].last - ports->list[i].first + 1;
	return count;
}

uint32_t ports_at(const struct ranges *ports, uint64_t index)
{
	for (int i = 0; i < ports->count; i++) {
		uint64_t length =
		    (uint64_t)ports->list[i].last - ports->list[i].first + 1;

		if (index < length)
			return ports->list[i].first + (uint32_t)index;
		index -= length;
	}
	return 0;
}
