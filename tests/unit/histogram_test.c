/*
 * Percentiles from buckets, against those of the sorted times.
 */
#include "histogram.h"

#include <stdlib.h>

#include "test.h"

#define TIMES 10000

static int64_t times[TIMES];
static struct histogram histogram;

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Fills both with as many times, which sorts them here. */
static void fill(int count)
{
	histogram = (struct histogram){ 0 };
	for (int i = 0; i < count; i++)
		histogram_add(&histogram, times[i]);
	qsort(times, (size_t)count, sizeof times[0], compare);
}

/* Each percentile is the true one, or up to 0.8 % more. */
static void check_all(int count)
{
	for (int percent = 1; percent <= 100; percent++) {
		int rank = (count * percent + 99) / 100;
		int64_t exact = times[rank - 1];
		int64_t got = histogram_at(&histogram, (unsigned)percent);

		if (!CHECK(got >= exact && got <= exact + exact / 125))
			printf("# %d times, %d %%: %lld, not %lld\n", count,
			    percent, (long long)got, (long long)exact);
	}
	CHECK_INT(histogram.least, times[0]);
	CHECK_INT(histogram.most, times[count - 1]);
	CHECK_INT(histogram_at(&histogram, 100), times[count - 1]);
}

static void test_none(void)
{
	fill(0);
	CHECK_INT(histogram.count, 0);
	CHECK_INT(histogram_at(&histogram, 50), 0);
}

static void test_few(void)
{
	times[0] = 123456789;
	fill(1);
	check_all(1);
	CHECK_INT(histogram_at(&histogram, 1), 123456789);
	for (int i = 0; i < 5; i++)
		times[i] = 1000 * (5 - i);
	fill(5);
	check_all(5);
}

static void test_small(void)
{
	/* these have a bucket each: the exact value is known */
	for (int i = 0; i < 256; i++)
		times[i] = i;
	fill(256);
	CHECK_INT(histogram_at(&histogram, 50), 127);
	CHECK_INT(histogram_at(&histogram, 1), 2);
	check_all(256);
}

static void test_many(void)
{
	uint64_t random = 1;

	/* from nanoseconds to hours, as many of each size */
	for (int i = 0; i < TIMES; i++) {
		random = random * 6364136223846793005U + 1442695040888963407U;
		times[i] = (int64_t)(random >> 20 >> (random & 31));
	}
	fill(TIMES);
	check_all(TIMES);
}

static void test_limits(void)
{
	times[0] = -5;
	times[1] = INT64_MAX;
	fill(2);
	CHECK_INT(histogram.least, 0);
	CHECK(histogram.most == INT64_MAX);
	CHECK_INT(histogram_at(&histogram, 50), 0);
	CHECK(histogram_at(&histogram, 51) == INT64_MAX);
	for (int shift = 0; shift < 63; shift++) {
		times[0] = (1LL << shift) - 1;
		times[1] = 1LL << shift;
		times[2] = (1LL << shift) + 1;
		fill(3);
		check_all(3);
	}
}

static const struct test tests[] = {
	{ "histogram: without times, percentiles are 0", test_none },
	{ "histogram: of few times, each is one of them", test_few },
	{ "histogram: short times are exact", test_small },
	{ "histogram: of many times, percentiles are 0.8 % off at most",
	    test_many },
	{ "histogram: any time has a bucket", test_limits },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
