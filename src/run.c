#include "run.h"

#include <errno.h>
#include <unistd.h>

#include "answer.h"
#include "broker.h"
#include "confine.h"
#include "connection.h"
#include "exec.h"
#include "plan.h"
#include "prepare.h"
#include "resolver.h"
#include "server.h"
#include "service.h"
#include "splice.h"
#include "transfer.h"
#include "trouble.h"

struct run {
	const struct options *options;
	sigset_t signals; /* the mask that we were started with */
	struct loop loop;
	struct dial_target far, near;
	struct resolver *resolver; /* of their names; NULL: not needed */
	struct stream stdio;
	struct splice_pool pipes;
	struct answer answer; /* of --echo and --sink */
	struct connections connections;
	struct transfer transfer;
	bool transfers; /* it is to be done with each connection */
	struct exec exec;
	struct broker broker; /* with -e */
	bool serves;          /* it listens, or dials again and again: */
	struct server server;
	struct service service;
	enum status status; /* of the latest connection */
	bool over;          /* it was the only one */
	bool lossy; /* one has failed that was to carry stdin or stdout */
};

/* Whether there is nothing to dial for any more. */
static bool is_content(const struct run *run, const struct connection_end *end)
{
	if (end->stdin_ended && !run->options->has_target)
		return true;
	return run->options->retry > 0 && run->server.opened == 0 &&
	       end->status == STATUS_TIMEOUT;
}

static void note_connection(
    struct connections *all, const struct connection_end *end)
{
	struct run *run = loop_owner(all, struct run, connections);
	struct server *server = &run->server;
	bool calls = server->call != NULL;

	run->status = end->status;
	run->over = true;
	if (!run->serves)
		return;
	if (calls && run->options->command != NULL && end->status == STATUS_OK)
		return; /* the command has begun */
	if (calls && server->opened != 0 && end->status != STATUS_OK)
		run->lossy = all->stdio != NULL;
	if (end->stdout_gone || (calls && is_content(run, end)))
		server_close(server);
	server_note_end(server, end->status != STATUS_OK);
	if (server->running == 0)
		splice_pool_free(&run->pipes);
}

/* To whoever runs the command. */
static enum status hand_over(
    struct run *run, int fd, const struct address *peer)
{
	if (broker_hand(&run->broker, fd, peer) == 0)
		return STATUS_OK;
	trouble_at(peer, "hand over", errno);
	return STATUS_FAILED;
}

static enum status become_transfer(
    struct run *run, int fd, const struct address *peer)
{
	if (run->serves)
		signal(SIGUSR1, SIG_IGN); /* it asks for a report only */
	sigprocmask(SIG_SETMASK, &run->signals, NULL);
	resolver_end(&run->resolver);
	confine_transferring(run->options, run->transfer.into.root);
	return transfer_run(&run->transfer, fd, peer);
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

	if (run->transfers)
		return become_transfer(run, fd, &run->options->address);
	if (run->serves)
		server_note_open(&run->server);
	if (!run->options->pass_fd)
		return hand_over(run, fd, &run->options->address);
	return broker_hand_out(fd) == 0 ? STATUS_OK : STATUS_FAILED;
}

/* A child process is at work on it. */
static bool start_transfer(struct run *run, int fd, const struct address *peer)
{
	if (exec_start(&run->exec, fd, peer) == 0)
		return true;
	trouble_at(peer, "fork", errno);
	return false;
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
	if (!run->transfers) {
		run->status = hand_over(run, fd, peer);
		runs = !server->once && run->status == STATUS_OK;
	} else if (server->once) {
		run->status = become_transfer(run, fd, peer);
	} else {
		runs = start_transfer(run, fd, peer);
	}
	close(fd);
	if (!runs)
		server_note_end(server, run->status != STATUS_OK);
}

static void call(struct server *server)
{
	struct run *run = loop_owner(server, struct run, server);

	connection_begin(&run->connections, -1, &run->options->address);
}

static void count_bytes(struct server *server, uint64_t bytes[2])
{
	struct run *run = loop_owner(server, struct run, server);

	connections_count(&run->connections, bytes);
}

static void reap_children(struct service *service)
{
	struct run *run = loop_owner(service, struct run, service);

	for (int ended = exec_reap(&run->exec); ended > 0; ended--)
		server_note_end(&run->server, false);
}

static void end_all(struct server *server)
{
	struct run *run = loop_owner(server, struct run, server);

	connections_end(&run->connections);
	exec_end(&run->exec);
}

/* The connection is open. If it is the only one, it needs less from now on. */
static void settle(struct connections *all)
{
	struct run *run = loop_owner(all, struct run, connections);

	if (run->serves && run->options->keep_open) {
		server_note_open(&run->server);
	} else {
		resolver_end(&run->resolver);
		confine_relaying(run->options);
	}
}

static struct connections connections_for(struct run *run)
{
	const struct options *options = run->options;
	struct connections all = plan_connections(options);
	bool gives =
	    options->command != NULL || options->pass_fd || run->transfers;
	bool answers = plan_answers(options);

	all.loop = &run->loop;
	all.far = &run->far;
	all.near = options->has_target ? &run->near : NULL;
	if (options->action != OPTIONS_LISTEN || !options->keep_open)
		all.settle = settle;
	all.take = gives ? take_dialled : NULL;
	all.done = note_connection;
	if (!options->dump)
		all.rules.pipes = &run->pipes;
	if (options->verified || !(options->has_target || gives || answers)) {
		stream_from_stdio(&run->stdio, options->keep_open);
		all.stdio = &run->stdio;
	}
	if (answers)
		answer_begin(&run->answer, options, &all);
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

static void begin_service(struct run *run)
{
	const struct options *options = run->options;
	struct server *server = &run->server;
	bool listens = options->action == OPTIONS_LISTEN;

	*server = plan_server(options);
	if (listens)
		server->at = &server->listener.address;
	server->loop = &run->loop;
	server->choice = &run->far.choice;
	server->take = take_accepted;
	server->call = listens ? NULL : call;
	server->reader = run->connections.waiting;
	server->end_all = end_all;
	if (options->command == NULL && !run->transfers)
		server->count = count_bytes;
	run->service = plan_service(options);
	run->service.loop = &run->loop;
	if (run->transfers && options->keep_open)
		run->service.reap = reap_children;
	service_init(&run->service);
	service_add(&run->service, server);
}

/* Returns 0, or -1 after a message. */
static int confine(struct run *run)
{
	const char *file = run->server.listener.file.path;
	int result = prepare_following(
	    run->options, &run->resolver, &run->far, &run->near);

	if (result == 0)
		confine_opening(run->options, file, run->transfer.into.root);
	else if (run->serves)
		listener_close(&run->server.listener);
	return result;
}

static enum status serve(struct run *run)
{
	struct service *service = &run->service;
	enum status status;

	if (run->options->command != NULL)
		broker_attend(&run->broker, &run->server);
	status = service_run(service);
	listener_close(&run->server.listener);
	if (service->signal > 0)
		loop_die(service->signal);
	if (status == STATUS_OK)
		status = run->status;
	if (status == STATUS_OK && (run->lossy || run->server.forsaken))
		status = STATUS_FAILED;
	return status;
}

/* Opens connections and serves them. */
static enum status open_all(struct run *run)
{
	if (confine(run) < 0)
		return STATUS_FAILED;
	return run->serves ? serve(run)
			   : run_one(run, -1, &run->options->address);
}

/* Has another process do that, and runs the commands. */
static enum status broker_all(struct run *run)
{
	const struct address *address = &run->options->address;
	struct listener *listener = &run->server.listener;
	bool listens = run->options->action == OPTIONS_LISTEN;

	run->broker = (struct broker){
		.exec = &run->exec,
		.notify = &run->service.notify,
		.at = listens ? &listener->address : address,
		.once = !run->options->keep_open,
		.serves = run->serves,
	};
	switch (broker_fork(&run->broker)) {
	case -1:
		trouble_at(address, "fork", errno);
		if (listens)
			listener_close(listener);
		return STATUS_FAILED;
	case 0:
		return open_all(run);
	default:
		if (listens)
			close(listener->fd);
		return broker_serve(&run->broker);
	}
}

/* What was passed to us is a connection already. */
static enum status serve_passed(struct run *run, const struct address *peer)
{
	int fd = run->server.listener.fd;

	if (!server_admits(&run->server, fd, peer))
		return STATUS_FAILED;
	notify_ready(&run->service.notify, &run->loop);
	if (run->options->command != NULL)
		exec_become(&run->exec, fd, peer);
	if (run->options->command != NULL || confine(run) < 0)
		return STATUS_FAILED;
	return run->transfers ? become_transfer(run, fd, peer)
			      : run_one(run, fd, peer);
}

static enum status meet(struct run *run)
{
	struct server *server = &run->server;
	struct address peer;

	if (prepare_names(run->options, &run->far, &run->near) < 0)
		return errno == ETIMEDOUT ? STATUS_TIMEOUT : STATUS_FAILED;
	run->serves =
	    run->options->action == OPTIONS_LISTEN || run->options->keep_open;
	if (run->serves)
		begin_service(run);
	if (run->options->action == OPTIONS_LISTEN) {
		if (prepare_listener(
			run->options, server->choice, &server->listener) < 0)
			return STATUS_FAILED;
		if (listener_is_connected(
			&server->listener, server->choice, &peer)) {
			run->serves = false;
			return serve_passed(run, &peer);
		}
	}
	return run->options->command != NULL ? broker_all(run) : open_all(run);
}

enum status run_streams(const struct options *options)
{
	struct run run = {
		.options = options,
		.far = plan_target(options, &options->address),
		.near = plan_target(options, &options->target),
		.transfers = plan_transfers(options),
		.exec = { .command = options->command,
		    .signals = &run.signals,
		    .accepts = options->action == OPTIONS_LISTEN,
		    .work = plan_transfers(options) ? work : NULL,
		    .verbose = options->verbose },
	};
	enum status status = STATUS_FAILED;

	run.transfer = plan_transfer(options, &run.stdio);
	run.connections = connections_for(&run);
	if (prepare_files(options, &run.transfer.into) < 0 ||
	    dump_open(&run.connections.dump, options->dump_file) < 0)
		return STATUS_FAILED;
	sigprocmask(SIG_BLOCK, NULL, &run.signals);
	signal(SIGPIPE, SIG_IGN);
	if (loop_init(&run.loop) < 0)
		trouble_at(&options->address, "epoll", errno);
	else
		status = meet(&run);
	resolver_end(&run.resolver);
	dial_forget(&run.far);
	dial_forget(&run.near);
	splice_pool_free(&run.pipes);
	answer_end(&run.answer);
	loop_free(&run.loop);
	return dump_close(run.connections.dump, status);
}
