/*
 * What must become of a relay, told from what its two users have done, and not
 * from how the relay works. It counts when the relay has come to rest, and the
 * users have read all that came.
 */
#ifndef VCAT_FUZZ_RELAY_MODEL_H
#define VCAT_FUZZ_RELAY_MODEL_H

#include "relay_rig.h"
#include "verdict.h"

#define SECOND      1000000000LL
#define LINGER      (2 * SECOND) /* of --send-only */
#define HOLD        (2 * SECOND) /* of --strict */
#define MODEL_STEPS 3            /* a way's end has come to the other's */

/* For each way: whether it is over, as far as the model can tell. */
struct model {
	bool out_whole, in_whole; /* all has come, and the end of it was said */
	bool out_lost, in_lost; /* bytes that their receiver did not wait for */
	bool out_done, in_done;
	bool near_gone, far_gone; /* nothing comes or goes any more */
};

/* Something was sent that cannot reach its user any more. */
static inline bool model_is_lost(const struct side *from, const struct side *to)
{
	return (to->deaf || to->jammed) && from->sent > rig_landed(to);
}

static inline bool model_is_whole(
    const struct side *from, const struct side *to)
{
	return from->said_end && from->sent == rig_landed(to);
}

/*
 * Nothing comes from it any more, nor goes to it: it has closed, or reads no
 * more and does not send, or is not listened to. A hang-up tells that if both
 * halves of the socket are shut; else a probe does, if there was one.
 */
static inline bool model_is_gone(
    const struct side *side, bool unheard, bool probed)
{
	bool shut = unheard && side->stream.ending == STREAM_SHUTDOWN;

	return side->socket && side->deaf &&
	       (side->said_end || shut || (unheard && probed));
}

static inline struct model model_of(const struct rig *rig, bool probed)
{
	const struct side *near = &rig->near;
	const struct side *far = &rig->far;
	bool send_only = rig->rules.way == RELAY_SEND_ONLY;
	bool recv_only = rig->rules.way == RELAY_RECV_ONLY;
	struct model model = {
		.out_whole = model_is_whole(near, far),
		.in_whole =
		    send_only ? far->said_end : model_is_whole(far, near),
		.out_lost = !recv_only && model_is_lost(near, far),
		.in_lost = !send_only && model_is_lost(far, near),
	};

	for (int i = 0; i < MODEL_STEPS; i++) {
		model.near_gone = model_is_gone(near,
		    recv_only ? probed : model.out_lost || model.far_gone,
		    probed);
		model.far_gone = model_is_gone(far,
		    model.in_lost || (model.near_gone && !send_only), probed);
		model.in_done = model.in_lost || model.in_whole ||
				(model.near_gone && !send_only);
		model.out_done = recv_only || model.out_lost ||
				 model.out_whole || model.far_gone ||
				 (rig->rules.end_with_far && model.in_done);
	}
	return model;
}

/*
 * Whether what happened to `from` on its way to `to` is an error for which the
 * other way is cut: surely, or, if the receiver has gone as well, perhaps.
 */
static inline bool model_cuts(const struct side *from, const struct side *to)
{
	return from->fails || (to->jammed && to->socket);
}

static inline bool model_cuts_surely(
    const struct side *from, const struct side *to)
{
	bool failed = from->fails && model_is_whole(from, to);
	bool jam = to->jammed && to->socket && model_is_lost(from, to);

	return !to->deaf && !from->deaf && (failed || jam);
}

/* Whether, by strictness, `out` may wait with its end; and whether it must. */
static inline bool model_may_hold(const struct rig *rig)
{
	return rig->rules.strict && rig->rules.way == RELAY_BOTH &&
	       rig->near.sent == 0 &&
	       (rig->far.sent > 0 || rig->ended_at < 0 ||
		   rig_clock - rig->ended_at < HOLD);
}

static inline bool model_holds(const struct rig *rig, const struct model *open)
{
	bool waited = rig->done_at >= 0 && rig->done_at - rig->ended_at >= HOLD;

	return model_may_hold(rig) && !waited && !open->in_done &&
	       !open->far_gone && !rig->near.fails;
}

static inline bool model_is_over(
    const struct rig *rig, const struct model *model)
{
	if (!model->out_done)
		return false;
	return model->in_done ||
	       (rig->rules.way == RELAY_SEND_ONLY &&
		   (model->out_lost || rig->near.reset || rig->near.breaks ||
		       rig->near.fails ||
		       rig->far.stream.ending != STREAM_SHUTDOWN));
}

/* When the relay is to end whatever its users do; INT64_MAX: never. */
static inline int64_t model_quit(const struct rig *rig)
{
	const struct relay_rules *rules = &rig->rules;

	if (rules->quit_after >= 0 && rig->ended_at >= 0)
		return rig->ended_at +
		       (int64_t)(rules->quit_after * (double)SECOND);
	if (rules->way == RELAY_SEND_ONLY && !rules->strict &&
	    rig->done_at >= 0)
		return rig->done_at + LINGER;
	return INT64_MAX;
}

/* Checks the time limits, after the relay has been run. */
static inline void model_check_time(const struct rig *rig)
{
	enum relay_state state = rig->relay.state;
	bool idle = rig->rules.idle > 0 &&
		    rig_clock - rig->moved_at >=
			(int64_t)(rig->rules.idle * (double)SECOND);
	bool quit = rig_clock >= model_quit(rig);

	must(state != RELAY_IDLE || idle, "idle too soon");
	must(state != RELAY_QUIT || quit, "quit too soon");
	must(state != RELAY_RUNNING || !idle, "not idle in time");
	must(state != RELAY_RUNNING || !quit, "no quit in time");
}

/* At rest, nothing waits that could move. */
static inline void model_check_rest(
    const struct flow *flow, const struct side *from)
{
	if (flow->state == FLOW_DONE || from->reset)
		return;
	if (flow_held(flow) > 0)
		must((fd_poll(flow->to->out.fd, POLLOUT, 0) & POLLOUT) == 0,
		    "there is room, and it does not write");
	else if (flow->state == FLOW_OPEN)
		must(rig_waiting(flow->from->in.fd) == 0,
		    "there are bytes, and it does not read");
}

/* What has been counted as delivered is what has come. */
static inline void model_check_count(
    const struct rig *rig, const struct flow *flow, const struct side *from)
{
	const struct side *to = from == &rig->near ? &rig->far : &rig->near;

	if (from == &rig->far && rig->rules.way == RELAY_SEND_ONLY)
		return;
	must(flow->bytes == rig_landed(to), "the count of bytes");
	if (flow->state == FLOW_OPEN)
		must(flow->bytes + flow_held(flow) +
			     rig_waiting(flow->from->in.fd) ==
			 from->sent,
		    "bytes got lost");
}

/* Checks a relay that has come to rest. */
static inline void model_check_still(const struct rig *rig)
{
	const struct relay *relay = &rig->relay;

	model_check_count(rig, &relay->out, &rig->near);
	model_check_count(rig, &relay->in, &rig->far);
	if (relay->state != RELAY_RUNNING)
		return;
	model_check_rest(&relay->out, &rig->near);
	model_check_rest(&relay->in, &rig->far);
}

/* Whether a way is done as it must be, or may be. */
static inline void model_check_done(
    const struct flow *flow, bool must_be, bool may_be)
{
	must(flow->state == FLOW_DONE || !must_be, "a way goes on");
	must(flow->state != FLOW_DONE || may_be, "a way is over too soon");
}

/* Adds what errors do to the ways. */
static inline struct model model_of_errors(const struct rig *rig, bool perhaps)
{
	const struct side *near = &rig->near;
	const struct side *far = &rig->far;
	struct model model = model_of(rig, perhaps);
	bool (*cuts)(const struct side *, const struct side *) =
	    perhaps ? model_cuts : model_cuts_surely;
	bool reads_near = rig->rules.way != RELAY_RECV_ONLY;
	bool drops = rig->rules.way == RELAY_SEND_ONLY;

	model.in_done = model.in_done || (reads_near && cuts(near, far));
	model.out_done =
	    model.out_done || (drops ? far->fails : cuts(far, near));
	return model;
}

/* Checks a relay that rests, with users who have read all that came. */
static inline void model_check_settled(const struct rig *rig)
{
	const struct relay *relay = &rig->relay;
	struct model sure = model_of_errors(rig, false);
	struct model open = model_of_errors(rig, true);
	bool cut = rig->far.reset || rig->near.reset || rig->far.may_break ||
		   rig->near.may_break;

	must(relay->state != RELAY_RUNNING || !model_is_over(rig, &sure),
	    "it goes on");
	must(relay->state != RELAY_ENDED || cut || model_is_over(rig, &open),
	    "it is over too soon");
	if (relay->state != RELAY_RUNNING)
		return;
	model_check_done(&relay->in, sure.in_done, open.in_done);
	model_check_done(&relay->out, sure.out_done && !model_may_hold(rig),
	    open.out_done && !model_holds(rig, &open));
	if (relay->out.state == FLOW_OPEN)
		must(rig_landed(&rig->far) == rig->near.sent, "out: not all");
	if (relay->in.state == FLOW_OPEN && rig->rules.way != RELAY_SEND_ONLY)
		must(rig_landed(&rig->near) == rig->far.sent, "in: not all");
}

/* The faults of one way: what is lost, and nothing else, is one. */
static inline void model_check_fault(
    const struct rig *rig, const struct flow *flow, const struct side *from)
{
	const struct side *to = from == &rig->near ? &rig->far : &rig->near;
	bool asked = flow->stop == FLOW_STOP_ASKED;

	switch (flow->fault) {
	case FLOW_SOUND:
		break;
	case FLOW_READ_FAILED:
		must(flow->error == EIO
			 ? from->fails
			 : from->reset && flow->error == ECONNRESET,
		    "read fault");
		break;
	case FLOW_WRITE_FAILED:
		must(flow->error == ENOSPC ? to->jammed : to->deaf,
		    "write fault");
		must(flow->error == ECONNRESET ? to->reset
					       : from->sent > rig_landed(to),
		    "a write fault without a loss");
		must(flow->error == EPIPE || flow->error == ENOSPC ||
			 flow->error == ECONNRESET,
		    "write error");
		break;
	case FLOW_UNDELIVERED:
		must(to->deaf && from->sent > to->landed, "undelivered");
		break;
	case FLOW_TRUNCATED:
		must(from->may_break, "truncated");
		break;
	}
	/* what is not read as it was not wanted is no loss */
	if (rig->relay.state == RELAY_ENDED && flow->fault == FLOW_SOUND &&
	    !asked && !flow_is_cut(flow) && flow->to != &rig->relay.nowhere &&
	    (from != &rig->near || rig->rules.way != RELAY_RECV_ONLY))
		must(rig_landed(to) == from->sent, "a loss without a fault");
	if (rig->relay.state == RELAY_ENDED && flow->fault == FLOW_SOUND)
		must(!from->fails || flow->stop != FLOW_STOP_END, "no fault");
}

/* The exit status that vcat would have. */
static inline void model_check_status(const struct rig *rig)
{
	static const struct address near = { .kind = ADDRESS_STDIO };
	static const struct address far = { .kind = ADDRESS_UNIX, .path = "f" };
	const struct relay *relay = &rig->relay;
	struct model model = model_of(rig, true);
	bool truncated = relay->out.fault == FLOW_TRUNCATED ||
			 relay->in.fault == FLOW_TRUNCATED;
	bool failed = relay->out.fault == FLOW_READ_FAILED ||
		      relay->in.fault == FLOW_READ_FAILED;
	bool fails = failed || model.in_lost || rig->near.reset ||
		     rig->far.reset || truncated || rig->far.breaks ||
		     rig->near.breaks;
	unsigned long before = fuzz_messages;
	enum status status = verdict_give(relay, &near, &far);

	must((status == STATUS_OK) == (fuzz_messages == before), "its message");
	if (relay->state == RELAY_IDLE)
		must(status != STATUS_OK, "the status of an idle one");
	if (relay->state != RELAY_ENDED)
		return;
	must(status == STATUS_OK || status == STATUS_FAILED, "the status");
	if (fails || (model.out_lost && !rig->rules.end_with_far))
		must(status == STATUS_FAILED, "a failure without its status");
	else if (!model.out_lost)
		must(status == STATUS_OK, "a status without a failure");
}

/* Checks how it ended. */
static inline void model_check_end(const struct rig *rig)
{
	model_check_fault(rig, &rig->relay.out, &rig->near);
	model_check_fault(rig, &rig->relay.in, &rig->far);
	model_check_status(rig);
}

#endif
