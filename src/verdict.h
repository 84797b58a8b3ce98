/*
 * How a relay went, in words and as an exit status.
 */
#ifndef VCAT_VERDICT_H
#define VCAT_VERDICT_H

#include <stdint.h>

#include "address.h"
#include "relay.h"
#include "status.h"

struct verdict {
	const struct relay *relay;  /* that is over */
	const struct address *near; /* ADDRESS_STDIO for stdin and stdout */
	const struct address *far;
	int64_t began; /* deadline_now() then */
};

/* Says what went wrong, one line for one cause. Returns the exit status. */
enum status verdict_give(const struct verdict *verdict);

/* Says how many bytes were moved, in what time, and how fast that was. */
void verdict_summarize(const struct verdict *verdict);

#endif
