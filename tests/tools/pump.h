/* The stream between host and guest, as a VMM carries it. */
#ifndef PUMP_H
#define PUMP_H

#include <stdbool.h>

/*
 * Copies both ways until the VMM would close both sockets; the caller does.
 *
 * With half_closes, the end of one side half-closes the other. Without it, the
 * host's end closes the connection and drops what the guest still sends, and
 * the guest's end is not passed on until the guest closes.
 */
void pump_run(int host, int guest, bool half_closes);

#endif
