#include "server.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <unistd.h>

#include "fd.h"
#include "log.h"
#include "trouble.h"

/* Accepted in one go, before those that are there have their turn. */
#define BATCH 64

/* Descriptors that are not a connection's: the loop's own, pipes, a log, a
 * resolver's for a moment. */
#define SPARE_DESCRIPTORS 48

/* How long to wait for room when the system has none; or for an end of ours. */
#define ROOM_SECONDS 0.25

bool server_admits(
    const struct server *server, int fd, const struct address *peer)
{
	bool permitted = value_permits(server->allow, peer);
	char name[ADDRESS_TEXT_SIZE];

	if (!permitted || server->verbose)
		log_error("%s: %s", address_name(peer, name),
		    permitted ? "accepted" : "not allowed: closed");
	if (!permitted)
		close(fd);
	return permitted;
}

/*
 * Takes what the door waits for now to the loop. If nobody can be let in until
 * a certain time, that is all it waits for. A door that cannot be watched
 * would stay shut, so that is the end of the server.
 */
static void watch_door(struct server *server, struct deadline until)
{
	bool open = !server->closed && server->running < server->most &&
		    deadline_is_never(until);

	server->door.fds[0] = (struct pollfd){
		.fd = open ? server->listener.fd : -1,
		.events = POLLIN,
	};
	server->door.wake = until;
	if (loop_update(server->loop, &server->door) < 0)
		server->error = errno;
}

/* No more can be accepted now, and trying again at once would not help. */
static void wait_for_room(struct server *server, int error)
{
	if (!server->complained)
		trouble_at(&server->listener.address, "accept", error);
	server->complained = true;
	watch_door(server, deadline_in(ROOM_SECONDS));
}

void server_close(struct server *server)
{
	server->closed = true;
	watch_door(server, deadline_never());
	listener_close(&server->listener);
	server->over = server->over || server->running == 0;
}

static void run_door(struct loop_task *task)
{
	struct server *server = loop_owner(task, struct server, door);
	int batch = server->listener.blocks ? 1 : BATCH;

	/* it may have been closed in this very turn */
	for (int i = 0;
	     i < batch && !server->closed && server->running < server->most;
	     i++) {
		struct address peer;
		int fd =
		    listener_accept(&server->listener, server->choice, &peer);

		if (fd < 0 && errno == EAGAIN)
			break;
		if (fd < 0) {
			wait_for_room(server, errno);
			return;
		}
		server->complained = false;
		if (!server_admits(server, fd, &peer))
			continue;
		server->running++;
		if (server->once)
			server_close(server);
		server->take(server, fd, &peer);
	}
	watch_door(server, deadline_never());
}

void server_note_end(struct server *server)
{
	server->running--;
	if (server->closed && server->running == 0)
		server->over = true;
	else if (server->door.fds[0].fd < 0)
		watch_door(server, deadline_never());
}

/* The first signal closes the door, the second ends everything. */
void server_note_signal(struct server *server, int number)
{
	bool first = server->signal == 0;

	if (first) {
		server->signal = number;
		server_close(server);
	}
	if (first && server->grace > 0 && server->running > 0)
		server->bell.wake = deadline_in(server->grace);
	else
		server->over = true;
	loop_update(server->loop, &server->bell);
}

static void run_bell(struct loop_task *task)
{
	struct server *server = loop_owner(task, struct server, bell);
	int number;

	while ((number = loop_next_signal(task)) != 0) {
		if (number != SIGCHLD)
			server_note_signal(server, number);
		else
			server->reap(server);
	}
	if (server->signal != 0 && deadline_passed(task->wake))
		server->over = true;
	loop_update(server->loop, task);
}

/* No more than there are descriptors for. */
static void limit_most(struct server *server)
{
	int room = fd_room(server->loop->epoll, SPARE_DESCRIPTORS);
	int most =
	    server->descriptors > 0 ? room / server->descriptors : INT_MAX;

	if (server->most == 0 || server->most > most)
		server->most = most > 0 ? most : 1;
}

int server_run(struct server *server)
{
	int result;

	loop_task_init(&server->bell, run_bell);
	loop_task_init(&server->door, run_door);
	result = loop_watch_signals(
	    server->loop, &server->bell, server->reap != NULL);
	limit_most(server);
	watch_door(server, deadline_never());
	while (result == 0 && !server->over && server->error == 0)
		result = loop_turn(server->loop);
	if (result == 0 && server->error != 0) {
		errno = server->error;
		result = -1;
	}
	if (result < 0)
		trouble_at(&server->listener.address, "epoll", errno);
	if (server->running > 0)
		server->end_all(server);
	return result < 0 ? -1 : server->signal;
}
