#include "plan.h"

#include <unistd.h>

/* Clients beyond the one that is being served wait, or are refused. */
#define BACKLOG_ONCE 1
#define BACKLOG_KEEP 128

/* What may be on its way through a VM socket, of a stream and unless --buffer
 * says otherwise. The kernel's default of 256 KiB makes both ends wait. */
#define VSOCK_BUFFER (4096UL * 1024)

/* Of a connection: two sockets; a SEQPACKET has an eventfd beside it. */
#define DESCRIPTORS         2
#define MESSAGE_DESCRIPTORS 4
#define SENDER_DESCRIPTORS  1

struct dial_target plan_target(
    const struct options *o, const struct address *address)
{
	return (struct dial_target){
		.address = *address,
		.choice = {
			.seqpacket = o->seqpacket,
			.sibling = o->sibling,
			.at_once = o->has_target,
			.source_cid = o->source_cid,
			.source_port = o->source_port,
			.buffer = o->buffer,
			.vsock_buffer = o->has_buffer || o->seqpacket
					    ? o->buffer
					    : VSOCK_BUFFER,
			.backlog = o->keep_open ? BACKLOG_KEEP : BACKLOG_ONCE,
			.mode = o->mode,
			.owner = o->has_owner ? &o->owner : NULL,
		},
		.timeout = o->timeout,
		.retry = o->retry,
		.again = o->keep_open && o->action != OPTIONS_LISTEN,
	};
}

struct relay_rules plan_rules(const struct options *options)
{
	/* many at once: -q is for their end by a signal */
	bool many = options->keep_open && options->has_target;
	struct relay_rules rules = {
		.buffer = options->buffer,
		.idle = options->idle_timeout,
		.quit_after = many ? -1 : options->quit_after,
		.strict = options->strict,
		.closes = true,
		/* a user who does not see the output types no reply */
		.end_with_far = !options->has_target &&
				isatty(STDIN_FILENO) != 0 &&
				isatty(STDOUT_FILENO) == 0,
	};

	if (options->echo)
		rules.way = RELAY_ECHO;
	else if (options->send_only)
		rules.way = RELAY_SEND_ONLY;
	else if (options->recv_only || options->detach_stdin)
		rules.way = RELAY_RECV_ONLY;
	return rules;
}

struct connections plan_connections(const struct options *o)
{
	static const enum stream_ending endings[] = {
		[OPTIONS_HALF_CLOSE_YES] = STREAM_SHUTDOWN,
		[OPTIONS_HALF_CLOSE_NO] = STREAM_KEEP,
	};

	return (struct connections){
		.near_address = &o->target,
		.rules = plan_rules(o),
		.ending = o->half_close != OPTIONS_HALF_CLOSE_DEFAULT
			      ? &endings[o->half_close]
			      : NULL,
		.waiting = -1,
		.alone = !o->keep_open || !(o->has_target || plan_answers(o)),
		.bytes = !o->seqpacket && o->address.kind != ADDRESS_STDIO,
		.verbose = o->verbose,
		.proxy_header = o->proxy_header,
		.meter.wanted = o->progress,
		.again = o->keep_open && o->action != OPTIONS_LISTEN,
	};
}

struct collector plan_collector(const struct options *o)
{
	return (struct collector){
		.buffer = o->buffer,
		.idle = o->idle_timeout,
		.tag = o->tag,
		.verbose = o->verbose,
	};
}

struct server plan_server(const struct options *o)
{
	return (struct server){
		.listener.fd = -1,
		.reader = -1,
		.at = &o->address,
		.to = o->has_target ? &o->target : NULL,
		.allow = &o->allow,
		.once = !o->keep_open,
		.verbose = o->verbose,
		.most = o->action == OPTIONS_LISTEN ? o->max_conns : 1,
	};
}

bool plan_transfers(const struct options *o)
{
	return o->files || o->into != NULL || o->verified;
}

bool plan_answers(const struct options *o)
{
	return o->echo || o->sink;
}

int plan_descriptors(const struct options *o)
{
	if (o->command != NULL || plan_transfers(o))
		return 0;
	if (o->lines || plan_answers(o))
		return SENDER_DESCRIPTORS;
	return o->seqpacket ? MESSAGE_DESCRIPTORS : DESCRIPTORS;
}

struct service plan_service(const struct options *o)
{
	bool many =
	    o->keep_open && (o->has_target || o->command != NULL || o->lines ||
				plan_answers(o) || plan_transfers(o));

	return (struct service){
		.most = many ? o->max_conns : 1,
		.descriptors = plan_descriptors(o),
		.grace = many ? o->quit_after : 0,
		.accept_timeout = o->accept_timeout,
		.exit_idle = o->exit_idle,
		.notify.verbose = o->verbose,
	};
}

struct transfer plan_transfer(const struct options *o, struct stream *stdio)
{
	struct relay_rules rules = plan_rules(o);

	return (struct transfer){
		.role = o->files      ? FRAME_SENDS
			: o->verified ? FRAME_STREAMS
				      : FRAME_RECEIVES,
		.timeout = o->timeout,
		.idle = o->idle_timeout,
		.verbose = o->verbose,
		.meter = !o->keep_open,
		.operands = o->operands,
		.into = { .root = -1, .parent = -1 },
		.receiving = { .overwrite = o->overwrite,
		    .resume = o->resume,
		    .sync = !o->no_sync,
		    .max_bytes = o->max_size },
		.json = o->json,
		.sums = o->sums,
		.stdio = stdio,
		.streaming = { .reads = rules.way != RELAY_RECV_ONLY,
		    .writes = rules.way != RELAY_SEND_ONLY,
		    .end_with_peer = rules.end_with_far,
		    .verbose = o->verbose,
		    .meter = o->progress },
	};
}
