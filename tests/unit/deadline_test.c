/*
 * Deadlines: near, far, never, and what they are for poll(2).
 */
#include "deadline.h"

#include <limits.h>
#include <poll.h>

#include "test.h"

static void test_never(void)
{
	struct deadline never = deadline_never();

	CHECK(deadline_is_never(never));
	CHECK(!deadline_passed(never));
	CHECK_INT(deadline_poll_ms(never), -1);
}

static void test_now(void)
{
	CHECK(deadline_passed(deadline_in(0)));
	CHECK_INT(deadline_poll_ms(deadline_in(0)), 0);
	CHECK(!deadline_is_never(deadline_in(0)));
	CHECK(deadline_passed(deadline_in(-5)));
	CHECK_INT(deadline_poll_ms(deadline_in(-5)), 0);
}

static void test_later(void)
{
	struct deadline d = deadline_in(100);

	CHECK(!deadline_passed(d));
	CHECK(!deadline_is_never(d));
	CHECK(deadline_poll_ms(d) <= 100000);
	CHECK(deadline_poll_ms(d) > 95000);
}

static void test_fraction(void)
{
	int64_t began = deadline_now();
	struct deadline d = deadline_in(0.05);

	CHECK(!deadline_passed(d));
	CHECK(deadline_poll_ms(d) <= 50);
	poll(NULL, 0, deadline_poll_ms(d));
	CHECK(deadline_passed(d));
	CHECK(deadline_now() - began >= 50000000);
}

static void test_rounded_up(void)
{
	struct deadline d = { .at = deadline_now() + 400000000 };
	int ms = deadline_poll_ms(d);

	/* not a poll(2) too early, to be repeated until it has passed */
	poll(NULL, 0, ms);
	CHECK(deadline_passed(d));
	d.at = deadline_now() + 1;
	CHECK(deadline_poll_ms(d) <= 1);
}

static void test_limit(void)
{
	CHECK(deadline_is_never(deadline_limit(0)));
	CHECK(!deadline_is_never(deadline_limit(0.001)));
	CHECK(deadline_poll_ms(deadline_limit(10)) <= 10000);
	CHECK(deadline_poll_ms(deadline_limit(10)) > 9000);
}

static void test_far(void)
{
	CHECK_INT(deadline_poll_ms(deadline_in(1e8)), INT_MAX);
	CHECK_INT(deadline_poll_ms(deadline_in(1e9)), INT_MAX);
	CHECK(!deadline_passed(deadline_in(1e9)));
	CHECK(!deadline_passed(deadline_in(3e9)));
	CHECK(!deadline_passed(deadline_in(1e18)));
	CHECK(!deadline_passed(deadline_in(1e300)));
}

static void test_first(void)
{
	struct deadline near = deadline_in(1);
	struct deadline far = deadline_in(2);
	struct deadline never = deadline_never();

	CHECK_INT(deadline_first(near, far).at, near.at);
	CHECK_INT(deadline_first(far, near).at, near.at);
	CHECK_INT(deadline_first(never, far).at, far.at);
	CHECK_INT(deadline_first(far, never).at, far.at);
	CHECK(deadline_is_never(deadline_first(never, never)));
}

static void test_clock(void)
{
	int64_t a = deadline_now();
	int64_t b = deadline_now();

	CHECK(a > 0);
	CHECK(b >= a);
}

static const struct test tests[] = {
	{ "deadline: never does not pass, and waits without limit",
	    test_never },
	{ "deadline: no time at all has passed at once", test_now },
	{ "deadline: later has not passed yet", test_later },
	{ "deadline: a fraction of a second passes when it should",
	    test_fraction },
	{ "deadline: milliseconds are rounded up", test_rounded_up },
	{ "deadline: a limit of 0 seconds is none", test_limit },
	{ "deadline: far away is neither passed nor too long for poll",
	    test_far },
	{ "deadline: the first of two, and never is the last", test_first },
	{ "deadline: the clock does not go back", test_clock },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
