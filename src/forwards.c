#include "forwards.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "confine.h"
#include "connection.h"
#include "fd.h"
#include "forwards_read.h"
#include "log.h"
#include "loop.h"
#include "plan.h"
#include "prepare.h"
#include "resolver.h"
#include "server.h"
#include "service.h"
#include "splice.h"

/* One of them. */
struct forward {
	const struct options *options;
	struct dial_target far, near;
	struct connections connections;
	struct server server;
};

struct forwards {
	struct forwards_list list;
	struct forward *all; /* as many, in that order */
	struct loop loop;
	struct splice_pool pipes;
	struct service service;
	struct resolver *resolver; /* of all their names; NULL: not needed */
};

static void take(struct server *server, int fd, const struct address *peer)
{
	struct forward *forward = loop_owner(server, struct forward, server);

	connection_begin(&forward->connections, fd, peer);
}

static void call(struct server *server)
{
	struct forward *forward = loop_owner(server, struct forward, server);

	connection_begin(&forward->connections, -1, &forward->options->address);
}

static void settle(struct connections *all)
{
	struct forward *forward = loop_owner(all, struct forward, connections);

	server_note_open(&forward->server);
}

static void note_end(struct connections *all, const struct connection_end *end)
{
	struct forward *forward = loop_owner(all, struct forward, connections);

	server_note_end(&forward->server, end->status != STATUS_OK);
	if (forward->server.room->taken == 0)
		splice_pool_free(all->rules.pipes);
}

static void end_all(struct server *server)
{
	struct forward *forward = loop_owner(server, struct forward, server);

	connections_end(&forward->connections);
}

static void count_bytes(struct server *server, uint64_t bytes[2])
{
	struct forward *forward = loop_owner(server, struct forward, server);

	connections_count(&forward->connections, bytes);
}

static void plan(struct forwards *forwards, int i)
{
	struct forwards_line *line = &forwards->list.lines[i];
	const struct options *o = &line->options;
	struct forward *forward = &forwards->all[i];
	struct connections *connections = &forward->connections;
	struct server *server = &forward->server;
	bool listens = o->action == OPTIONS_LISTEN;
	int descriptors = plan_descriptors(o);

	forward->options = o;
	forward->far = plan_target(o, &o->address);
	forward->near = plan_target(o, &o->target);
	*connections = plan_connections(o);
	connections->loop = &forwards->loop;
	connections->far = &forward->far;
	connections->near = &forward->near;
	connections->rules.pipes = &forwards->pipes;
	connections->name = line->name;
	connections->settle = listens ? NULL : settle;
	connections->done = note_end;
	*server = plan_server(o);
	server->name = line->name;
	server->loop = &forwards->loop;
	server->choice = &forward->far.choice;
	server->take = take;
	server->call = listens ? NULL : call;
	server->end_all = end_all;
	server->count = count_bytes;
	service_add(&forwards->service, server);
	if (forwards->service.descriptors < descriptors)
		forwards->service.descriptors = descriptors;
}

/* Returns 0, or -1 after a message. */
static int prepare(struct forward *forward)
{
	const struct options *o = forward->options;
	struct server *server = &forward->server;
	int result;

	log_name(server->name);
	result = prepare_names(o, &forward->far, &forward->near);
	if (result == 0 && o->action == OPTIONS_LISTEN) {
		result = prepare_listener(o, server->choice, &server->listener);
		server->at = &server->listener.address;
	}
	log_name(NULL);
	return result;
}

/* Has their names looked up again. Returns 0, or -1 after a message. */
static int follow(struct forwards *forwards)
{
	struct forward *forward = forwards->all;
	int result = 0;

	for (int i = 0; i < forwards->list.count && result == 0; i++) {
		log_name(forward[i].server.name);
		result = prepare_following(forward[i].options,
		    &forwards->resolver, &forward[i].far, &forward[i].near);
		log_name(NULL);
	}
	return result;
}

static void confine(struct forwards *forwards, const struct options *options)
{
	struct confine confine = confine_begin(options);

	for (int i = 0; i < forwards->list.count; i++)
		confine_add(&confine, forwards->all[i].options,
		    forwards->all[i].server.listener.file.path);
	confine_enter(&confine);
}

/* All of them listen, or none. */
static enum status serve(struct forwards *forwards, const struct options *o)
{
	int count = forwards->list.count;
	int ready = 0;
	enum status status = STATUS_FAILED;

	fd_room(forwards->loop.epoll, 0); /* may raise the limit */
	while (ready < count && prepare(&forwards->all[ready]) == 0)
		ready++;
	if (ready == count && follow(forwards) == 0) {
		confine(forwards, o);
		status = service_run(&forwards->service);
	}
	for (int i = 0; i < count; i++) {
		listener_close(&forwards->all[i].server.listener);
		dial_forget(&forwards->all[i].far);
		dial_forget(&forwards->all[i].near);
	}
	resolver_end(&forwards->resolver);
	if (forwards->service.signal != 0)
		loop_die(forwards->service.signal);
	return status;
}

static enum status run(struct forwards *forwards, const struct options *o)
{
	enum status status;

	signal(SIGPIPE, SIG_IGN);
	forwards->all =
	    calloc((size_t)forwards->list.count, sizeof *forwards->all);
	if (forwards->all == NULL || loop_init(&forwards->loop) < 0) {
		log_error("%s: %s", o->forwards, strerror(errno));
		free(forwards->all);
		return STATUS_FAILED;
	}
	forwards->service = (struct service){
		.loop = &forwards->loop,
		.most = o->max_conns,
		.grace = o->quit_after,
		.exit_idle = o->exit_idle,
		.notify.verbose = o->verbose,
	};
	service_init(&forwards->service);
	for (int i = 0; i < forwards->list.count; i++) {
		struct options *one = &forwards->list.lines[i].options;

		one->verbose = one->verbose || o->verbose;
		one->no_sandbox = o->no_sandbox;
		plan(forwards, i);
	}
	status = serve(forwards, o);
	splice_pool_free(&forwards->pipes);
	loop_free(&forwards->loop);
	free(forwards->all);
	return status;
}

/* Whether the command line goes with each line of the file. */
static bool go_together(
    const struct options *options, const struct forwards_list *list)
{
	for (int i = 0; i < list->count; i++) {
		if (options->exit_idle <= 0 ||
		    list->lines[i].options.action == OPTIONS_LISTEN)
			continue;
		log_error("%s: --exit-idle requires -l in each forward",
		    list->lines[i].name);
		return false;
	}
	return true;
}

enum status forwards_run(const struct options *options)
{
	struct forwards forwards = { 0 };
	enum status status = forwards_read(options->forwards, &forwards.list);

	if (status != STATUS_OK)
		return status;
	if (!go_together(options, &forwards.list))
		status = STATUS_USAGE;
	else if (!options->check)
		status = run(&forwards, options);
	else if (options->verbose)
		log_error("%s: %d forward%s", options->forwards,
		    forwards.list.count, forwards.list.count > 1 ? "s" : "");
	forwards_free(&forwards.list);
	return status;
}
