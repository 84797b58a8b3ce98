#include "service.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "fd.h"
#include "log.h"
#include "trouble.h"

/* Descriptors that are not a connection's: the loop's own, pipes, a log. */
#define SPARE_DESCRIPTORS 48

/* Seconds without a connection, for those that nobody new can find. */
#define AT_ONCE 0.01

static void watch_clock(struct service *service)
{
	service->clock.wake =
	    service->room.taken == 0
		? deadline_first(service->first, service->idle)
		: deadline_never();
	if (loop_update(service->loop, &service->clock) < 0)
		service_fail(service, errno);
}

/* How long nobody has been there counts from the end of the last. */
static void note_busy(struct service *service)
{
	bool limited =
	    !deadline_is_never(service->first) || service->exit_idle > 0;

	if (!limited)
		return;
	if (service->room.taken > 0)
		service->first = deadline_never();
	service->idle = deadline_limit(service->exit_idle);
	watch_clock(service);
}

static bool all_closed(const struct service *service)
{
	const struct server *server;

	STAILQ_FOREACH(server, &service->servers, next)
		if (!server->closed)
			return false;
	return true;
}

/* Where there is room again, whoever waited for it may have it. */
static void let_in(struct service *service)
{
	struct server *server;

	service->room.refused = false;
	STAILQ_FOREACH(server, &service->servers, next)
		server_reopen(server);
}

static void tell(struct service *service)
{
	const struct server *server;
	uint64_t accepted = 0;

	if (!service->notify.wanted)
		return;
	STAILQ_FOREACH(server, &service->servers, next)
		accepted += server->accepted;
	notify_connections(&service->notify, service->room.taken, accepted);
}

static void note_change(struct server *server)
{
	struct service *service = server->service;

	if (server->error != 0)
		service_fail(service, server->error);
	if (server->closed && service->room.taken == 0 && all_closed(service))
		service->over = true;
	if (service->room.refused && service->room.taken < service->room.most)
		let_in(service);
	note_busy(service);
	tell(service);
}

void service_init(struct service *service)
{
	time_t now = time(NULL);
	struct tm tm;
	sigset_t early;

	sigemptyset(&early);
	sigaddset(&early, SIGUSR1);
	sigprocmask(SIG_BLOCK, &early, NULL);
	STAILQ_INIT(&service->servers);
	if (gmtime_r(&now, &tm) != NULL)
		strftime(service->since, sizeof service->since,
		    "%Y-%m-%dT%H:%M:%SZ", &tm);
	notify_open(&service->notify);
}

void service_add(struct service *service, struct server *server)
{
	service->count++;
	STAILQ_INSERT_TAIL(&service->servers, server, next);
	server->service = service;
	server->room = &service->room;
	server->changed = note_change;
}

void service_fail(struct service *service, int error)
{
	service->error = error;
}

static void close_all(struct service *service)
{
	struct server *server;

	notify_stopping(&service->notify);
	STAILQ_FOREACH(server, &service->servers, next)
		server_close(server);
}

/* The first signal closes the doors, the second ends everything. */
static void end_by(struct service *service, int number)
{
	bool first = service->signal == 0;

	if (first) {
		service->signal = number;
		close_all(service);
	}
	if (first && service->grace > 0 && service->room.taken > 0)
		service->bell.wake = deadline_in(service->grace);
	else
		service->over = true;
	if (loop_update(service->loop, &service->bell) < 0)
		service_fail(service, errno);
}

static void report_server(const struct service *service, struct server *server)
{
	char at[ADDRESS_TEXT_SIZE];
	char to[ADDRESS_TEXT_SIZE];
	char moved[64] = "";
	uint64_t bytes[2];
	bool dials = server->call != NULL && server->opened == 0;

	if (server->count != NULL) {
		server->count(server, bytes);
		snprintf(moved, sizeof moved,
		    ", %" PRIu64 " bytes in, %" PRIu64 " bytes out", bytes[0],
		    bytes[1]);
	}
	log_line("%s%s%s%s%s: %d open, %" PRIu64 " %s, %" PRIu64
		 " not allowed, %" PRIu64 " failed%s, since %s",
	    server->name != NULL ? server->name : "",
	    server->name != NULL ? ": " : "", address_name(server->at, at),
	    server->to != NULL ? " -> " : "",
	    server->to != NULL ? address_name(server->to, to) : "",
	    dials ? 0 : server->running, server->accepted,
	    server->call != NULL ? "made" : "accepted", server->refused,
	    server->failed, moved, service->since);
}

void service_note_signal(struct service *service, int number)
{
	struct server *server;

	if (number == SIGCHLD)
		service->reap(service);
	else if (number != SIGUSR1)
		end_by(service, number);
	else
		STAILQ_FOREACH(server, &service->servers, next)
			report_server(service, server);
}

static void run_bell(struct loop_task *task)
{
	struct service *service = loop_owner(task, struct service, bell);
	int number;

	while ((number = loop_next_signal(task)) != 0)
		service_note_signal(service, number);
	if (service->signal != 0 && deadline_passed(task->wake))
		service->over = true;
	if (loop_update(service->loop, task) < 0)
		service_fail(service, errno);
}

/* Whether somebody has come just now. */
static bool look(struct service *service)
{
	struct server *server;

	STAILQ_FOREACH(server, &service->servers, next) {
		log_name(server->name);
		if (server->call == NULL && !server->closed)
			server_look(server);
	}
	log_name(NULL);
	return service->room.taken > 0;
}

/*
 * Time is up, and nobody is there. Those who have just come are served first.
 * Of a passed socket, others have a descriptor, too, and care for those who
 * come later; a unix socket of our own lets nobody in any more.
 */
static void run_clock(struct loop_task *task)
{
	struct service *service = loop_owner(task, struct service, clock);
	struct server *server;
	char name[ADDRESS_TEXT_SIZE];

	if (!deadline_passed(task->wake) || look(service))
		return;
	STAILQ_FOREACH(server, &service->servers, next)
		listener_withdraw(&server->listener);
	service->expired = deadline_passed(service->first);
	if (look(service)) {
		service->exit_idle = AT_ONCE; /* when these have gone */
		service->expired = false;
		return;
	}
	server = STAILQ_FIRST(&service->servers);
	if (service->expired)
		log_error("%s: nobody has connected in %g s",
		    address_name(server->at, name), service->accept_timeout);
	close_all(service);
}

/* No more than there are descriptors for. */
static void open_room(struct service *service)
{
	int spare = SPARE_DESCRIPTORS + service->count; /* they listen */
	int room = fd_room(service->loop->epoll, spare);
	int most =
	    service->descriptors > 0 ? room / service->descriptors : INT_MAX;

	if (service->most > 0 && service->most < most)
		most = service->most;
	room_open(&service->room, most > 0 ? most : 1, service->count);
}

static void begin(struct service *service)
{
	struct server *server;

	open_room(service);
	STAILQ_FOREACH(server, &service->servers, next)
		server_begin(server);
	service->first = deadline_limit(service->accept_timeout);
	service->idle = deadline_limit(service->exit_idle);
	watch_clock(service);
	notify_ready(&service->notify, service->loop);
}

static void end_all(struct service *service)
{
	struct server *server;

	STAILQ_FOREACH(server, &service->servers, next) {
		log_name(server->name);
		server->end_all(server);
	}
	log_name(NULL);
}

enum status service_run(struct service *service)
{
	struct server *server;

	loop_task_init(&service->bell, run_bell);
	loop_task_init(&service->clock, run_clock);
	if (loop_watch_signals(
		service->loop, &service->bell, service->reap != NULL) < 0)
		service_fail(service, errno);
	else
		begin(service);
	while (!service->over && service->error == 0)
		if (loop_turn(service->loop) < 0)
			service_fail(service, errno);
	server = STAILQ_FIRST(&service->servers);
	if (service->error != 0)
		trouble_at(server->at, "epoll", service->error);
	if (service->room.taken > 0)
		end_all(service);
	if (service->error != 0)
		return STATUS_FAILED;
	return service->expired ? STATUS_TIMEOUT : STATUS_OK;
}
