#include "server.h"

#include <errno.h>
#include <sys/param.h>
#include <unistd.h>

#include "fd.h"
#include "log.h"
#include "trouble.h"

/* Accepted in one go, before those that are there have their turn. */
#define BATCH 64

/* How long to wait for room when the system has none. */
#define ROOM_SECONDS 0.25

/*
 * Between two connections that vcat makes: each pause is twice the one before,
 * up to the longest, and the first again after a connection that has lasted.
 */
#define PAUSE_FIRST 0.1
#define PAUSE_MOST  10.0
#define LASTING     10.0

bool server_admits(struct server *server, int fd, const struct address *peer)
{
	bool permitted = value_permits(server->allow, peer);
	char name[ADDRESS_TEXT_SIZE];

	if (!permitted || server->verbose)
		log_error("%s: %s", address_name(peer, name),
		    permitted ? "accepted" : "not allowed: closed");
	if (!permitted) {
		server->refused++;
		close(fd);
	}
	return permitted;
}

static bool has_place(struct server *server)
{
	return (server->most == 0 || server->running < server->most) &&
	       room_has_place(server->room, server->running);
}

/*
 * Takes what the door waits for now to the loop. If nobody can be let in until
 * a certain time, that is all it waits for. A door that cannot be watched
 * would stay shut, so that is the end of the server.
 */
static void watch_door(struct server *server, struct deadline until)
{
	bool open = !server->closed && deadline_is_never(until) &&
		    server->call == NULL && has_place(server) &&
		    !server->listener.shut; /* readable for ever */

	server->door.fds[0] = (struct pollfd){
		.fd = open ? server->listener.fd : -1,
		.events = POLLIN,
	};
	server->door.wake = until;
	if (loop_update(server->loop, &server->door) < 0) {
		server->error = errno;
		server->changed(server);
	}
}

/* No more can be accepted now, and trying again at once would not help. */
static void wait_for_room(struct server *server, int error)
{
	if (!server->complained)
		trouble_at(server->at, "accept", error);
	server->complained = true;
	watch_door(server, deadline_in(ROOM_SECONDS));
}

void server_close(struct server *server)
{
	if (server->closed)
		return;
	server->closed = true;
	watch_door(server, deadline_never());
	listener_close(&server->listener);
	server->changed(server);
}

static void enter(struct server *server)
{
	server->accepted++;
	room_enter(server->room, &server->running);
	server->changed(server);
}

/* Returns 1 if one was there, 0 if not, or -1 with errno: there is no room. */
static int accept_one(struct server *server)
{
	struct address peer;
	int fd = listener_accept(&server->listener, server->choice, &peer);

	if (fd < 0)
		return errno == EAGAIN ? 0 : -1;
	server->complained = false;
	if (!server_admits(server, fd, &peer))
		return 1;
	enter(server);
	if (server->once)
		server_close(server);
	server->take(server, fd, &peer);
	return 1;
}

void server_look(struct server *server)
{
	int left = BATCH;
	int result = 1;

	/* it may have been closed in this very turn */
	while (result > 0 && left-- > 0 && !server->closed && has_place(server))
		result = accept_one(server);
	if (result < 0)
		wait_for_room(server, errno);
	else
		watch_door(server, deadline_never());
}

/* Whether nobody is left for whom connections are made. */
static bool is_forsaken(struct server *server)
{
	if (server->reader < 0 ||
	    (fd_poll(server->reader, 0, 0) & (POLLERR | POLLHUP)) == 0)
		return false;
	log_error("stdout: the reader has gone");
	server->forsaken = true;
	return true;
}

/* Makes the next connection, if it is time. */
static void call(struct server *server)
{
	watch_door(server, deadline_never());
	if (server->closed || !has_place(server))
		return;
	if (is_forsaken(server)) {
		server_close(server);
		return;
	}
	room_enter(server->room, &server->running);
	server->call(server);
}

static void run_door(struct loop_task *task)
{
	struct server *server = loop_owner(task, struct server, door);

	log_name(server->name);
	if (server->call != NULL)
		call(server);
	else
		server_look(server);
	log_name(NULL);
}

void server_begin(struct server *server)
{
	loop_task_init(&server->door, run_door);
	server->pause = PAUSE_FIRST;
	watch_door(
	    server, server->call != NULL ? deadline_in(0) : deadline_never());
}

void server_note_open(struct server *server)
{
	server->opened = deadline_now();
	server->accepted++;
	server->changed(server);
}

/* The next connection is to be made, but not too soon. */
static void pause_calls(struct server *server)
{
	int64_t lasting = (int64_t)(LASTING * 1e9);

	if (server->opened != 0 && deadline_now() - server->opened >= lasting)
		server->pause = PAUSE_FIRST;
	server->opened = 0;
	watch_door(server, deadline_in(server->pause));
	server->pause = MIN(server->pause * 2, PAUSE_MOST);
}

void server_note_end(struct server *server, bool failed)
{
	room_leave(server->room, &server->running);
	if (failed)
		server->failed++;
	if (server->call != NULL && !server->closed)
		pause_calls(server);
	server_reopen(server);
	server->changed(server);
}

void server_reopen(struct server *server)
{
	bool waits = server->running == 0 && !server->closed &&
		     deadline_is_never(server->door.wake);

	if (server->call != NULL && waits)
		watch_door(server, deadline_in(0));
	else if (server->call == NULL && server->door.fds[0].fd < 0)
		watch_door(server, deadline_never());
}
