#include "listen.h"

#include <errno.h>

#include "activation.h"
#include "commands.h"
#include "endpoint.h"
#include "forward.h"
#include "guard.h"
#include "log.h"
#include "serve.h"
#include "signals.h"

/* Connections one after the other. */
struct turns {
	struct job *job;
	enum session_status status; /* of the latest */
};

static bool serve_one(void *context, int fd, const struct address *peer)
{
	struct turns *turns = context;

	turns->status = job_use(turns->job, fd, peer);
	return turns->status != SESSION_STDOUT_GONE;
}

static enum session_status serve_in_turn_guarded(struct job *job,
    struct endpoint_listener *listener, const struct serve_rules *rules)
{
	struct turns turns = { .job = job, .status = SESSION_OK };

	if (listener->file.path[0] != '\0' && guard_file(&listener->file) < 0) {
		endpoint_complain(&listener->address, "thread", errno);
		return SESSION_FAILED;
	}
	if (serve_in_turn(listener, rules, serve_one, &turns) < 0)
		return SESSION_FAILED;
	return turns.status;
}

/* Returns only when it could not serve: else a signal ends it. */
static enum session_status serve_work(struct endpoint_listener *listener,
    const struct serve_rules *rules, struct serve_work *work)
{
	int number = serve_many(listener, rules, work);

	endpoint_close(listener);
	if (number > 0)
		signals_die(number);
	return SESSION_FAILED;
}

static struct serve_rules rules_for(const struct job *job)
{
	const struct options *options = job->options;

	return (struct serve_rules){
		.choice = &job->choice,
		.allow = &options->allow,
		.once = !options->keep_open,
		.verbose = options->verbose,
		.most = options->max_conns,
		.grace = options->quit_after,
	};
}

static enum session_status serve(
    struct job *job, struct endpoint_listener *listener)
{
	const struct options *options = job->options;
	const struct serve_rules rules = rules_for(job);
	struct dial_target target = job_target(job, &options->target);
	struct commands commands;
	struct forward forward;

	if (options->keep_open && options->command != NULL) {
		commands_init(&commands, options->command, options->verbose);
		return serve_work(listener, &rules, &commands.work);
	}
	if (!options->keep_open || options->target.kind == ADDRESS_STDIO)
		return serve_in_turn_guarded(job, listener, &rules);
	if (forward_init(&forward, options, &target) < 0)
		return job_dial_failure();
	return serve_work(listener, &rules, &forward.work);
}

/* Listens where we are told to, or on what was passed to us. */
static int open_listener(
    const struct job *job, struct endpoint_listener *listener)
{
	const struct options *options = job->options;
	char text[ADDRESS_TEXT_SIZE];
	const char *why;
	int fd;

	if (options->address.kind == ADDRESS_STDIO) {
		fd = activation_socket(&why);
		if (fd >= 0)
			return endpoint_adopt(listener, fd);
		log_error("-: %s", why);
		log_hint("-l - is for sockets that systemd passes: "
			 "systemd-socket-activate -l PATH vcat -l -");
		return -1;
	}
	if (endpoint_listen(&options->address, &job->choice, listener) < 0)
		return -1;
	if (options->verbose || listener->address.port != options->address.port)
		log_line("listening on %s",
		    address_format(&listener->address, text));
	return 0;
}

enum session_status listen_run(struct job *job)
{
	struct endpoint_listener listener;
	struct address peer;
	enum session_status status;

	if (open_listener(job, &listener) < 0)
		return SESSION_FAILED;
	if (endpoint_is_connected(&listener, &job->choice, &peer)) {
		const struct serve_rules rules = rules_for(job);

		return serve_admits(&rules, listener.fd, &peer)
			   ? job_use(job, listener.fd, &peer)
			   : SESSION_FAILED;
	}
	status = serve(job, &listener);
	endpoint_close(&listener);
	return status;
}
