/*
 * vcat: netcat for VM sockets.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "endpoint.h"
#include "fd.h"
#include "log.h"
#include "options.h"
#include "options_table.h"
#include "serve.h"
#include "session.h"

/* Clients beyond the one that is being served wait, or are refused. */
#define BACKLOG_ONCE 1
#define BACKLOG_KEEP 128

static struct socket_choice choice_for(const struct options *options)
{
	return (struct socket_choice){
		.seqpacket = options->seqpacket,
		.sibling = options->sibling,
		.source_cid = options->source_cid,
		.source_port = options->source_port,
		.buffer = options->buffer,
		.backlog = options->keep_open ? BACKLOG_KEEP : BACKLOG_ONCE,
	};
}

/* What the connections of one run have in common. */
struct run {
	struct options options;
	struct socket_choice choice;
	struct stream stdio;
	enum session_status status; /* of the latest connection */
};

static int dial(
    const struct run *run, const struct address *address, struct stream *stream)
{
	struct dial_target target = {
		.address = *address,
		.choice = run->choice,
		.timeout = run->options.timeout,
		.retry = run->options.retry,
	};
	char name[ADDRESS_TEXT_SIZE];
	int result = endpoint_dial(&target, stream);
	int saved = errno;

	dial_forget(&target);
	errno = saved;
	if (result == 0 && run->options.verbose)
		log_error("%s: connected", address_name(address, name));
	return result;
}

static enum session_status dial_failure(void)
{
	return errno == ETIMEDOUT ? SESSION_TIMEOUT : SESSION_FAILED;
}

/* From an open far side to the end: opens the near side, relays. */
static enum session_status run_session(
    struct run *run, struct stream *far, const struct address *peer)
{
	const struct options *options = &run->options;
	struct stream target;
	enum session_status status;

	if (options->target.kind == ADDRESS_STDIO)
		return session_run(options, &run->stdio, far, peer);
	if (dial(run, &options->target, &target) < 0)
		return dial_failure();
	status = session_run(options, &target, far, peer);
	stream_close(&target);
	return status;
}

static bool serve_one(
    void *context, struct stream *far, const struct address *peer)
{
	struct run *run = context;
	char name[ADDRESS_TEXT_SIZE];

	if (run->options.verbose)
		log_error("%s: accepted", address_name(peer, name));
	run->status = run_session(run, far, peer);
	return run->status != SESSION_STDOUT_GONE;
}

static enum session_status run_listen(struct run *run)
{
	const struct options *options = &run->options;
	struct endpoint_listener listener;
	char text[ADDRESS_TEXT_SIZE];
	int result;

	if (endpoint_listen(&options->address, &run->choice, &listener) < 0)
		return SESSION_FAILED;
	if (options->verbose || listener.address.port != options->address.port)
		log_line(
		    "listening on %s", address_format(&listener.address, text));
	result = serve_run(
	    &listener, &run->choice, !options->keep_open, serve_one, run);
	endpoint_close(&listener);
	return result < 0 ? SESSION_FAILED : run->status;
}

static enum session_status run_connect(struct run *run)
{
	const struct address *peer = &run->options.address;
	struct stream far;
	enum session_status status;

	if (dial(run, peer, &far) < 0)
		return dial_failure();
	status = run_session(run, &far, peer);
	stream_close(&far);
	return status;
}

static enum session_status run_streams(struct run *run)
{
	const struct options *options = &run->options;

	run->choice = choice_for(options);
	signal(SIGPIPE, SIG_IGN);
	if (options->target.kind == ADDRESS_STDIO)
		stream_from_stdio(&run->stdio, options->keep_open);
	return options->action == OPTIONS_LISTEN ? run_listen(run)
						 : run_connect(run);
}

/* Text for stdout that must arrive, or be a failure. */
static enum session_status flush_text(void)
{
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return SESSION_OK;
	log_error("stdout: write: %s", strerror(errno));
	return SESSION_FAILED;
}

static enum session_status run(struct run *run)
{
	switch (run->options.action) {
	case OPTIONS_HELP:
		options_table_help(stdout);
		return flush_text();
	case OPTIONS_VERSION:
		printf("vcat %s\n", VCAT_VERSION);
		return flush_text();
	case OPTIONS_CONNECT:
	case OPTIONS_LISTEN:
		break;
	}
	return run_streams(run);
}

int main(int argc, char *argv[])
{
	struct run this = { .status = SESSION_OK };
	enum session_status status;

	if (fd_fill_standard() < 0)
		return SESSION_FAILED;
	options_parse(argc, argv, &this.options);
	status = run(&this);
	return status == SESSION_STDOUT_GONE ? SESSION_FAILED : (int)status;
}
