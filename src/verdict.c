#include "verdict.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "deadline.h"
#include "log.h"
#include "trouble.h"

#define NS_PER_S 1e9
#define MIB      (1024.0 * 1024.0)

static void complain_of_flow(const struct flow *flow,
    const struct address *from, const struct address *to)
{
	static const char *const no_errno[] = {
		[FLOW_UNDELIVERED] = "write: the peer closed before it had "
				     "received everything",
		[FLOW_TRUNCATED] = "read: the stream ended without a "
				   "half-close: it may be truncated",
	};
	bool reads =
	    flow->fault == FLOW_READ_FAILED || flow->fault == FLOW_TRUNCATED;
	const struct address *who = reads ? from : to;
	const char *why = reads ? flow->from->why : flow->to->why;
	const char *step = reads ? "read" : "write";
	char name[ADDRESS_TEXT_SIZE];

	if (why != NULL) /* what it says is about the peer at the other side */
		log_error("%s: %s", address_name(reads ? to : from, name), why);
	else if (flow->fault == FLOW_UNDELIVERED ||
		 flow->fault == FLOW_TRUNCATED)
		log_error(
		    "%s: %s", address_name(who, name), no_errno[flow->fault]);
	else if (who->kind != ADDRESS_STDIO)
		trouble_at(who, step, flow->error);
	else /* it has no address */
		log_error("%s: %s: %s", reads ? "stdin" : "stdout", step,
		    strerror(flow->error));
}

/* One cause, one line: a reset is met by reading and by writing. */
static void complain_of_relay(const struct relay *relay,
    const struct address *near, const struct address *far)
{
	const struct flow *out = &relay->out;
	const struct flow *in = &relay->in;
	bool out_reads = out->fault == FLOW_READ_FAILED;
	bool in_reads = in->fault == FLOW_READ_FAILED;
	bool echo = relay->rules.way == RELAY_ECHO;

	/* a near side that says why it has failed is the cause */
	bool words = in->fault == FLOW_WRITE_FAILED && in->to->why != NULL;

	if (out->fault != FLOW_SOUND && (out_reads || !(in_reads || words)))
		complain_of_flow(out, near, far);
	if (in->fault != FLOW_SOUND && (in_reads || !out_reads))
		complain_of_flow(in, far, echo ? far : near);
}

/* A time limit that cut nothing off is no failure: -q asks for just that. */
enum status verdict_give(const struct relay *relay, const struct address *near,
    const struct address *far)
{
	char name[ADDRESS_TEXT_SIZE];
	bool cut = flow_held(&relay->out) > 0 || flow_held(&relay->in) > 0 ||
		   stream_in_flight(relay->out.to) ||
		   stream_in_flight(relay->in.to);

	complain_of_relay(relay, near, far);
	if (relay->out.fault != FLOW_SOUND || relay->in.fault != FLOW_SOUND)
		return STATUS_FAILED;
	if (relay->state == RELAY_IDLE) {
		log_error("%s: idle: no byte in %g s", address_name(far, name),
		    relay->rules.idle);
		return STATUS_TIMEOUT;
	}
	if (relay->state == RELAY_QUIT && cut) {
		log_error("%s: quit: not all was delivered within %g s",
		    address_name(far, name), relay->rules.quit_after);
		return STATUS_TIMEOUT;
	}
	return STATUS_OK;
}

/* Whatever the last attempt met, it may be the time that ran out. */
enum status verdict_of_dial(const struct dial *dial, int *told)
{
	const struct dial_target *target = dial->target;
	bool in_vain = target->retry >= 0 && trouble_passes(dial->error);

	if (told == NULL || *told != dial->error)
		trouble_report(
		    &target->address, &dial->attempt.fault, dial->error);
	if (told != NULL)
		*told = dial->error;
	return in_vain || dial->error == ETIMEDOUT ? STATUS_TIMEOUT
						   : STATUS_FAILED;
}

void verdict_summarize(const struct relay *relay, const struct address *near,
    const struct address *far, int64_t began)
{
	uint64_t moved[2] = { 0, 0 };
	double seconds = (double)(deadline_now() - began) / NS_PER_S;
	char far_name[ADDRESS_TEXT_SIZE];
	char near_name[ADDRESS_TEXT_SIZE];
	double rate;

	relay_count(relay, moved);
	rate = seconds > 0
		   ? ((double)moved[0] + (double)moved[1]) / MIB / seconds
		   : 0;
	address_name(far, far_name);
	address_name(near, near_name);
	if (near->kind == ADDRESS_STDIO)
		log_error("%s: sent %" PRIu64 " bytes, received %" PRIu64
			  " bytes in %.2f s (%.1f MiB/s)",
		    far_name, moved[1], moved[0], seconds, rate);
	else
		log_error("%s -> %s: %" PRIu64 " bytes, back %" PRIu64
			  " bytes in %.2f s (%.1f MiB/s)",
		    far_name, near_name, moved[0], moved[1], seconds, rate);
}
