#include "histogram.h"

#include <sys/param.h>

#define PART (1 << HISTOGRAM_BITS)

/* How many bits of a time its bucket leaves out. */
static int shift_of(int64_t ns)
{
	return ns < PART ? 0
			 : 63 - HISTOGRAM_BITS - __builtin_clzll((uint64_t)ns);
}

/* The first PART buckets have one time each, and so have the next. */
static int bucket_of(int64_t ns)
{
	int shift = shift_of(ns);

	return (shift << HISTOGRAM_BITS) + (int)(ns >> shift);
}

static int64_t greatest_in(int bucket)
{
	int shift = bucket < 2 * PART ? 0 : (bucket >> HISTOGRAM_BITS) - 1;
	int64_t part = bucket - (shift << HISTOGRAM_BITS);

	return (int64_t)((((uint64_t)part + 1) << shift) - 1);
}

void histogram_add(struct histogram *histogram, int64_t ns)
{
	ns = MAX(ns, 0);
	if (histogram->count == 0 || ns < histogram->least)
		histogram->least = ns;
	if (histogram->count == 0 || ns > histogram->most)
		histogram->most = ns;
	histogram->count++;
	histogram->buckets[bucket_of(ns)]++;
}

int64_t histogram_at(const struct histogram *histogram, unsigned percent)
{
	uint64_t whole = histogram->count / 100 * percent;
	uint64_t rest = histogram->count % 100 * percent;
	uint64_t wanted = whole + (rest + 99) / 100;
	uint64_t seen = 0;

	for (int i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += histogram->buckets[i];
		if (seen >= wanted && seen > 0)
			return MIN(greatest_in(i), histogram->most);
	}
	return 0;
}
