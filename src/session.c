#include "session.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "deadline.h"
#include "endpoint.h"
#include "log.h"

#define NS_PER_S 1e9
#define MIB      (1024.0 * 1024.0)

#define PACE_SIZE 64

static struct relay_rules rules_for(
    const struct options *options, const struct stream *near)
{
	struct relay_rules rules = {
		.buffer = options->buffer,
		.idle = options->idle_timeout,
		/* a forwarder's is for its own end */
		.quit_after = options->keep_open && options->has_target
				  ? -1
				  : options->quit_after,
		.strict = options->strict,
	};

	if (options->send_only)
		rules.way = RELAY_SEND_ONLY;
	else if (options->recv_only || options->detach_stdin)
		rules.way = RELAY_RECV_ONLY;
	/* nobody types an answer to what they cannot see */
	rules.end_with_far = !near->socket && isatty(STDIN_FILENO) != 0 &&
			     isatty(STDOUT_FILENO) == 0;
	return rules;
}

static void choose_ending(const struct options *options, struct stream *stream)
{
	if (!stream->socket)
		return;
	if (options->half_close == OPTIONS_HALF_CLOSE_YES)
		stream->ending = STREAM_SHUTDOWN;
	if (options->half_close == OPTIONS_HALF_CLOSE_NO)
		stream->ending = STREAM_KEEP;
}

/* Who is at one end of a flow: stdin and stdout have no address. */
static void complain(
    const struct address *who, const char *stdio, const char *step, int error)
{
	if (who->kind == ADDRESS_STDIO)
		log_error("%s: %s: %s", stdio, step, strerror(error));
	else
		endpoint_complain(who, step, error);
}

static void complain_of_flow(const struct flow *flow,
    const struct address *from, const struct address *to)
{
	char name[ADDRESS_TEXT_SIZE];

	switch (flow->fault) {
	case FLOW_SOUND:
		break;
	case FLOW_READ_FAILED:
		complain(from, "stdin", "read", flow->error);
		break;
	case FLOW_WRITE_FAILED:
		complain(to, "stdout", "write", flow->error);
		break;
	case FLOW_UNDELIVERED:
		log_error("%s: write: the peer has closed before it had all",
		    address_name(to, name));
		break;
	case FLOW_TRUNCATED:
		log_error("%s: read: the stream ended without a half-close: "
			  "it may be truncated",
		    address_name(from, name));
		break;
	}
}

/* One cause, one line: a reset is met by reading and by writing. */
static void complain_of_relay(const struct relay *relay,
    const struct address *near, const struct address *far)
{
	const struct flow *out = &relay->out;
	const struct flow *in = &relay->in;

	if (in->fault != FLOW_READ_FAILED || out->fault == FLOW_READ_FAILED)
		complain_of_flow(out, near, far);
	if (out->fault != FLOW_READ_FAILED || in->fault == FLOW_READ_FAILED)
		complain_of_flow(in, far, near);
}

/* How long it took, and how fast that was. */
static void describe_pace(const struct session *session, char pace[PACE_SIZE])
{
	const struct relay *relay = &session->relay;
	double seconds = (double)(deadline_now() - session->began) / NS_PER_S;
	double bytes = (double)relay->out.bytes + (double)relay->in.bytes;

	snprintf(pace, PACE_SIZE, "%.2f s (%.1f MiB/s)", seconds,
	    seconds > 0 ? bytes / MIB / seconds : 0.0);
}

static void summarize(const struct session *session)
{
	const struct address *target = &session->options->target;
	uint64_t to_peer = session->relay.out.bytes;
	uint64_t from_peer = session->relay.in.bytes;
	char name[ADDRESS_TEXT_SIZE];
	char other[ADDRESS_TEXT_SIZE];
	char pace[PACE_SIZE];

	address_name(session->peer, name);
	describe_pace(session, pace);
	if (target->kind == ADDRESS_STDIO)
		log_error("%s: sent %" PRIu64 " bytes, received %" PRIu64
			  " bytes in %s",
		    name, to_peer, from_peer, pace);
	else
		log_error("%s -> %s: %" PRIu64 " bytes, back %" PRIu64
			  " bytes in %s",
		    name, address_name(target, other), from_peer, to_peer,
		    pace);
}

/* A time limit that cut nothing off is no failure: -q asks for just that. */
static enum session_status judge(
    const struct relay *relay, const struct address *peer)
{
	char name[ADDRESS_TEXT_SIZE];
	bool cut = flow_held(&relay->out) > 0 || flow_held(&relay->in) > 0 ||
		   stream_in_flight(relay->far) ||
		   stream_in_flight(relay->near);

	if (relay->out.fault != FLOW_SOUND || relay->in.fault != FLOW_SOUND)
		return SESSION_FAILED;
	if (relay->state == RELAY_IDLE) {
		log_error("%s: idle: no byte in %g s", address_name(peer, name),
		    relay->rules.idle);
		return SESSION_TIMEOUT;
	}
	if (relay->state == RELAY_QUIT && cut) {
		log_error("%s: quit: not all was delivered within %g s",
		    address_name(peer, name), relay->rules.quit_after);
		return SESSION_TIMEOUT;
	}
	return SESSION_OK;
}

void session_begin(struct session *session, const struct options *options)
{
	struct relay_rules rules = rules_for(options, session->near);

	session->options = options;
	session->began = deadline_now();
	rules.pipes = session->pipes;
	choose_ending(options, session->near);
	choose_ending(options, session->far);
	relay_init(&session->relay, session->near, session->far, &rules);
}

/* If there was more for the flow's reader than it was sent, it must know. */
static void note_cut(const struct flow *flow)
{
	flow->to->broken = flow->broken_off || flow->state != FLOW_DONE;
}

enum session_status session_end(struct session *session)
{
	struct relay *relay = &session->relay;
	enum session_status status;

	note_cut(&relay->out);
	note_cut(&relay->in);
	complain_of_relay(relay, &session->options->target, session->peer);
	status = judge(relay, session->peer);
	if (relay->in.fault == FLOW_WRITE_FAILED && !session->near->socket)
		status = SESSION_STDOUT_GONE;
	if (session->options->verbose)
		summarize(session);
	relay_free(relay);
	return status;
}

bool session_in_transit(const struct session *session)
{
	return stream_in_transit(session->near) ||
	       stream_in_transit(session->far);
}

static void wait_for_transit(const struct session *session)
{
	struct deadline latest = deadline_in(SESSION_TRANSIT_SECONDS);

	while (session_in_transit(session) && !deadline_passed(latest))
		poll(NULL, 0, SESSION_TRANSIT_LOOK_MS);
}

enum session_status session_run(
    struct session *session, const struct options *options)
{
	enum session_status status;

	session_begin(session, options);
	if (relay_run(&session->relay) == 0) {
		status = session_end(session);
		wait_for_transit(session);
		return status;
	}
	endpoint_complain(session->peer, "poll", errno);
	relay_free(&session->relay);
	return SESSION_FAILED;
}
