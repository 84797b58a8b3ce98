/* Time, in seconds. */
#ifndef TIMING_H
#define TIMING_H

/* The monotonic clock. */
double timing_now(void);

/* Sleeps for this long, despite signals. */
void timing_pause(double seconds);

/* Calls at_end, as the handler of SIGALRM, after this long. */
void timing_limit(double seconds, void (*at_end)(int));

/* Sorts count times, the shortest first. */
void timing_sort(double *seconds, int count);

#endif
