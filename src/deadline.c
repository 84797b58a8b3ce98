#include "deadline.h"

#include <limits.h>
#include <time.h>

#define NS_PER_S  1000000000LL
#define NS_PER_MS 1000000LL
/* What is further away than a century is never, and cannot overflow. */
#define FAR_AWAY_S 3.2e9

int64_t deadline_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

struct deadline deadline_never(void)
{
	return (struct deadline){ .at = INT64_MAX };
}

struct deadline deadline_in(double seconds)
{
	if (seconds >= FAR_AWAY_S)
		return deadline_never();
	return (struct deadline){
		.at = deadline_now() + (int64_t)(seconds * (double)NS_PER_S),
	};
}

struct deadline deadline_limit(double seconds)
{
	return seconds == 0 ? deadline_never() : deadline_in(seconds);
}

struct deadline deadline_first(struct deadline a, struct deadline b)
{
	return a.at < b.at ? a : b;
}

bool deadline_is_never(struct deadline d)
{
	return d.at == INT64_MAX;
}

bool deadline_passed(struct deadline d)
{
	return !deadline_is_never(d) && d.at <= deadline_now();
}

int deadline_poll_ms(struct deadline d)
{
	int64_t left;

	if (deadline_is_never(d))
		return -1;
	left = (d.at - deadline_now() + NS_PER_MS - 1) / NS_PER_MS;
	if (left < 0)
		return 0;
	return left < INT_MAX ? (int)left : INT_MAX;
}
