#include "serve.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "fd.h"
#include "log.h"
#include "signals.h"

/* Accepted in one go, before those that are there have their turn. */
#define BATCH 64

/* Descriptors that are not a connection's: the loop's own, pipes, a log, a
 * resolver's for a moment. */
#define SPARE_DESCRIPTORS 48

/* How long to wait for room when the system has none; or for an end of ours. */
#define ROOM_SECONDS 0.25

bool serve_admits(
    const struct serve_rules *rules, int fd, const struct address *peer)
{
	char name[ADDRESS_TEXT_SIZE];

	address_name(peer, name);
	if (value_permits(rules->allow, peer)) {
		if (rules->verbose)
			log_error("%s: accepted", name);
		return true;
	}
	log_error("%s: not allowed: closed", name);
	close(fd);
	return false;
}

int serve_in_turn(struct endpoint_listener *listener,
    const struct serve_rules *rules, serve_handler *handler, void *context)
{
	bool more = true;

	while (more) {
		struct address peer;
		int fd = endpoint_accept(listener, rules->choice, &peer);

		if (fd < 0)
			return -1;
		if (!serve_admits(rules, fd, &peer))
			continue;
		if (rules->once)
			endpoint_close(listener);
		more = handler(context, fd, &peer) && !rules->once;
	}
	return 0;
}

/* Takes what the door waits for now to the loop. */
static void watch_door(struct serve *serve)
{
	bool room = serve->running < serve->most;

	serve->door.fds[0] = (struct pollfd){
		.fd = serve->signal == 0 && room ? serve->listener->fd : -1,
		.events = POLLIN,
	};
	serve->door.wake = deadline_never();
	loop_update(&serve->loop, &serve->door);
}

/* No more can be accepted now, and trying again at once would not help. */
static void wait_for_room(struct serve *serve, int error)
{
	if (!serve->complained)
		endpoint_complain(&serve->listener->address, "accept", error);
	serve->complained = true;
	serve->door.fds[0].fd = -1;
	serve->door.wake = deadline_in(ROOM_SECONDS);
	loop_update(&serve->loop, &serve->door);
}

static void run_door(struct loop_task *task)
{
	struct serve *serve = loop_owner(task, struct serve, door);
	int batch = serve->listener->blocks ? 1 : BATCH;

	/* closed in this very turn, by a signal */
	if (serve->signal != 0)
		return;
	for (int i = 0; i < batch && serve->running < serve->most; i++) {
		struct address peer;
		int fd = endpoint_accept_now(
		    serve->listener, serve->rules->choice, &peer);

		if (fd < 0 && errno == EAGAIN)
			break;
		if (fd < 0) {
			wait_for_room(serve, errno);
			return;
		}
		serve->complained = false;
		if (!serve_admits(serve->rules, fd, &peer))
			continue;
		serve->running++;
		serve->work->take(serve->work, fd, &peer);
	}
	watch_door(serve);
}

void serve_note_end(struct serve *serve)
{
	serve->running--;
	if (serve->signal != 0 && serve->running == 0)
		serve->over = true;
	else if (serve->door.fds[0].fd < 0)
		watch_door(serve);
}

/* The first signal closes the door, the second ends everything. */
static void note_signal(struct serve *serve, int number)
{
	double grace = serve->rules->grace;
	bool first = serve->signal == 0;

	if (first) {
		serve->signal = number;
		watch_door(serve);
		endpoint_close(serve->listener);
	}
	if (first && grace > 0 && serve->running > 0)
		serve->bell.wake = deadline_in(grace);
	else
		serve->over = true;
}

static void run_bell(struct loop_task *task)
{
	struct serve *serve = loop_owner(task, struct serve, bell);
	int number;

	while ((number = signals_next(task->fds[0].fd)) != 0) {
		if (number != SIGCHLD)
			note_signal(serve, number);
		else
			serve->work->reap(serve->work);
	}
	if (serve->signal != 0 && deadline_passed(task->wake))
		serve->over = true;
	task->fds[0].revents = 0;
	loop_update(&serve->loop, task);
}

/* As many as were asked for, and there are descriptors for. */
static int most_at_once(const struct serve *serve)
{
	int each = serve->work->descriptors;
	int asked = serve->rules->most > 0 ? serve->rules->most : INT_MAX;
	int most = asked;

	if (each > 0)
		most = fd_room(serve->loop.epoll, SPARE_DESCRIPTORS) / each;
	if (most < 1)
		most = 1;
	return asked < most ? asked : most;
}

static int open_bell(struct serve *serve)
{
	int fd = serve->work->reap != NULL
		     ? signals_open_with_children(&serve->before)
		     : signals_open(&serve->before);

	if (fd < 0)
		return -1;
	loop_task_init(&serve->bell, run_bell);
	serve->bell.fds[0] = (struct pollfd){ .fd = fd, .events = POLLIN };
	return loop_update(&serve->loop, &serve->bell);
}

static int run_loop(struct serve *serve)
{
	while (!serve->over)
		if (loop_turn(&serve->loop) < 0)
			return -1;
	return 0;
}

int serve_many(struct endpoint_listener *listener,
    const struct serve_rules *rules, struct serve_work *work)
{
	struct serve serve = {
		.listener = listener,
		.rules = rules,
		.work = work,
	};
	int result = -1;

	/* cppcheck-suppress autoVariables; it is used in here only */
	work->serve = &serve;
	if (loop_init(&serve.loop) == 0 && open_bell(&serve) == 0) {
		serve.most = most_at_once(&serve);
		loop_task_init(&serve.door, run_door);
		watch_door(&serve);
		result = run_loop(&serve);
	}
	if (result < 0)
		endpoint_complain(&listener->address, "epoll", errno);
	if (serve.running > 0)
		work->end_all(work);
	loop_free(&serve.loop);
	work->serve = NULL;
	return result < 0 ? -1 : serve.signal;
}
