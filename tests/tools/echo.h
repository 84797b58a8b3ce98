/* A server that sends back what it receives, and its client. */
#ifndef ECHO_H
#define ECHO_H

#include <stdbool.h>
#include <stddef.h>

/* Serves the listener in a new thread until the process ends. */
void echo_start(int listener);

/* Sends this many bytes and waits until all have come back. */
bool echo_ask(int fd, size_t bytes);

/* Asks that many times; fills in the seconds of each, the shortest first. */
bool echo_time(int fd, size_t bytes, double *seconds, int rounds);

#endif
