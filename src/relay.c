#include "relay.h"

#include <errno.h>
#include <sys/socket.h>

#include "fd.h"

/*
 * How often to look whether a peer that has half-closed has gone altogether:
 * poll(2) does not tell the one from the other on vsock.
 */
#define PROBE_SECONDS 0.25

/*
 * How long --send-only waits for the peer's close after its own half-close.
 * Closing at once would look like a sender that was killed; waiting for ever
 * would hang on a peer that never closes.
 */
#define LINGER_SECONDS 2.0

/*
 * How long --strict waits for a first byte before it half-closes on behalf of
 * an input in which there was nothing. Until we half-close, a killed sender
 * can be told from a finished one; but a peer may wait for our end.
 */
#define HOLD_SECONDS 2.0

/* Where a flow's two descriptors are in the array for poll(2). */
enum { OUT_READ, OUT_WRITE, IN_READ, IN_WRITE };

/* One-way relays have one flow that is over before it begins. */
static void relay_init_way(struct relay *relay)
{
	if (relay->rules.way == RELAY_SEND_ONLY) {
		stream_discarding(&relay->nowhere);
		flow_init(&relay->in, relay->far, &relay->nowhere,
		    relay->rules.buffer);
	}
	if (relay->rules.way == RELAY_RECV_ONLY)
		relay->out.state = FLOW_DONE;
}

static void relay_touch(struct relay *relay)
{
	if (relay->rules.idle > 0)
		relay->idle = deadline_in(relay->rules.idle);
}

/* Bytes become messages: a read brings no more than one message can hold. */
static size_t size_for(
    const struct stream *from, const struct stream *to, size_t buffer)
{
	size_t most = stream_message_most(to);

	return !from->kind->messages && most < buffer ? most : buffer;
}

void relay_init(struct relay *relay, struct stream *near, struct stream *far,
    const struct relay_rules *rules)
{
	*relay = (struct relay){
		.rules = *rules,
		.near = near,
		.far = far,
		.state = RELAY_RUNNING,
		.idle = deadline_never(),
		.quit = deadline_never(),
		.probe = deadline_never(),
		.hold = deadline_never(),
	};
	flow_init(&relay->out, near, far, size_for(near, far, rules->buffer));
	flow_init(&relay->in, far, near, size_for(far, near, rules->buffer));
	flow_set_pool(&relay->out, rules->pipes);
	flow_set_pool(&relay->in, rules->pipes);
	relay_init_way(relay);
	relay_touch(relay);
}

void relay_free(struct relay *relay)
{
	flow_free(&relay->out);
	flow_free(&relay->in);
}

/*
 * Whether a peer from which nothing more will come may have closed altogether
 * while there is, or may be, something to send to it: the state in which only
 * a probe can tell.
 */
static bool probe_needed(const struct flow *from_it, const struct flow *to_it)
{
	return to_it->to->socket &&
	       (from_it->end_read || from_it->state == FLOW_DONE) &&
	       (to_it->state == FLOW_OPEN || to_it->state == FLOW_DRAINING);
}

/* A descriptor without interest must not be polled: a hang-up would spin. */
static struct pollfd poll_entry(int fd, bool wanted, short events)
{
	return (struct pollfd){ .fd = wanted ? fd : -1, .events = events };
}

/* The two entries of one flow; `back` is the flow the other way. */
static void flow_interest(
    const struct flow *flow, const struct flow *back, struct pollfd fds[2])
{
	bool output = flow_wants_output(flow);
	/* hang-ups and errors are reported whatever the events */
	bool hangup = probe_needed(back, flow);

	fds[0] = poll_entry(flow->from->in.fd, flow_wants_input(flow), POLLIN);
	if (output)
		fds[1] =
		    poll_entry(stream_writable_fd(flow->to), true, POLLOUT);
	else
		fds[1] = poll_entry(flow->to->out.fd, hangup, 0);
}

void relay_interest(const struct relay *relay, struct pollfd fds[RELAY_FDS])
{
	flow_interest(&relay->out, &relay->in, fds + OUT_READ);
	flow_interest(&relay->in, &relay->out, fds + IN_READ);
}

static bool flow_note(struct flow *flow, const struct pollfd fds[2])
{
	if (fds[0].revents != 0)
		flow->readable = true;
	if (fds[1].revents != 0)
		flow->writable = true;
	return (fds[1].revents & (POLLHUP | POLLERR)) != 0;
}

static void check_peer(const struct flow *from_it, struct flow *to_it)
{
	if (probe_needed(from_it, to_it) && stream_peer_closed(to_it->to))
		flow_abandon(to_it);
}

/*
 * The end has just been read. A peer that half-closed is still there to wait
 * for our close; one that was killed is not. It cannot be told any more once
 * we have half-closed ourselves.
 */
static void check_truncation(struct flow *flow)
{
	if (flow->fault != FLOW_SOUND || !flow->from->socket ||
	    flow->from->finished || !stream_peer_closed(flow->from))
		return;
	flow->fault = FLOW_TRUNCATED;
	flow->error = 0;
}

/*
 * After some failures there is no use in the other direction: the peer could
 * not be told that our end is none, and would wait. What has been received is
 * still delivered. A receiver that has gone is another matter: its side may
 * still send.
 */
static void end_after_failure(const struct flow *flow, struct flow *back)
{
	bool gone = flow->error == EPIPE || flow->error == ECONNRESET;
	bool useless =
	    flow->fault == FLOW_READ_FAILED ||
	    (flow->fault == FLOW_WRITE_FAILED && flow->to->socket && !gone);

	if (!useless || back->state != FLOW_OPEN)
		return;
	flow_break_off(back);
	flow_advance(back);
}

static void advance_flow(
    struct relay *relay, struct flow *flow, struct flow *back, bool look)
{
	bool ended = flow->end_read;

	flow_advance(flow);
	ended = flow->end_read && !ended;
	if (ended && relay->rules.strict)
		check_truncation(flow);
	if (ended || look)
		check_peer(flow, back);
}

/*
 * Whether a close would be too soon for a peer that we do not listen to: if it
 * sends something yet, a TCP socket drops what has not been acknowledged.
 */
static bool relay_unsent(const struct relay *relay)
{
	return relay->rules.way == RELAY_SEND_ONLY &&
	       relay->out.state == FLOW_DONE && stream_unsent(relay->far);
}

static void relay_note_end(struct relay *relay)
{
	const struct relay_rules *rules = &relay->rules;
	bool sent_all = relay->out.state == FLOW_DONE && !relay_unsent(relay);

	if (!deadline_is_never(relay->quit))
		return;
	if (rules->quit_after >= 0 && relay->out.end_read)
		relay->quit = deadline_in(rules->quit_after);
	else if (rules->way == RELAY_SEND_ONLY && sent_all && !rules->strict)
		relay->quit = deadline_in(LINGER_SECONDS);
}

/* Nobody waits for the peer's close where it was not told of our end. */
static bool relay_over(const struct relay *relay)
{
	const struct flow *out = &relay->out;
	bool told = relay->far->ending == STREAM_SHUTDOWN;

	if (out->state != FLOW_DONE)
		return false;
	if (relay->in.state == FLOW_DONE)
		return true;
	return relay->rules.way == RELAY_SEND_ONLY &&
	       (out->fault != FLOW_SOUND || (!told && !relay_unsent(relay)));
}

static void relay_set_probe(struct relay *relay)
{
	if (!probe_needed(&relay->in, &relay->out) &&
	    !probe_needed(&relay->out, &relay->in) && !relay_unsent(relay))
		relay->probe = deadline_never();
	else if (deadline_is_never(relay->probe) ||
		 deadline_passed(relay->probe))
		relay->probe = deadline_in(PROBE_SECONDS);
}

static enum relay_state relay_judge(const struct relay *relay)
{
	if (relay_over(relay))
		return RELAY_ENDED;
	if (deadline_passed(relay->quit))
		return RELAY_QUIT;
	if (deadline_passed(relay->idle))
		return RELAY_IDLE;
	return RELAY_RUNNING;
}

/*
 * A peer that resets after it has half-closed is not read from any more, and
 * need not be written to: its error waits at the socket for who asks.
 */
static void check_error(struct flow *flow)
{
	int error = flow->to->socket && flow->fault == FLOW_SOUND
			? fd_socket_number(flow->to->out.fd, SO_ERROR)
			: 0;

	if (error > 0)
		flow_fail(flow, FLOW_WRITE_FAILED, error);
}

/* Whether the end of an empty input had better not be told to the peer yet. */
static bool should_hold(struct relay *relay)
{
	const struct flow *in = &relay->in;
	const struct flow *out = &relay->out;

	if (!relay->rules.strict || relay->rules.way != RELAY_BOTH ||
	    out->moved > 0 || in->state != FLOW_OPEN)
		return false;
	if (in->moved > 0)
		relay->hold = deadline_never();
	else if (out->end_read && deadline_is_never(relay->hold))
		relay->hold = deadline_in(HOLD_SECONDS);
	return !deadline_passed(relay->hold);
}

static void advance_out(struct relay *relay, bool look)
{
	struct flow *out = &relay->out;

	if (relay->rules.end_with_far && relay->in.state == FLOW_DONE)
		flow_end_input(out);
	out->hold_end = should_hold(relay);
	advance_flow(relay, out, &relay->in, look);
	if (!out->hold_end || should_hold(relay))
		return;
	out->hold_end = false; /* bytes came with the end */
	advance_flow(relay, out, &relay->in, false);
}

enum relay_state relay_advance(
    struct relay *relay, const struct pollfd fds[RELAY_FDS])
{
	struct flow *in = &relay->in;
	struct flow *out = &relay->out;
	uint64_t before = out->moved + in->moved;
	bool look = deadline_passed(relay->probe);

	look = flow_note(out, fds + OUT_READ) || look;
	look = flow_note(in, fds + IN_READ) || look;
	advance_flow(relay, in, out, look);
	advance_out(relay, look);
	end_after_failure(in, out);
	end_after_failure(out, in);
	if (out->moved + in->moved != before)
		relay_touch(relay);
	relay_note_end(relay);
	relay_set_probe(relay);
	relay->state = relay_judge(relay);
	if (relay->state == RELAY_ENDED) {
		check_error(out);
		check_error(in);
	}
	return relay->state;
}

struct deadline relay_deadline(const struct relay *relay)
{
	struct deadline first = deadline_first(
	    relay->probe, deadline_first(relay->idle, relay->quit));

	return relay->out.hold_end ? deadline_first(first, relay->hold) : first;
}
