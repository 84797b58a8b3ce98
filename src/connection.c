#include "connection.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "family.h"
#include "fd.h"
#include "log.h"
#include "proxy.h"
#include "trouble.h"
#include "verdict.h"

/* How often to look whether a peer has gone, or whether all has arrived. */
#define PROBE_SECONDS 0.25
#define LOOK_SECONDS  0.02

#define PARTING_SECONDS 2.0 /* for what is on its way when it is cut off */

/* Some may be left out. The first two are also indices of all->told. */
enum connection_state {
	DIALLING_FAR,  /* the far side is dialled, and nothing else is there */
	DIALLING_NEAR, /* the far side is open, the near side is dialled */
	RELAYING,      /* both are open */
	PARTING, /* it was cut off: what a reset would overtake may arrive */
};

struct connection {
	struct connections *all;
	struct loop_task task;
	enum connection_state state;
	struct address peer;
	struct dump_pair *dump;
	bool alerted;         /* something has happened to who waits for it */
	struct stream far;    /* in.fd is -1 while it is not open */
	struct stream target; /* the same; the near side if that is dialled */
	struct stream *near;  /* it, stdio or what was made; an echo: NULL */
	union {
		struct dial dial;   /* while dialling */
		struct relay relay; /* while relaying */
	};
	int64_t began;          /* the relay */
	struct deadline parted; /* at the latest */
	struct connection_end end;
	LIST_ENTRY(connection) next;
};

/* Closes and frees it, and tells its owner. */
static void finish(struct connection *connection)
{
	struct connections *all = connection->all;
	struct connection_end end = connection->end;

	/* an outbox has a thread, which may have the descriptor yet */
	if (connection->far.outbox != NULL || connection->target.outbox != NULL)
		loop_remove(all->loop, &connection->task);
	else
		loop_forget(all->loop, &connection->task);
	stream_close(&connection->target);
	stream_close(&connection->far);
	if (all->maker != NULL && connection->near != NULL)
		all->maker->unmake(all->maker, connection->near);
	LIST_REMOVE(connection, next);
	free(connection->dump);
	free(connection);
	all->done(all, &end);
}

/* No relay comes of it: a far peer that can be told sees a reset. */
static void fail(struct connection *connection, enum status status)
{
	dial_abort(&connection->dial);
	connection->far.broken = true;
	connection->end.status = status;
	finish(connection);
}

/* Waits for what the task says now. Returns 0, or -1 after a message. */
static int watch(struct connection *connection)
{
	if (loop_update(connection->all->loop, &connection->task) == 0)
		return 0;
	trouble_at(&connection->peer, "epoll", errno);
	return -1;
}

static void part(struct connection *connection)
{
	bool transit = stream_in_transit(&connection->far) ||
		       stream_in_transit(&connection->target);

	if (transit && !deadline_passed(connection->parted)) {
		loop_remove(connection->all->loop, &connection->task);
		connection->task.wake = deadline_in(LOOK_SECONDS);
		if (watch(connection) == 0)
			return;
	}
	finish(connection);
}

/* The relay is over: says how it went, and lets go of it. */
static void judge(struct connection *connection)
{
	struct connections *all = connection->all;
	const struct address *far = &connection->peer;
	struct relay *relay = &connection->relay;
	bool metered = progress_end(&all->meter.progress);

	flow_note_cut(&relay->out);
	flow_note_cut(&relay->in);
	connection->end.status = verdict_give(relay, all->near_address, far);
	connection->end.stdout_gone =
	    relay->in.fault == FLOW_WRITE_FAILED && all->stdio != NULL;
	connection->end.stdin_ended =
	    relay->out.stop == FLOW_STOP_END && all->stdio != NULL;
	relay_count(relay, all->moved);
	if (all->verbose || metered)
		verdict_summarize(
		    relay, all->near_address, far, connection->began);
	relay_free(relay);
	connection->state = PARTING;
	connection->parted = deadline_in(PARTING_SECONDS);
}

static void go_on_relaying(struct connection *connection)
{
	struct meter *meter = &connection->all->meter;
	struct loop_task *task = &connection->task;
	struct relay *relay = &connection->relay;

	meter_give_way(meter, relay);
	if (relay_advance(relay, task->fds) == RELAY_RUNNING) {
		meter_count(meter, relay);
		relay_interest(relay, task->fds);
		task->wake =
		    deadline_first(relay_deadline(relay), meter->progress.next);
		if (watch(connection) == 0)
			return;
	}
	judge(connection);
	part(connection);
}

static void begin_relay(struct connection *connection)
{
	struct connections *all = connection->all;

	connection->state = RELAYING;
	connection->began = deadline_now();
	relay_init(&connection->relay, connection->near, &connection->far,
	    &all->rules);
	proxy_introduce(all->proxy_header, connection->far.in.fd,
	    &connection->peer, &connection->relay.in);
	if (all->greeting != NULL)
		flow_prepend(&connection->relay.in, all->greeting,
		    strlen(all->greeting));
	dump_watch(connection->dump, &connection->relay);
	meter_begin(&all->meter, &connection->relay);
	relay_interest(&connection->relay, connection->task.fds);
	go_on_relaying(connection);
}

/* Returns 0, or -1 after a message; then the stream is closed, or owns fd. */
static int open_stream(struct connection *connection, struct stream *stream,
    int fd, const struct address *peer)
{
	struct connections *all = connection->all;
	const struct family *family = family_of(peer->kind);
	bool last = all->near == NULL || stream == &connection->target;

	if (last && all->settle != NULL)
		all->settle(all);
	if (all->bytes) {
		stream_from_bytes(stream, fd);
	} else if (stream_from_socket(stream, fd, all->rules.buffer) < 0) {
		trouble_at(peer, "outbox", errno);
		stream->in.fd = -1;
		return socket_abandon(fd);
	}
	stream->resets = family->resets;
	if (all->ending != NULL)
		stream->ending = *all->ending;
	else if (family->no_half_close)
		stream->ending = STREAM_KEEP;
	if (all->maker == NULL)
		return 0;
	connection->near = all->maker->make(all->maker, fd);
	if (connection->near == NULL)
		trouble_at(peer, "measure", errno);
	return connection->near != NULL ? 0 : -1;
}

/* Who waits for the dial: the far peer, or whoever reads stdout. */
static struct pollfd waiting(const struct connection *connection)
{
	bool near = connection->state == DIALLING_NEAR;
	int fd = near ? connection->far.in.fd : connection->all->waiting;

	return (struct pollfd){
		.fd = connection->alerted ? -1 : fd,
		.events = near ? POLLRDHUP : 0,
	};
}

/* Whether nobody is left for whom to dial. Says so, if that is a failure. */
static bool is_forsaken(const struct connection *connection)
{
	char name[ADDRESS_TEXT_SIZE];

	if (connection->state == DIALLING_FAR) {
		log_error("stdout: the reader has gone");
		return true;
	}
	if (!stream_peer_closed(&connection->far) ||
	    stream_has_unread(&connection->far))
		return false;
	if (connection->all->verbose)
		log_error("%s: the peer closed before its target was reached",
		    address_name(&connection->peer, name));
	return true;
}

static void begin_dial(struct connection *connection,
    enum connection_state state, struct dial_target *target);

/* The far side is open. */
static void go_on(struct connection *connection)
{
	if (connection->all->near != NULL)
		begin_dial(connection, DIALLING_NEAR, connection->all->near);
	else
		begin_relay(connection);
}

/* What has been dialled is there. */
static void note_dialled(struct connection *connection, int fd)
{
	struct connections *all = connection->all;
	const struct address *peer = &connection->dial.target->address;
	bool far = connection->state == DIALLING_FAR;
	char name[ADDRESS_TEXT_SIZE];

	all->told[connection->state] = 0;
	if (all->verbose)
		log_error("%s: connected", address_name(peer, name));
	if (far && all->take != NULL) {
		connection->end.status = all->take(all, fd);
		close(fd);
		finish(connection);
	} else if (open_stream(connection,
		       far ? &connection->far : &connection->target, fd,
		       peer) < 0) {
		fail(connection, STATUS_FAILED);
	} else if (far) {
		go_on(connection);
	} else {
		begin_relay(connection);
	}
}

/* A step of the dial is done. */
static void note_dial(struct connection *connection)
{
	struct connections *all = connection->all;
	struct loop_task *task = &connection->task;
	struct dial *dial = &connection->dial;
	int *told = all->again ? &all->told[connection->state] : NULL;

	dump_dial(connection->dump, dial, connection->state == DIALLING_FAR);
	if (dial->state == DIAL_CONNECTED) {
		note_dialled(connection, dial->attempt.fd);
		return;
	}
	if (dial->state == DIAL_FAILED) {
		fail(connection, verdict_of_dial(dial, told));
		return;
	}
	task->fds[0] = dial_interest(dial);
	task->fds[1] = waiting(connection);
	task->wake = dial_deadline(dial);
	if (connection->alerted)
		task->wake =
		    deadline_first(task->wake, deadline_in(PROBE_SECONDS));
	if (watch(connection) < 0)
		fail(connection, STATUS_FAILED);
}

static void go_on_dialling(struct connection *connection)
{
	if (connection->task.fds[1].revents != 0) {
		connection->alerted = true;
		fd_probe_peer(connection->far.in.fd);
	}
	if (connection->alerted && is_forsaken(connection)) {
		connection->end.stdout_gone = connection->state == DIALLING_FAR;
		fail(connection, STATUS_FAILED);
		return;
	}
	dial_advance(&connection->dial, connection->task.fds[0].revents);
	note_dial(connection);
}

static void begin_dial(struct connection *connection,
    enum connection_state state, struct dial_target *target)
{
	connection->state = state;
	connection->alerted = false;
	dial_begin(&connection->dial, target);
	note_dial(connection);
}

static void run(struct loop_task *task)
{
	struct connection *connection =
	    loop_owner(task, struct connection, task);

	log_name(connection->all->name);
	switch (connection->state) {
	case DIALLING_FAR:
	case DIALLING_NEAR:
		go_on_dialling(connection);
		break;
	case RELAYING:
		go_on_relaying(connection);
		break;
	case PARTING:
		part(connection);
		break;
	}
	log_name(NULL);
}

static struct connection *new_connection(
    struct connections *all, const struct address *peer)
{
	struct connection *connection = calloc(1, sizeof *connection);

	if (connection == NULL)
		return NULL;
	connection->all = all;
	connection->peer = *peer;
	connection->dump = dump_begin(all->dump, &connection->peer);
	connection->dial.attempt.fd = -1;
	connection->far.in.fd = -1;
	connection->target.in.fd = -1;
	connection->near = all->near != NULL ? &connection->target : all->stdio;
	loop_task_init(&connection->task, run);
	connection->task.polled = all->alone;
	LIST_INSERT_HEAD(&all->list, connection, next);
	return connection;
}

void connection_begin(
    struct connections *all, int fd, const struct address *peer)
{
	static const struct connection_end failed = { .status = STATUS_FAILED };
	struct connection *connection = new_connection(all, peer);

	if (connection == NULL) {
		trouble_at(peer, "memory", errno);
		if (fd >= 0)
			close(fd);
		all->done(all, &failed);
	} else if (fd < 0) {
		begin_dial(connection, DIALLING_FAR, all->far);
	} else if (open_stream(connection, &connection->far, fd, peer) < 0) {
		fail(connection, STATUS_FAILED);
	} else {
		go_on(connection);
	}
}

void connections_count(const struct connections *all, uint64_t moved[2])
{
	const struct connection *connection;

	moved[0] = all->moved[0];
	moved[1] = all->moved[1];
	LIST_FOREACH(connection, &all->list, next)
		if (connection->state == RELAYING)
			relay_count(&connection->relay, moved);
}

void connections_end(struct connections *all)
{
	struct connection *connection;

	while ((connection = LIST_FIRST(&all->list)) != NULL) {
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it is another */
		if (connection->state == RELAYING)
			judge(connection);
		if (connection->state < RELAYING)
			fail(connection, STATUS_FAILED);
		else
			finish(connection);
	}
}
