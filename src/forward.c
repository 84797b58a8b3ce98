#include "forward.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "endpoint.h"
#include "log.h"
#include "session.h"

/* Two sockets; a SEQPACKET has an eventfd beside it. */
#define DESCRIPTORS         2
#define MESSAGE_DESCRIPTORS 4

/*
 * From its accept on, a connection is dialling: dial is set, and accepted is
 * its socket. Then it is relayed: near and far are open. If it is cut off, it
 * parts at last: what a reset would overtake is given the time to arrive.
 */
struct forward_connection {
	struct forward *forward;
	struct loop_task task;
	struct address peer;
	int accepted;
	struct dial *dial;
	struct stream near, far;
	struct session session;
	bool parting;
	struct deadline parted; /* at the latest */
	TAILQ_ENTRY(forward_connection) next;
};

static struct loop *loop_of(const struct forward_connection *connection)
{
	return &connection->forward->work.serve->loop;
}

/* Takes it off the books; its sockets are closed. */
static void forget(struct forward_connection *connection)
{
	struct forward *forward = connection->forward;

	TAILQ_REMOVE(&forward->all, connection, next);
	free(connection->dial);
	free(connection);
	serve_note_end(forward->work.serve);
}

/* Without a target there is no stream: a TCP peer is told so by a reset. */
static void turn_away(struct forward_connection *connection)
{
	loop_remove(loop_of(connection), &connection->task);
	socket_reset(connection->accepted);
	forget(connection);
}

static void part(struct forward_connection *connection)
{
	loop_remove(loop_of(connection), &connection->task);
	stream_close(&connection->near);
	stream_close(&connection->far);
	forget(connection);
}

static void run_parting(struct loop_task *task)
{
	struct forward_connection *connection =
	    loop_owner(task, struct forward_connection, task);

	task->wake = deadline_in(SESSION_TRANSIT_LOOK_MS / 1000.0);
	if (!session_in_transit(&connection->session) ||
	    deadline_passed(connection->parted) ||
	    loop_update(loop_of(connection), task) < 0)
		part(connection);
}

static void end_relay(struct forward_connection *connection)
{
	loop_remove(loop_of(connection), &connection->task);
	session_end(&connection->session);
	connection->parting = true;
	connection->parted = deadline_in(SESSION_TRANSIT_SECONDS);
	connection->task.run = run_parting;
	run_parting(&connection->task);
}

/* Waits for what the relay wants now. */
static void watch_relay(struct forward_connection *connection)
{
	struct loop_task *task = &connection->task;
	struct relay *relay = &connection->session.relay;

	relay_interest(relay, task->fds);
	task->wake = relay_deadline(relay);
	if (loop_update(loop_of(connection), task) == 0)
		return;
	endpoint_complain(&connection->peer, "epoll", errno);
	end_relay(connection);
}

static void run_relay(struct loop_task *task)
{
	struct forward_connection *connection =
	    loop_owner(task, struct forward_connection, task);

	if (relay_advance(&connection->session.relay, task->fds) ==
	    RELAY_RUNNING)
		watch_relay(connection);
	else
		end_relay(connection);
}

/* The far side's stream takes over the accepted socket, whatever happens. */
static int open_streams(struct forward_connection *connection, int dialled)
{
	const struct dial_target *target = connection->forward->target;
	size_t buffer = target->choice.buffer;

	if (endpoint_open(
		&connection->near, dialled, &target->address, buffer) < 0)
		return -1;
	if (endpoint_open(&connection->far, connection->accepted,
		&connection->peer, buffer) == 0)
		return 0;
	connection->accepted = -1;
	stream_close(&connection->near);
	return -1;
}

static void begin_relay(struct forward_connection *connection, int dialled)
{
	const struct options *options = connection->forward->options;
	struct session *session = &connection->session;
	char name[ADDRESS_TEXT_SIZE];

	if (options->verbose)
		log_error(
		    "%s: connected", address_name(&options->target, name));
	if (open_streams(connection, dialled) < 0) {
		turn_away(connection);
		return;
	}
	session->near = &connection->near;
	session->far = &connection->far;
	session->peer = &connection->peer;
	session->pipes = &connection->forward->pipes;
	session_begin(session, options);
	connection->task.run = run_relay;
	relay_interest(&session->relay, connection->task.fds);
	run_relay(&connection->task);
}

/* Goes on with a dial of which a step is done. */
static void note_dial(struct forward_connection *connection)
{
	struct loop_task *task = &connection->task;
	struct dial *dial = connection->dial;
	int fd;

	if (dial->state < DIAL_CONNECTED) {
		task->fds[0] = dial_interest(dial);
		task->wake = dial_deadline(dial);
		if (loop_update(loop_of(connection), task) == 0)
			return;
		endpoint_complain(&connection->peer, "epoll", errno);
		dial_abort(dial);
		turn_away(connection);
		return;
	}
	fd = endpoint_dialled(dial);
	free(dial);
	connection->dial = NULL;
	if (fd < 0)
		turn_away(connection);
	else
		begin_relay(connection, fd);
}

static void run_dial(struct loop_task *task)
{
	struct forward_connection *connection =
	    loop_owner(task, struct forward_connection, task);

	dial_advance(connection->dial, task->fds[0].revents);
	note_dial(connection);
}

static struct forward_connection *new_connection(
    struct forward *forward, int fd, const struct address *peer)
{
	struct forward_connection *connection = calloc(1, sizeof *connection);

	if (connection == NULL)
		return NULL;
	connection->dial = malloc(sizeof *connection->dial);
	if (connection->dial == NULL) {
		free(connection);
		return NULL;
	}
	connection->forward = forward;
	connection->accepted = fd;
	connection->peer = *peer;
	loop_task_init(&connection->task, run_dial);
	TAILQ_INSERT_TAIL(&forward->all, connection, next);
	return connection;
}

static void take(struct serve_work *work, int fd, const struct address *peer)
{
	struct forward *forward = loop_owner(work, struct forward, work);
	struct forward_connection *connection =
	    new_connection(forward, fd, peer);

	if (connection == NULL) {
		endpoint_complain(peer, "memory", errno);
		close(fd);
		serve_note_end(work->serve);
		return;
	}
	dial_begin(connection->dial, forward->target);
	note_dial(connection);
}

static void end_all(struct serve_work *work)
{
	struct forward *forward = loop_owner(work, struct forward, work);
	struct forward_connection *connection;

	while ((connection = TAILQ_FIRST(&forward->all)) != NULL) {
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it is another */
		if (connection->dial != NULL) {
			dial_abort(connection->dial);
			turn_away(connection);
			continue;
		}
		if (!connection->parting)
			session_end(&connection->session);
		part(connection);
	}
}

int forward_init(struct forward *forward, const struct options *options,
    struct dial_target *target)
{
	struct socket_fault fault = { .step = "resolve" };

	*forward = (struct forward){
		.work = {
			.descriptors = options->seqpacket
					   ? MESSAGE_DESCRIPTORS
					   : DESCRIPTORS,
			.take = take,
			.end_all = end_all,
		},
		.options = options,
		.target = target,
	};
	TAILQ_INIT(&forward->all);
	splice_pool_init(&forward->pipes);
	if (dial_resolve(target, &fault) == 0)
		return 0;
	endpoint_complain_of(&target->address, &fault, errno, false);
	return -1;
}
