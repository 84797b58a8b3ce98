#include "ports.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char why_list[] = "ports are a list such as 22,80,1000-2000";

/* Reads one number at *text, and moves on behind it. */
static int parse_number(
    const char **text, uint32_t most, uint32_t *number, const char **why)
{
	unsigned long long value;
	char *end;

	*why = why_list;
	if (!isdigit((unsigned char)**text))
		return -1;
	value = strtoull(*text, &end, 10);
	*text = end;
	*why = "a port in the list is too high";
	if (value > most)
		return -1;
	*number = (uint32_t)value;
	return 0;
}

static int parse_range(
    const char **text, uint32_t most, struct ports *ports, const char **why)
{
	uint32_t first;
	uint32_t last;

	if (parse_number(text, most, &first, why) < 0)
		return -1;
	last = first;
	if (**text == '-') {
		++*text;
		if (parse_number(text, most, &last, why) < 0)
			return -1;
	}
	*why = "a range of ports goes from the lower to the higher";
	if (last < first)
		return -1;
	*why = "more than 64 ports and ranges of ports";
	if (ports->count == PORTS_MAX)
		return -1;
	ports->ranges[ports->count].first = first;
	ports->ranges[ports->count].last = last;
	ports->count++;
	return 0;
}

static int compare_ranges(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a; /* each begins with its first port */
	uint32_t y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Sorts the ranges and joins those that overlap or touch. */
static void join(struct ports *ports)
{
	int kept = 0;

	qsort(ports->ranges, (size_t)ports->count, sizeof ports->ranges[0],
	    compare_ranges);
	for (int i = 1; i < ports->count; i++) {
		uint32_t first = ports->ranges[i].first;
		uint32_t last = ports->ranges[i].last;

		if (first > ports->ranges[kept].last &&
		    first - ports->ranges[kept].last > 1)
			ports->ranges[++kept] = ports->ranges[i];
		else if (last > ports->ranges[kept].last)
			ports->ranges[kept].last = last;
	}
	ports->count = kept + 1;
}

int ports_parse(
    const char *text, uint32_t most, struct ports *ports, const char **why)
{
	ports->count = 0;
	for (;;) {
		if (parse_range(&text, most, ports, why) < 0)
			return -1;
		if (*text == '\0')
			break;
		*why = why_list;
		if (*text++ != ',')
			return -1;
	}
	join(ports);
	return 0;
}

uint64_t ports_count(const struct ports *ports)
{
	uint64_t count = 0;

	for (int i = 0; i < ports->count; i++)
		count += (uint64_t)ports->ranges[i].last -
			 ports->ranges[i].first + 1;
	return count;
}

uint32_t ports_at(const struct ports *ports, uint64_t index)
{
	for (int i = 0; i < ports->count; i++) {
		uint64_t length = (uint64_t)ports->ranges[i].last -
				  ports->ranges[i].first + 1;

		if (index < length)
			return ports->ranges[i].first + (uint32_t)index;
		index -= length;
	}
	return 0;
}
