#include "session.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "deadline.h"
#include "endpoint.h"
#include "log.h"
#include "relay.h"

#define NS_PER_S 1e9
#define MIB      (1024.0 * 1024.0)

static struct relay_rules rules_for(
    const struct options *options, const struct stream *near)
{
	struct relay_rules rules = {
		.buffer = options->buffer,
		.idle = options->idle_timeout,
		.quit_after = options->quit_after,
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

static void summarize(
    const struct relay *relay, const struct address *peer, int64_t began)
{
	double seconds = (double)(deadline_now() - began) / NS_PER_S;
	double bytes = (double)relay->out.bytes + (double)relay->in.bytes;
	char name[ADDRESS_TEXT_SIZE];

	log_error("%s: sent %" PRIu64 " bytes, received %" PRIu64
		  " bytes in %.2f s (%.1f MiB/s)",
	    address_name(peer, name), relay->out.bytes, relay->in.bytes,
	    seconds, seconds > 0 ? bytes / MIB / seconds : 0.0);
}

/* A time limit that cut nothing off is no failure: -q asks for just that. */
static enum session_status judge(
    const struct relay *relay, const struct address *peer)
{
	char name[ADDRESS_TEXT_SIZE];
	bool cut = relay->out.buffer.used > 0 || relay->in.buffer.used > 0 ||
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

enum session_status session_run(const struct options *options,
    struct stream *near, struct stream *far, const struct address *peer)
{
	struct relay_rules rules = rules_for(options, near);
	struct relay relay;
	enum session_status status;
	int64_t began = deadline_now();

	choose_ending(options, near);
	choose_ending(options, far);
	relay_init(&relay, near, far, &rules);
	if (relay_run(&relay) < 0) {
		endpoint_complain(peer, "poll", errno);
		relay_free(&relay);
		return SESSION_FAILED;
	}
	complain_of_relay(&relay, &options->target, peer);
	status = judge(&relay, peer);
	if (relay.in.fault == FLOW_WRITE_FAILED && !near->socket)
		status = SESSION_STDOUT_GONE;
	if (options->verbose)
		summarize(&relay, peer, began);
	relay_free(&relay);
	return status;
}
