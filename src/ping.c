#include "ping.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "deadline.h"
#include "echo_peer.h"
#include "fd.h"
#include "log.h"
#include "loop.h"
#include "ping_report.h"
#include "trouble.h"

/* A vcat greets at once. Whoever has not done so by then is no echo. */
#define GREETING_SECONDS 1.0

enum pinger_state {
	RESTING,   /* until the next ping is due, perhaps with an echo */
	DIALLING,  /* a ping has begun */
	LISTENING, /* it is connected: does the peer greet? */
	ECHOING,   /* its message is under way */
	OVER,
};

struct pinger {
	struct ping *ping; /* borrowed */
	struct loop loop;
	struct loop_task bell; /* signals */
	struct loop_task task; /* all else */
	enum pinger_state state;
	struct dial dial;
	int fd;    /* of the connection, unless dial has it; -1: none */
	bool mute; /* who listens there is no echo */
	uint64_t seq;
	struct deadline due;   /* the next ping */
	struct deadline limit; /* of listening, or echoing */
	int64_t began;         /* dialling, or echoing; deadline_now() */
	int64_t connect_ns;    /* how long dialling took, for this ping; or 0 */
	struct echo_peer echo; /* at the other end of fd */
	bool failed;           /* with a message */
	struct ping_report report;
};

/* Why nothing came back. */
static const char *reason(int error)
{
	return error == EPIPE    ? "the peer closed the connection"
	       : error == EPROTO ? "bytes came that were not sent"
				 : strerror(error);
}

static void close_connection(struct pinger *pinger)
{
	if (pinger->fd < 0)
		return;
	loop_remove(&pinger->loop, &pinger->task);
	close(pinger->fd);
	pinger->fd = -1;
}

static bool is_last(const struct pinger *pinger)
{
	return pinger->ping->count > 0 && pinger->seq >= pinger->ping->count;
}

/* The ping has ended in that way, and with what time. Prints after measuring.
 * Only the connection to an echo that works is kept. */
static void conclude(struct pinger *pinger, enum ping_outcome outcome,
    int64_t ns, const char *why)
{
	const struct ping_result result = {
		.outcome = outcome,
		.seq = pinger->seq,
		.ns = ns,
		.connect_ns = outcome == PING_ECHO ? pinger->connect_ns : 0,
		.why = why,
	};

	if (outcome != PING_ECHO)
		close_connection(pinger);
	pinger->mute = outcome == PING_CONNECTED;
	pinger->state =
	    ping_report_one(&pinger->report, &result) && !is_last(pinger)
		? RESTING
		: OVER;
}

/* With errno: the message has not come back, or not yet. */
static void note_missing(struct pinger *pinger)
{
	int64_t ns = deadline_now() - pinger->began;

	if (errno != EAGAIN)
		conclude(pinger, PING_LOST, ns, reason(errno));
	else if (deadline_passed(pinger->limit))
		conclude(pinger, PING_SILENT, ns, NULL);
}

static void begin_echo(struct pinger *pinger)
{
	pinger->state = ECHOING;
	pinger->limit = deadline_limit(pinger->ping->target.timeout);
	pinger->began = deadline_now();
	if (echo_peer_send(&pinger->echo, pinger->seq) < 0)
		note_missing(pinger);
}

static void hear_echo(struct pinger *pinger)
{
	int result = echo_peer_answers(&pinger->echo);
	int64_t ns = deadline_now() - pinger->began;

	if (result == 0)
		conclude(pinger, PING_ECHO, ns, NULL);
	else
		note_missing(pinger);
}

static void hear_greeting(struct pinger *pinger)
{
	if (echo_peer_greets(&pinger->echo) == 0)
		begin_echo(pinger);
	else if (errno != EAGAIN || deadline_passed(pinger->limit))
		conclude(pinger, PING_CONNECTED, pinger->connect_ns, NULL);
}

static void note_connected(struct pinger *pinger)
{
	double timeout = pinger->ping->target.timeout;

	pinger->fd = pinger->dial.attempt.fd;
	pinger->connect_ns = deadline_now() - pinger->began;
	if (pinger->mute) {
		conclude(pinger, PING_CONNECTED, pinger->connect_ns, NULL);
		return;
	}
	pinger->state = LISTENING;
	echo_peer_begin(&pinger->echo, pinger->fd);
	pinger->limit = deadline_first(
	    deadline_in(GREETING_SECONDS), deadline_limit(timeout));
}

/* Whether a refusal comes from another machine, or a monitor: whether there is
 * somebody. That of a socket file comes from our own kernel. */
static bool is_answer(const struct pinger *pinger, int error)
{
	return error == ECONNREFUSED &&
	       address_has(pinger->report.address.kind, ADDRESS_PORT);
}

static void note_refused(struct pinger *pinger)
{
	const struct dial *dial = &pinger->dial;
	int64_t ns = deadline_now() - pinger->began;
	bool known = ping_report_answered(&pinger->report) > 0;

	if (dial->error == ETIMEDOUT) {
		conclude(pinger, PING_SILENT, ns, NULL);
	} else if (is_answer(pinger, dial->error)) {
		conclude(pinger, PING_REFUSED, ns, NULL);
	} else if (known && trouble_passes(dial->error)) {
		conclude(pinger, PING_LOST, ns, strerror(dial->error));
	} else {
		trouble_report(&pinger->ping->target.address,
		    &dial->attempt.fault, dial->error);
		pinger->seq--;
		pinger->failed = true;
		pinger->state = OVER;
	}
}

static void note_dial(struct pinger *pinger)
{
	if (pinger->dial.state == DIAL_CONNECTED)
		note_connected(pinger);
	else if (pinger->dial.state == DIAL_FAILED)
		note_refused(pinger);
}

static void begin_ping(struct pinger *pinger)
{
	pinger->seq++;
	pinger->due = deadline_in(pinger->ping->interval);
	pinger->connect_ns = 0;
	if (pinger->fd >= 0) {
		begin_echo(pinger);
		return;
	}
	pinger->state = DIALLING;
	pinger->began = deadline_now();
	dial_begin(&pinger->dial, &pinger->ping->target);
	note_dial(pinger);
}

/* No ping is under way: nothing is to come. An echo that has gone is dialled
 * again by the next ping. */
static void look_at_echo(struct pinger *pinger)
{
	char name[ADDRESS_TEXT_SIZE];
	char byte;
	ssize_t n = recv(pinger->fd, &byte, sizeof byte, MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n >= 0)
		errno = n == 0 ? EPIPE : EPROTO;
	log_error("%s: %s", address_name(&pinger->ping->target.address, name),
	    reason(errno));
	close_connection(pinger);
}

/* What to wait for in this state. */
static void set_interest(struct pinger *pinger)
{
	struct loop_task *task = &pinger->task;

	task->fds[0] =
	    pinger->state == DIALLING
		? dial_interest(&pinger->dial)
		: (struct pollfd){ .fd = pinger->fd, .events = POLLIN };
	task->wake = pinger->state == RESTING    ? pinger->due
		     : pinger->state == DIALLING ? dial_deadline(&pinger->dial)
						 : pinger->limit;
}

static void run_task(struct loop_task *task)
{
	struct pinger *pinger = loop_owner(task, struct pinger, task);

	switch (pinger->state) {
	case RESTING:
		if (pinger->fd >= 0)
			look_at_echo(pinger);
		if (deadline_passed(pinger->due))
			begin_ping(pinger);
		break;
	case DIALLING:
		dial_advance(&pinger->dial, task->fds[0].revents);
		note_dial(pinger);
		break;
	case LISTENING:
		hear_greeting(pinger);
		break;
	case ECHOING:
		hear_echo(pinger);
		break;
	case OVER:
		break;
	}
	set_interest(pinger);
}

static void run_bell(struct loop_task *task)
{
	struct pinger *pinger = loop_owner(task, struct pinger, bell);
	int number = loop_next_signal(task);

	if (number != 0 && number != SIGUSR1)
		pinger->ping->signal = number;
}

/* Returns 0, or -1 with errno. */
static int ping_all(struct pinger *pinger)
{
	loop_task_init(&pinger->bell, run_bell);
	loop_task_init(&pinger->task, run_task);
	pinger->task.polled = true;
	if (loop_watch_signals(&pinger->loop, &pinger->bell, false) < 0)
		return -1;
	begin_ping(pinger);
	set_interest(pinger);
	while (pinger->state != OVER && pinger->ping->signal == 0)
		if (loop_update(&pinger->loop, &pinger->task) < 0 ||
		    loop_turn(&pinger->loop) < 0)
			return -1;
	return 0;
}

/* Nothing was answered: says why, as far as that is known. */
static void complain(const struct pinger *pinger)
{
	const struct ping_report *report = &pinger->report;
	char name[ADDRESS_TEXT_SIZE];

	if (report->silent > 0 && pinger->dial.state == DIAL_FAILED)
		trouble_report(&pinger->ping->target.address,
		    &pinger->dial.attempt.fault, pinger->dial.error);
	else
		log_error("%s: no ping was answered",
		    address_name(&pinger->ping->target.address, name));
}

static enum status end(struct pinger *pinger)
{
	struct ping_report *report = &pinger->report;
	bool under_way = pinger->state != RESTING && pinger->state != OVER;
	uint64_t ended;

	if (pinger->state == DIALLING)
		dial_abort(&pinger->dial);
	if (report->error == 0 && (pinger->seq > 0 || report->json))
		ping_report_end(report, under_way);
	if (report->error != 0) {
		log_error("stdout: write: %s", strerror(report->error));
		return STATUS_FAILED;
	}
	if (pinger->failed)
		return STATUS_FAILED;
	if (ping_report_answered(report) > 0)
		return STATUS_OK;
	ended = report->silent + report->lost;
	if (ended > 0 && !report->json)
		complain(pinger);
	return ended > 0 && report->lost == 0 ? STATUS_TIMEOUT : STATUS_FAILED;
}

static enum status run(struct pinger *pinger)
{
	enum status status = STATUS_FAILED;

	if (loop_init(&pinger->loop) < 0) {
		trouble_at(&pinger->ping->target.address, "epoll", errno);
		return STATUS_FAILED;
	}
	if (ping_all(pinger) == 0)
		status = end(pinger);
	else
		trouble_at(&pinger->ping->target.address, "poll", errno);
	close_connection(pinger);
	loop_free(&pinger->loop);
	if (pinger->ping->signal == SIGINT)
		pinger->ping->signal = 0;
	return status;
}

enum status ping_run(struct ping *ping)
{
	struct pinger *pinger = calloc(1, sizeof *pinger);
	enum status status = STATUS_FAILED;

	signal(SIGPIPE, SIG_IGN);
	ping->signal = 0;
	if (pinger == NULL) {
		trouble_at(&ping->target.address, "memory", errno);
		return STATUS_FAILED;
	}
	ping->target.again = true; /* nobody needs the advice to try again */
	pinger->ping = ping;
	pinger->fd = -1;
	pinger->report.address = ping->target.address;
	pinger->report.json = ping->json;
	pinger->report.to = fd_output(STDOUT_FILENO);
	if (pinger->report.to != NULL)
		status = run(pinger);
	else
		trouble_at(&ping->target.address, "memory", errno);
	if (pinger->report.to != NULL)
		fclose(pinger->report.to);
	free(pinger);
	return status;
}
