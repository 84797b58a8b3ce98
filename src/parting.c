#include "parting.h"

#include <poll.h>

#include "fd.h"
#include "flow.h"

/* Whether a close passes an end on to that stream. */
static bool close_tells(const struct stream *to)
{
	return to->socket && to->outbox == NULL &&
	       to->ending == STREAM_SHUTDOWN;
}

bool parting_by_both(struct flow *flow, struct flow *back)
{
	if (flow->stop != FLOW_STOP_END ||
	    flow_held(flow) + flow_held(back) > 0 || !close_tells(flow->from) ||
	    !close_tells(flow->to) || fd_poll(flow->to->in.fd, POLLIN, 0) != 0)
		return false;
	flow_let_go(flow);
	flow_let_go(back);
	/* poll(2) would have said it */
	flow->sound = true;
	back->sound = (flow->said & (POLLHUP | POLLERR)) == POLLHUP;
	return true;
}

bool parting_by_last(struct flow *flow, const struct flow *back)
{
	bool last = flow->state == FLOW_DRAINING &&
		    flow->stop == FLOW_STOP_END && back->state == FLOW_DONE &&
		    back->stop == FLOW_STOP_END && flow_held(flow) == 0 &&
		    close_tells(flow->to);

	if (last)
		flow_let_go(flow);
	return last;
}
