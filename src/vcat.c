/*
 * vcat: netcat for VM sockets.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "activation.h"
#include "commands.h"
#include "dial.h"
#include "doctor.h"
#include "endpoint.h"
#include "exec.h"
#include "fd.h"
#include "forward.h"
#include "guard.h"
#include "log.h"
#include "options.h"
#include "options_table.h"
#include "pass.h"
#include "scan.h"
#include "serve.h"
#include "session.h"
#include "signals.h"
#include "splice.h"

/* Clients beyond the one that is being served wait, or are refused. */
#define BACKLOG_ONCE 1
#define BACKLOG_KEEP 128

/* What may be on its way through a VM socket, of a stream and unless --buffer
 * says otherwise. The kernel's default of 256 KiB makes both ends wait. */
#define VSOCK_BUFFER (2048UL * 1024)

static struct socket_choice choice_for(const struct options *options)
{
	return (struct socket_choice){
		.seqpacket = options->seqpacket,
		.sibling = options->sibling,
		.source_cid = options->source_cid,
		.source_port = options->source_port,
		.buffer = options->buffer,
		.vsock_buffer = options->has_buffer || options->seqpacket
				    ? options->buffer
				    : VSOCK_BUFFER,
		.backlog = options->keep_open ? BACKLOG_KEEP : BACKLOG_ONCE,
		.mode = options->mode,
	};
}

/* What the connections of one run have in common. */
struct run {
	struct options options;
	struct socket_choice choice;
	struct stream stdio;
	sigset_t signals;           /* the mask that we were started with */
	enum session_status status; /* of the latest connection */
};

static struct dial_target target_for(
    const struct run *run, const struct address *address)
{
	return (struct dial_target){
		.address = *address,
		.choice = run->choice,
		.timeout = run->options.timeout,
		.retry = run->options.retry,
	};
}

/* A socket that is connected to the address, or -1 with errno. */
static int dial(const struct run *run, const struct address *address)
{
	struct dial_target target = target_for(run, address);
	char name[ADDRESS_TEXT_SIZE];
	int fd = endpoint_dial(&target);
	int saved = errno;

	dial_forget(&target);
	errno = saved;
	if (fd >= 0 && run->options.verbose)
		log_error("%s: connected", address_name(address, name));
	return fd;
}

static enum session_status dial_failure(void)
{
	return errno == ETIMEDOUT ? SESSION_TIMEOUT : SESSION_FAILED;
}

/* Opens the target of -t. */
static enum session_status open_target(struct run *run, struct stream *near)
{
	const struct address *target = &run->options.target;
	int fd = dial(run, target);

	if (fd < 0)
		return dial_failure();
	return endpoint_open(near, fd, target, run->choice.buffer) < 0
		   ? SESSION_FAILED
		   : SESSION_OK;
}

/* Relays between the far side and stdin and stdout, or the target. */
static enum session_status relay_far(
    struct run *run, struct stream *far, const struct address *peer)
{
	struct session session = {
		.near = &run->stdio, .far = far, .peer = peer
	};
	struct splice_pool pipes;
	struct stream target;
	enum session_status status;

	if (run->options.target.kind == ADDRESS_STDIO)
		return session_run(&session, &run->options);
	status = open_target(run, &target);
	if (status != SESSION_OK) {
		far->broken = true; /* a TCP peer is told so by a reset */
		return status;
	}
	splice_pool_init(&pipes);
	session.near = &target;
	session.pipes = &pipes;
	status = session_run(&session, &run->options);
	splice_pool_free(&pipes);
	stream_close(&target);
	return status;
}

static enum session_status run_command(
    const struct run *run, int fd, const struct address *peer)
{
	struct address local;
	const struct exec exec = {
		.command = run->options.command,
		.peer = peer,
		.local = &local,
		.accepted = run->options.action == OPTIONS_LISTEN,
		.signals = &run->signals,
	};

	endpoint_local(fd, peer, &local);
	exec_become(&exec, fd);
	log_error("sh: %s", strerror(errno));
	return SESSION_FAILED;
}

static enum session_status pass(int fd)
{
	if (fd_set_blocking(fd) == 0 && pass_fd(STDOUT_FILENO, fd) == 0)
		return SESSION_OK;
	log_error("stdout: pass the socket: %s", strerror(errno));
	log_hint("-F is for a program that takes a descriptor over its "
		 "ProxyCommand's stdout: ssh -o ProxyUseFdpass=yes");
	return SESSION_FAILED;
}

/* What is done with a connection. The socket is closed, or given away. */
static enum session_status use(
    struct run *run, int fd, const struct address *peer)
{
	struct stream far;
	enum session_status status;

	if (run->options.command != NULL)
		return run_command(run, fd, peer);
	if (run->options.pass_fd)
		return pass(fd);
	if (endpoint_open(&far, fd, peer, run->choice.buffer) < 0)
		return SESSION_FAILED;
	status = relay_far(run, &far, peer);
	stream_close(&far);
	return status;
}

static bool serve_one(void *context, int fd, const struct address *peer)
{
	struct run *run = context;

	run->status = use(run, fd, peer);
	return run->status != SESSION_STDOUT_GONE;
}

static enum session_status serve_in_turn_guarded(struct run *run,
    struct endpoint_listener *listener, const struct serve_rules *rules)
{
	if (listener->file.path[0] != '\0' && guard_file(&listener->file) < 0) {
		endpoint_complain(&listener->address, "thread", errno);
		return SESSION_FAILED;
	}
	if (serve_in_turn(listener, rules, serve_one, run) < 0)
		return SESSION_FAILED;
	return run->status;
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

static struct serve_rules rules_for(const struct run *run)
{
	const struct options *options = &run->options;

	return (struct serve_rules){
		.choice = &run->choice,
		.allow = &options->allow,
		.once = !options->keep_open,
		.verbose = options->verbose,
		.most = options->max_conns,
		.grace = options->quit_after,
	};
}

static enum session_status serve(
    struct run *run, struct endpoint_listener *listener)
{
	const struct options *options = &run->options;
	const struct serve_rules rules = rules_for(run);
	struct dial_target target = target_for(run, &options->target);
	struct commands commands;
	struct forward forward;

	if (options->keep_open && options->command != NULL) {
		commands_init(&commands, options->command, options->verbose);
		return serve_work(listener, &rules, &commands.work);
	}
	if (!options->keep_open || options->target.kind == ADDRESS_STDIO)
		return serve_in_turn_guarded(run, listener, &rules);
	if (forward_init(&forward, options, &target) < 0)
		return dial_failure();
	return serve_work(listener, &rules, &forward.work);
}

/* Listens where we are told to, or on what was passed to us. */
static int open_listener(struct run *run, struct endpoint_listener *listener)
{
	const struct options *options = &run->options;
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
	if (endpoint_listen(&options->address, &run->choice, listener) < 0)
		return -1;
	if (options->verbose || listener->address.port != options->address.port)
		log_line("listening on %s",
		    address_format(&listener->address, text));
	return 0;
}

static enum session_status run_listen(struct run *run)
{
	struct endpoint_listener listener;
	struct address peer;
	enum session_status status;

	if (open_listener(run, &listener) < 0)
		return SESSION_FAILED;
	if (endpoint_is_connected(&listener, &run->choice, &peer)) {
		const struct serve_rules rules = rules_for(run);

		return serve_admits(&rules, listener.fd, &peer)
			   ? use(run, listener.fd, &peer)
			   : SESSION_FAILED;
	}
	status = serve(run, &listener);
	endpoint_close(&listener);
	return status;
}

static enum session_status run_connect(struct run *run)
{
	const struct address *peer = &run->options.address;
	int fd = dial(run, peer);

	return fd < 0 ? dial_failure() : use(run, fd, peer);
}

static enum session_status run_scan(struct run *run)
{
	struct scan scan = {
		.target = target_for(run, &run->options.address),
		.ports = run->options.ports,
		.verbose = run->options.verbose,
		.json = run->options.json,
	};
	int number;
	enum scan_verdict verdict = scan_run(&scan, &number);

	dial_forget(&scan.target);
	if (number != 0)
		signals_die(number);
	return (enum session_status)verdict;
}

static enum session_status run_streams(struct run *run)
{
	const struct options *options = &run->options;

	run->choice = choice_for(options);
	sigprocmask(SIG_BLOCK, NULL, &run->signals);
	signal(SIGPIPE, SIG_IGN);
	if (options->target.kind == ADDRESS_STDIO && options->command == NULL &&
	    !options->pass_fd)
		stream_from_stdio(&run->stdio, options->keep_open);
	return options->action == OPTIONS_LISTEN ? run_listen(run)
						 : run_connect(run);
}

/* Text for stdout that must arrive, or be a failure. */
static enum session_status flush_text(bool good)
{
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return good ? SESSION_OK : SESSION_FAILED;
	log_error("stdout: write: %s", strerror(errno));
	return SESSION_FAILED;
}

static enum session_status run(struct run *run)
{
	switch (run->options.action) {
	case OPTIONS_HELP:
		options_table_help(stdout);
		return flush_text(true);
	case OPTIONS_VERSION:
		printf("vcat %s\n", VCAT_VERSION);
		return flush_text(true);
	case OPTIONS_SCAN:
		run->choice = choice_for(&run->options);
		return run_scan(run);
	case OPTIONS_CID:
		return flush_text(doctor_print_cid(run->options.verbose) == 0);
	case OPTIONS_DOCTOR:
		return flush_text(doctor_report(run->options.json));
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
