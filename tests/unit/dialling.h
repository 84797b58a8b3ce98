/*
 * A dial, step by step.
 */
#ifndef VCAT_TEST_DIALLING_H
#define VCAT_TEST_DIALLING_H

#include "dial.h"

/* Goes on with what poll(2) says, once; no longer than ms. */
static inline enum dial_state dial_step(struct dial *dial, int ms)
{
	struct pollfd p = dial_interest(dial);
	int limit = deadline_poll_ms(dial_deadline(dial));

	if (limit >= 0 && limit < ms)
		ms = limit;
	poll(&p, 1, ms);
	return dial_advance(dial, p.fd < 0 ? 0 : p.revents);
}

/* Until it is over. Returns 0 if connected, else -1. */
static inline int dial_run(struct dial *dial)
{
	while (dial_step(dial, 1000) < DIAL_CONNECTED)
		;
	return dial->state == DIAL_CONNECTED ? 0 : -1;
}

#endif
