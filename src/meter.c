#include "meter.h"

#include <unistd.h>

#include "fd.h"

void meter_begin(struct meter *meter, const struct relay *relay)
{
	off_t left = -1;

	if (meter->wanted && relay->out.state == FLOW_OPEN)
		left = fd_left(relay->out.from->in.fd);
	progress_begin(&meter->progress, meter->wanted,
	    left > 0 ? (uint64_t)left : PROGRESS_UNKNOWN);
	meter->screen =
	    meter->progress.shown && isatty(relay->in.to->out.fd) != 0;
}

void meter_give_way(struct meter *meter, const struct relay *relay)
{
	if (meter->screen &&
	    (flow_held(&relay->in) > 0 || stream_has_unread(relay->in.from))) {
		progress_end(&meter->progress);
		meter->screen = false;
	}
}

/* The answer to a file that has been sent may be the longer one. */
void meter_count(struct meter *meter, const struct relay *relay)
{
	struct progress *progress = &meter->progress;
	uint64_t moved = relay->out.bytes;

	if (moved >= progress->total && relay->in.bytes > 0)
		progress->total = PROGRESS_UNKNOWN;
	if (progress->total == PROGRESS_UNKNOWN)
		moved += relay->in.bytes;
	progress_add(progress, moved - progress->bytes);
}
