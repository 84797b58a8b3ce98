#include "ranges.h"

#include <string.h>

/* No number, and no name for one, is longer. */
#define WORD_SIZE 32

/* Reads what stands before a separator or the end, and moves on to that. */
static int read_number(const char **text, const char *separators,
    const struct ranges_kind *kind, uint32_t *number, const char **why)
{
	char word[WORD_SIZE];
	size_t length = strcspn(*text, separators);

	if (length >= sizeof word) {
		*why = kind->shape;
		return -1;
	}
	memcpy(word, *text, length);
	word[length] = '\0';
	*text += length;
	return kind->read(word, number, why);
}

static int read_range(const char **text, const struct ranges_kind *kind,
    struct range *range, const char **why)
{
	if (read_number(text, ",-", kind, &range->first, why) < 0)
		return -1;
	range->last = range->first;
	if (**text != '-')
		return 0;
	++*text;
	if (read_number(text, ",", kind, &range->last, why) < 0)
		return -1;
	*why = kind->reversed;
	return range->last < range->first ? -1 : 0;
}

int ranges_add(const char *text, const struct ranges_kind *kind,
    struct ranges *ranges, const char **why)
{
	for (;;) {
		struct range range;

		if (read_range(&text, kind, &range, why) < 0)
			return -1;
		*why = kind->too_many;
		if (ranges->count == RANGES_MAX)
			return -1;
		ranges->list[ranges->count++] = range;
		if (*text == '\0')
			return 0;
		text++; /* the comma */
	}
}

bool ranges_hold(const struct ranges *ranges, uint32_t number)
{
	for (int i = 0; i < ranges->count; i++)
		if (number >= ranges->list[i].first &&
		    number <= ranges->list[i].last)
			return true;
	return false;
}
