/* A server that sends back what comes, and a client that asks it. */
#ifndef ECHO_H
#define ECHO_H

#include <stdbool.h>
#include <stddef.h>

/* Serves the listener in a thread of its own until the process ends. */
void echo_start(int listener);

/* Sends so many bytes and waits for all of them to come back. */
bool echo_ask(int fd, size_t bytes);

/* Asks rounds times; fills in the seconds of each, in rising order. */
bool echo_time(int fd, size_t bytes, double *seconds, int rounds);

#endif
