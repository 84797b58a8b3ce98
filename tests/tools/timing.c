#include "timing.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

double timing_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void timing_pause(double seconds)
{
	struct timespec left = {
		.tv_sec = (time_t)seconds,
		.tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9),
	};

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		continue;
}

void timing_limit(double seconds, void (*at_end)(int))
{
	double fraction = seconds - (double)(time_t)seconds;
	struct itimerval timer = {
		.it_value.tv_sec = (time_t)seconds,
		.it_value.tv_usec = (suseconds_t)(fraction * 1e6),
	};

	signal(SIGALRM, at_end);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static int compare(const void *a, const void *b)
{
	double one = *(const double *)a, other = *(const double *)b;

	return (one > other) - (one < other);
}

void timing_sort(double *seconds, int count)
{
	qsort(seconds, (size_t)count, sizeof(*seconds), compare);
}
