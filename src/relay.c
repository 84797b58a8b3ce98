/*
 * How a relay works
 *
 * A relay has two flows: `out` carries bytes from the near side to the far
 * side, `in` carries them back. A side is a stream; it is the source of one
 * flow and the sink of the other. Each flow has its own buffer and its own
 * state, so that neither can stall the other.
 *
 * States of a flow, and what each event does to it:
 *
 *                  FLOW_OPEN                FLOW_DRAINING       FLOW_DONE
 *   data           read and written         (not read)          -
 *   source's EOF   -> DRAINING              (not read)          -
 *   read error     fault, -> DRAINING       (not read)          -
 *   buffer full    stops polling the        (not read)          -
 *                  source until there is
 *                  room; loses nothing
 *   sink full      polls the sink           polls the sink      -
 *   all written    polls the source         passes the end on,  -
 *                                           -> DONE
 *   write error    fault, stops reading     fault, -> DONE      -
 *                  the source, -> DONE
 *   sink gone      a fault if bytes are     a fault if bytes    -
 *                  held or wait to be       are held, -> DONE
 *                  read; -> DONE
 *
 * "Passes the end on" means a half-close for a socket and close(2) for stdout,
 * see enum stream_ending. After a read error the sink of a flow gets what was
 * read before the error. A sink that is a socket is then not half-closed,
 * since its peer would take the stream for complete.
 *
 * What one flow does to the other:
 *  - An end is no reason to stop: after one side's EOF, and after EPIPE, the
 *    opposite flow goes on until its own end.
 *  - Any other failure stops the opposite flow, since the peer cannot be told
 *    that our end is not a real one, and would wait for more. The opposite
 *    flow reads no more (FLOW_STOP_CUT), and delivers what it holds. See
 *    cut_after_failure().
 *  - rules.end_with_far: when `in` is done, `out` stops reading.
 * The relay has ended when both flows are done. A one-way relay starts with
 * `out` done (RELAY_RECV_ONLY), or has an `in` that drops all bytes
 * (RELAY_SEND_ONLY) so that the far side cannot stall. An echo (RELAY_ECHO) has
 * only `in`, whose sink is its source, too.
 *
 * Probing. After we have read EOF from a peer, poll(2) on a VM socket does not
 * tell whether the peer only half-closed or has gone. While there is, or may
 * be, something to send to such a peer, the relay asks the socket
 * (stream_peer_closed(): a zero-length send, which sends nothing): at once when
 * the EOF is read, when poll(2) reports a hang-up, and at each tick of the
 * `probe` timer. A peer that has gone is the event "sink gone" above. With
 * rules.strict the relay also asks about the peer whose EOF it has just read,
 * before it half-closes towards it: a peer that has gone by then has not
 * half-closed first, so that the stream counts as truncated.
 *
 * Timers. All of them are looked at in relay_advance() only; set_timers() sets
 * and clears them.
 *   idle   Set at the start and after each byte moved, if rules.idle asks for
 *          it. When it passes, the relay ends as RELAY_IDLE.
 *   quit   Set once, never cleared: rules.quit_after seconds after the near
 *          side's EOF; or, for RELAY_SEND_ONLY, LINGER_SECONDS after all has
 *          been sent. When it passes, the relay ends as RELAY_QUIT.
 *   probe  Set while probing is needed (or a TCP peer has yet to acknowledge
 *          what RELAY_SEND_ONLY has sent), again after each tick; cleared
 *          when it no longer is. When it passes, the relay probes.
 *   hold   rules.strict only: set when the near side has ended without a byte.
 *          Until it passes, `out` does not pass its end on. It is cleared
 *          when the far side sends something; then `out` waits for the far
 *          side's end instead. See holds_end().
 */
#include "relay.h"

#include <errno.h>
#include <sys/socket.h>

#include "fd.h"
#include "parting.h"

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

void relay_init(struct relay *relay, struct stream *near, struct stream *far,
    const struct relay_rules *rules)
{
	bool echo = rules->way == RELAY_ECHO;

	*relay = (struct relay){
		.rules = *rules,
		.nowhere = stream_nowhere,
		.idle = deadline_limit(rules->idle),
		.quit = deadline_never(),
		.probe = deadline_never(),
		.hold = deadline_never(),
	};
	near = echo ? far : near;
	flow_init(&relay->out, near, far, rules->buffer);
	flow_init(&relay->in, far,
	    rules->way == RELAY_SEND_ONLY ? &relay->nowhere : near,
	    rules->buffer);
	relay->out.splice.pool = rules->pipes;
	relay->in.splice.pool = rules->pipes;
	if (rules->way == RELAY_RECV_ONLY || echo)
		relay->out.state = FLOW_DONE;
}

void relay_free(struct relay *relay)
{
	flow_free(&relay->out);
	flow_free(&relay->in);
}

void relay_count(const struct relay *relay, uint64_t moved[2])
{
	bool echo = relay->rules.way == RELAY_ECHO;

	moved[0] += relay->in.bytes;
	moved[1] += echo ? relay->in.bytes : relay->out.bytes;
}

/* Whether reading has ended by itself: by an end of the stream or an error. */
static bool has_read_all(const struct flow *flow)
{
	return flow->stop == FLOW_STOP_END || flow->stop == FLOW_STOP_ERROR;
}

/*
 * Whether a peer from which nothing more will come may have closed altogether
 * while there is, or may be, something to send to it: the state in which only
 * a probe can tell.
 */
static bool probe_needed(const struct flow *from_it, const struct flow *to_it)
{
	return to_it->to->socket &&
	       (has_read_all(from_it) || from_it->state == FLOW_DONE) &&
	       (to_it->state == FLOW_OPEN || flow_held(to_it) > 0);
}

/*
 * Whether `out`, which has read an end and no byte, is not to pass the end on
 * yet: as long as the far side sends, or for HOLD_SECONDS if it does not.
 */
static bool holds_end(const struct relay *relay)
{
	return relay->rules.strict && relay->rules.way == RELAY_BOTH &&
	       relay->in.state == FLOW_OPEN &&
	       relay->out.state == FLOW_DRAINING && relay->out.moved == 0 &&
	       !deadline_passed(relay->hold);
}

/* The flow that reads from the peer to which `in` writes. */
static const struct flow *behind_in(const struct relay *relay)
{
	return relay->rules.way == RELAY_ECHO ? &relay->in : &relay->out;
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
	fds[0] = poll_entry(flow->from->in.fd, flow_wants_input(flow), POLLIN);
	/* hang-ups and errors are reported whatever the events */
	fds[1] =
	    flow_wants_output(flow)
		? poll_entry(stream_writable_fd(flow->to), true, POLLOUT)
		: poll_entry(flow->to->out.fd, probe_needed(back, flow), 0);
}

void relay_interest(const struct relay *relay, struct pollfd fds[RELAY_FDS])
{
	flow_interest(&relay->out, &relay->in, fds + OUT_READ);
	flow_interest(&relay->in, behind_in(relay), fds + IN_READ);
	if (holds_end(relay))
		fds[OUT_WRITE].fd = -1;
}

/* Notes what poll(2) says. Returns whether the sink has an error or hang-up. */
static bool flow_note(struct flow *flow, const struct pollfd fds[2])
{
	flow->said = fds[0].revents;
	flow->readable |= fds[0].revents != 0;
	flow->writable |= fds[1].revents != 0;
	return (fds[1].revents & (POLLHUP | POLLERR)) != 0;
}

/*
 * The end has just been read. A peer that half-closed is still there to wait
 * for our close; one that was killed is not. It cannot be told any more once
 * we have half-closed ourselves.
 */
static void check_truncation(struct flow *flow)
{
	if (flow->stop == FLOW_STOP_END && flow->from->socket &&
	    !flow->from->finished && stream_peer_closed(flow->from))
		flow_note_fault(flow, FLOW_TRUNCATED, 0);
}

/* Whether the peer that sent the end has closed. poll(2) tells of TCP, and goes
 * on to watch. */
static bool has_gone(const struct flow *flow)
{
	if ((flow->said & (POLLHUP | POLLERR)) != 0)
		return true;
	return (flow->said == 0 || !flow->from->resets) &&
	       stream_peer_closed(flow->from);
}

/* Passes the end of `flow` on, by the close that follows if that does. */
static void finish(
    const struct relay *relay, struct flow *flow, const struct flow *back)
{
	if (!relay->rules.closes || !parting_by_last(flow, back))
		flow_finish(flow);
}

/* With look, asks whether the peer to which `back` writes has gone. */
static void advance(
    const struct relay *relay, struct flow *flow, struct flow *back, bool look)
{
	bool knew = has_read_all(flow);

	flow_advance(flow);
	if (has_read_all(flow) && !knew) {
		look = true;
		if (relay->rules.strict)
			check_truncation(flow);
	}
	if (look && probe_needed(flow, back) && has_gone(flow) &&
	    !(relay->rules.closes && parting_by_both(flow, back)))
		flow_abandon(back);
}

/*
 * After some failures there is no use in the other direction: the peer could
 * not be told that our end is none, and would wait. What has been received is
 * still delivered. A receiver that has gone is another matter: its side may
 * still send.
 */
static void cut_after_failure(const struct flow *flow, struct flow *back)
{
	bool gone = flow->error == EPIPE || flow->error == ECONNRESET;

	if (flow->fault == FLOW_READ_FAILED ||
	    (flow->fault == FLOW_WRITE_FAILED && flow->to->socket && !gone)) {
		flow_stop(back, FLOW_STOP_CUT);
		flow_finish(back);
	}
}

/*
 * Whether a close would be too soon for a peer that we do not listen to: if it
 * sends something yet, a TCP socket drops what has not been acknowledged.
 */
static bool is_unsent(const struct relay *relay)
{
	return relay->rules.way == RELAY_SEND_ONLY &&
	       relay->out.state == FLOW_DONE && stream_unsent(relay->out.to);
}

static void set_quit(struct relay *relay)
{
	const struct relay_rules *rules = &relay->rules;
	const struct flow *out = &relay->out;

	if (!deadline_is_never(relay->quit))
		return;
	if (rules->quit_after >= 0 && has_read_all(out))
		relay->quit = deadline_in(rules->quit_after);
	else if (rules->way == RELAY_SEND_ONLY && !rules->strict &&
		 out->state == FLOW_DONE && !is_unsent(relay))
		relay->quit = deadline_in(LINGER_SECONDS);
}

static void set_timers(struct relay *relay, bool progress)
{
	const struct flow *in = &relay->in;
	const struct flow *out = &relay->out;

	if (progress)
		relay->idle = deadline_limit(relay->rules.idle);
	set_quit(relay);
	if (!probe_needed(in, out) && !probe_needed(behind_in(relay), in) &&
	    !is_unsent(relay))
		relay->probe = deadline_never();
	else if (deadline_is_never(relay->probe) ||
		 deadline_passed(relay->probe))
		relay->probe = deadline_in(PROBE_SECONDS);
	if (in->moved > 0 || out->state == FLOW_DONE)
		relay->hold = deadline_never();
	else if (deadline_is_never(relay->hold) && holds_end(relay))
		relay->hold = deadline_in(HOLD_SECONDS);
}

/* Nobody waits for the peer's close where it was not told of our end. */
static bool is_over(const struct relay *relay)
{
	const struct flow *out = &relay->out;

	if (out->state != FLOW_DONE)
		return false;
	if (relay->in.state == FLOW_DONE)
		return true;
	return relay->rules.way == RELAY_SEND_ONLY &&
	       (out->fault != FLOW_SOUND ||
		   (out->to->ending != STREAM_SHUTDOWN && !is_unsent(relay)));
}

/*
 * A peer that resets after it has half-closed is not read from any more, and
 * need not be written to: its error waits at the socket for who asks.
 */
static void check_error(struct flow *flow)
{
	int error = flow->to->socket && !flow->sound
			? fd_socket_number(flow->to->out.fd, SO_ERROR)
			: 0;

	if (error > 0)
		flow_note_fault(flow, FLOW_WRITE_FAILED, error);
}

static enum relay_state judge(struct relay *relay)
{
	if (is_over(relay)) {
		check_error(&relay->out);
		check_error(&relay->in);
		return RELAY_ENDED;
	}
	if (deadline_passed(relay->quit))
		return RELAY_QUIT;
	return deadline_passed(relay->idle) ? RELAY_IDLE : RELAY_RUNNING;
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
	advance(relay, in, relay->rules.way == RELAY_ECHO ? in : out, look);
	advance(relay, out, in, look);
	finish(relay, in, out);
	if (relay->rules.end_with_far && in->state == FLOW_DONE)
		flow_stop(out, FLOW_STOP_ASKED);
	if (!holds_end(relay))
		finish(relay, out, in);
	cut_after_failure(in, out);
	cut_after_failure(out, in);
	set_timers(relay, out->moved + in->moved != before);
	relay->state = judge(relay);
	return relay->state;
}

struct deadline relay_deadline(const struct relay *relay)
{
	return deadline_first(deadline_first(relay->probe, relay->hold),
	    deadline_first(relay->idle, relay->quit));
}
