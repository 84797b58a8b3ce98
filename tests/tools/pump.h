/* The stream between host and guest, as a VMM carries it. */
#ifndef PUMP_H
#define PUMP_H

#include <stdbool.h>

/*
 * Copies both ways until the VMM would close both sockets; the caller does.
 *
 * With half_closes, an end on one side is handed on to the other. Without,
 * the host's ends the guest's both directions and drops what the guest has
 * yet to say; the guest's is told to nobody until the guest closes.
 */
void pump_run(int host, int guest, bool half_closes);

#endif
