/* Time, in seconds. */
#ifndef TIMING_H
#define TIMING_H

/* The monotonic clock. */
double timing_now(void);

/* Sleeps for so long, whatever signals come. */
void timing_pause(double seconds);

/* Has SIGALRM call at_end after so long. */
void timing_limit(double seconds, void (*at_end)(int));

/* Sorts count times, the shortest first. */
void timing_sort(double *seconds, int count);

#endif
