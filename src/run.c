#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connection.h"
#include "exec.h"
#include "fd.h"
#include "log.h"
#include "server.h"
#include "splice.h"
#include "transfer.h"
#include "trouble.h"

/* Clients beyond the one that is being served wait, or are refused. */
#define BACKLOG_ONCE 1
#define BACKLOG_KEEP 128

/* What may be on its way through a VM socket, of a stream and unless --buffer
 * says otherwise. The kernel's default of 256 KiB makes both ends wait. */
#define VSOCK_BUFFER (4096UL * 1024)

/* Of a connection: two sockets; a SEQPACKET has an eventfd beside it. */
#define DESCRIPTORS         2
#define MESSAGE_DESCRIPTORS 4

struct run {
	const struct options *options;
	sigset_t signals; /* the mask that we were started with */
	struct loop loop;
	struct dial_target far, near;
	struct stream stdio;
	struct splice_pool pipes;
	struct connections connections;
	struct transfer transfer;
	bool transfers; /* it is to be done with each connection */
	struct exec exec;
	struct server server; /* when listening */
	enum status status;   /* of the latest connection */
	bool over;            /* it was the only one */
};

struct dial_target run_target(
    const struct options *o, const struct address *address)
{
	return (struct dial_target){
		.address = *address,
		.choice = {
			.seqpacket = o->seqpacket,
			.sibling = o->sibling,
			.source_cid = o->source_cid,
			.source_port = o->source_port,
			.buffer = o->buffer,
			.vsock_buffer = o->has_buffer || o->seqpacket
					    ? o->buffer
					    : VSOCK_BUFFER,
			.backlog = o->keep_open ? BACKLOG_KEEP : BACKLOG_ONCE,
			.mode = o->mode,
		},
		.timeout = o->timeout,
		.retry = o->retry,
	};
}

static struct relay_rules rules_for(const struct options *options)
{
	/* many at once: -q is for their end by a signal */
	bool many = options->keep_open && options->has_target;
	struct relay_rules rules = {
		.buffer = options->buffer,
		.idle = options->idle_timeout,
		.quit_after = many ? -1 : options->quit_after,
		.strict = options->strict,
		/* a user who does not see the output types no reply */
		.end_with_far = !options->has_target &&
				isatty(STDIN_FILENO) != 0 &&
				isatty(STDOUT_FILENO) == 0,
	};

	if (options->send_only)
		rules.way = RELAY_SEND_ONLY;
	else if (options->recv_only || options->detach_stdin)
		rules.way = RELAY_RECV_ONLY;
	return rules;
}

static void note_connection(
    struct connections *all, enum status status, bool stdout_gone)
{
	struct run *run = loop_owner(all, struct run, connections);

	run->status = status;
	run->over = true;
	if (run->server.running == 0)
		return; /* nobody listens */
	server_note_end(&run->server);
	if (stdout_gone)
		server_close(&run->server);
}

static enum status become_command(
    struct run *run, int fd, const struct address *peer)
{
	exec_become(&run->exec, fd, peer);
	log_error("sh: %s", strerror(errno));
	return STATUS_FAILED;
}

static enum status become_transfer(
    struct run *run, int fd, const struct address *peer)
{
	sigprocmask(SIG_SETMASK, &run->signals, NULL);
	return transfer_run(&run->transfer, fd, peer);
}

/* The only connection is for a command or a transfer, in this process. */
static enum status become(struct run *run, int fd, const struct address *peer)
{
	return run->transfers ? become_transfer(run, fd, peer)
			      : become_command(run, fd, peer);
}

/* In a child: the listener is the parent's affair. */
static int work(struct exec *exec, int fd, const struct address *peer)
{
	struct run *run = loop_owner(exec, struct run, exec);

	close(run->server.listener.fd);
	return (int)become_transfer(run, fd, peer);
}

/* The socket that was dialled is not for a relay. */
static enum status take_dialled(struct connections *all, int fd)
{
	struct run *run = loop_owner(all, struct run, connections);

	if (!run->options->pass_fd)
		return become(run, fd, &run->options->address);
	if (fd_set_blocking(fd) == 0 && fd_pass(STDOUT_FILENO, fd) == 0)
		return STATUS_OK;
	log_error("stdout: pass the socket: %s", strerror(errno));
	log_hint("-F needs a program that takes a descriptor over its "
		 "ProxyCommand's stdout: ssh -o ProxyUseFdpass=yes");
	return STATUS_FAILED;
}

static void take_accepted(
    struct server *server, int fd, const struct address *peer)
{
	struct run *run = loop_owner(server, struct run, server);
	bool runs = false;

	if (run->options->command == NULL && !run->transfers) {
		connection_begin(&run->connections, fd, peer);
		return;
	}
	if (server->once)
		run->status = become(run, fd, peer);
	else if (exec_start(&run->exec, fd, peer) == 0)
		runs = true;
	else
		trouble_at(peer, "fork", errno);
	close(fd);
	if (!runs)
		server_note_end(server);
}

static void reap_children(struct server *server)
{
	struct run *run = loop_owner(server, struct run, server);

	for (int ended = exec_reap(&run->exec); ended > 0; ended--)
		server_note_end(server);
}

static void end_all(struct server *server)
{
	struct run *run = loop_owner(server, struct run, server);

	connections_end(&run->connections);
	exec_end(&run->exec);
}

static struct connections connections_for(struct run *run)
{
	static const enum stream_ending endings[] = {
		[OPTIONS_HALF_CLOSE_YES] = STREAM_SHUTDOWN,
		[OPTIONS_HALF_CLOSE_NO] = STREAM_KEEP,
	};
	const struct options *options = run->options;
	bool gives =
	    options->command != NULL || options->pass_fd || run->transfers;
	struct connections all = {
		.loop = &run->loop,
		.far = &run->far,
		.near = options->has_target ? &run->near : NULL,
		.near_address = &options->target,
		.rules = rules_for(options),
		.ending = options->half_close != OPTIONS_HALF_CLOSE_DEFAULT
			      ? &endings[options->half_close]
			      : NULL,
		.waiting = -1,
		.alone = !options->has_target || !options->keep_open,
		.verbose = options->verbose,
		.meter.wanted = options->progress,
		.take = gives ? take_dialled : NULL,
		.done = note_connection,
	};

	if (options->has_target)
		all.rules.pipes = &run->pipes;
	if (options->verified || (!options->has_target && !gives)) {
		stream_from_stdio(&run->stdio, options->keep_open);
		all.stdio = &run->stdio;
	}
	if (options->pass_fd || (all.stdio != NULL && !options->send_only))
		all.waiting = STDOUT_FILENO;
	return all;
}

/* The one connection, of which fd is the socket if it was accepted. */
static enum status run_one(struct run *run, int fd, const struct address *peer)
{
	connection_begin(&run->connections, fd, peer);
	while (!run->over && loop_turn(&run->loop) == 0)
		;
	if (run->over)
		return run->status;
	trouble_at(peer, "poll", errno);
	return STATUS_FAILED;
}

/* Listens where the options say, or on what was passed to us. */
static int open_listener(struct run *run)
{
	const struct options *options = run->options;
	struct listener *listener = &run->server.listener;
	char text[ADDRESS_TEXT_SIZE];

	if (options->address.kind == ADDRESS_STDIO)
		return listener_adopt(listener);
	if (listener_open(listener, &options->address, &run->far.choice) < 0)
		return -1;
	if (options->verbose || listener->address.port != options->address.port)
		log_line("listening on %s",
		    address_format(&listener->address, text));
	return 0;
}

static struct server server_for(struct run *run)
{
	const struct options *options = run->options;
	bool children = options->command != NULL || run->transfers;
	bool many = options->keep_open && (options->has_target || children);

	return (struct server){
		.loop = &run->loop,
		.choice = &run->far.choice,
		.allow = &options->allow,
		.once = !options->keep_open,
		.verbose = options->verbose,
		.most = many ? options->max_conns : 1,
		.descriptors = children             ? 0
			       : options->seqpacket ? MESSAGE_DESCRIPTORS
						    : DESCRIPTORS,
		.grace = many ? options->quit_after : 0,
		.take = take_accepted,
		.reap = many && children ? reap_children : NULL,
		.end_all = end_all,
	};
}

/* What was passed to us is a connection already. */
static enum status serve_passed(struct run *run, const struct address *peer)
{
	int fd = run->server.listener.fd;

	if (!server_admits(&run->server, fd, peer))
		return STATUS_FAILED;
	return run->options->command != NULL || run->transfers
		   ? become(run, fd, peer)
		   : run_one(run, fd, peer);
}

static enum status listen_in(struct run *run)
{
	struct server *server = &run->server;
	struct socket_fault fault = { .step = "resolve" };
	struct address peer;
	int number;

	*server = server_for(run);
	/* once for all, and before anybody waits for it */
	if (run->options->has_target && dial_resolve(&run->near, &fault) < 0) {
		trouble_report(&run->near.address, &fault, errno);
		return errno == ETIMEDOUT ? STATUS_TIMEOUT : STATUS_FAILED;
	}
	if (open_listener(run) < 0)
		return STATUS_FAILED;
	if (listener_is_connected(&server->listener, server->choice, &peer))
		return serve_passed(run, &peer);
	number = server_run(server);
	listener_close(&server->listener);
	if (number > 0)
		loop_die(number);
	return number < 0 ? STATUS_FAILED : run->status;
}

static struct transfer transfer_for(struct run *run)
{
	const struct options *o = run->options;
	struct relay_rules rules = rules_for(o);

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
		.stdio = &run->stdio,
		.streaming = { .reads = rules.way != RELAY_RECV_ONLY,
		    .writes = rules.way != RELAY_SEND_ONLY,
		    .end_with_peer = rules.end_with_far,
		    .verbose = o->verbose,
		    .meter = o->progress },
	};
}

/* What is to be transferred, or where to, must be there before anybody waits
 * for it. Returns 0, or -1 after a message. */
static int check_files(struct run *run)
{
	const struct options *o = run->options;
	struct stat st;

	for (int i = 0; o->files && o->operands[i] != NULL; i++) {
		if (lstat(o->operands[i], &st) == 0)
			continue;
		log_error("%s: %s", o->operands[i], strerror(errno));
		return -1;
	}
	if (o->into == NULL ||
	    (beneath_open(&run->transfer.into, o->into) == 0 &&
		faccessat(run->transfer.into.root, ".", W_OK | X_OK,
		    AT_EACCESS) == 0))
		return 0;
	log_error("%s: %s", o->into, strerror(errno));
	return -1;
}

enum status run_streams(const struct options *options)
{
	struct run run = {
		.options = options,
		.far = run_target(options, &options->address),
		.near = run_target(options, &options->target),
		.transfers = options->files || options->into != NULL ||
			     options->verified,
		.exec = { .command = options->command,
		    .signals = &run.signals,
		    .accepts = options->action == OPTIONS_LISTEN,
		    .verbose = options->verbose },
	};
	enum status status = STATUS_FAILED;

	if (run.transfers)
		run.exec.work = work;
	run.transfer = transfer_for(&run);
	if (check_files(&run) < 0)
		return STATUS_FAILED;
	sigprocmask(SIG_BLOCK, NULL, &run.signals);
	signal(SIGPIPE, SIG_IGN);
	run.connections = connections_for(&run);
	if (loop_init(&run.loop) < 0)
		trouble_at(&options->address, "epoll", errno);
	else if (options->action == OPTIONS_LISTEN)
		status = listen_in(&run);
	else
		status = run_one(&run, -1, &options->address);
	dial_forget(&run.far);
	dial_forget(&run.near);
	splice_pool_free(&run.pipes);
	loop_free(&run.loop);
	return status;
}
