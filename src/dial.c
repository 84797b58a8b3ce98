#include "dial.h"

#include <errno.h>
#include <netdb.h>

#include "family.h"
#include "trouble.h"

/* Seconds between attempts: few at first, while a guest is nearly there. */
#define PAUSE_FIRST 0.05
#define PAUSE_MOST  0.8

/* A full backlog gives nothing to poll for. */
#define QUEUE_SECONDS 0.01

int dial_resolve(struct dial_target *target, struct socket_fault *fault)
{
	const struct family *family = family_of(target->address.kind);

	if (family->resolve == NULL || target->names != NULL)
		return 0;
	target->names =
	    family->resolve(&target->address, &target->choice, fault);
	return target->names != NULL ? 0 : -1;
}

void dial_forget(struct dial_target *target)
{
	if (target->names != NULL)
		freeaddrinfo(target->names);
	target->names = NULL;
}

static void wait_for(struct dial *dial, double seconds, struct deadline most)
{
	dial->state = DIAL_WAITING;
	dial->attempt.limit = deadline_first(deadline_in(seconds), most);
}

/* With errno: the attempt has come to nothing. Is there another to make? */
static void give_up(struct dial *dial)
{
	bool reset = errno == ECONNRESET || errno == EPIPE;
	bool refuses =
	    dial->family->refuses_by_reset && dial->state != DIAL_GREETED;

	dial->error = reset && refuses ? ECONNREFUSED : errno;
	dial->attempt.fd = socket_abandon(dial->attempt.fd);
	dial->state = DIAL_FAILED;
	if (dial->target->retry < 0 || !trouble_passes(dial->error))
		return;
	wait_for(dial, dial->pause, dial->until);
	if (dial->pause < PAUSE_MOST)
		dial->pause *= 2;
}

/* The peer is there. */
static void note_reached(struct dial *dial)
{
	const struct dial_greeting *greeting = dial->target->greeting;

	dial->state = DIAL_CONNECTED;
	if (greeting == NULL)
		return;
	dial->state = DIAL_GREETED;
	dial->attempt.limit = dial->whole;
	greeting->begin(dial->target, &dial->attempt);
}

static void note_connected(struct dial *dial)
{
	if (dial->family->ask == NULL) {
		note_reached(dial);
		return;
	}
	dial->state = DIAL_SHAKING;
	if (dial->family->ask(&dial->attempt, &dial->target->address) < 0)
		give_up(dial);
}

static void go_on(struct dial *dial);

/* name is NULL where the target has no names. */
static void begin_attempt(struct dial *dial, const struct addrinfo *name)
{
	struct socket_attempt *attempt = &dial->attempt;

	attempt->limit = dial->whole;
	attempt->name = name;
	if (dial->family->begin(attempt, &dial->target->address) == 0)
		note_connected(dial);
	else if (errno == EINPROGRESS)
		dial->state = DIAL_CONNECTING;
	else if (errno == EAGAIN)
		wait_for(dial, QUEUE_SECONDS, dial->whole);
	else
		go_on(dial);
}

/*
 * With errno: to the next address of the name, if there is one. The old socket
 * is closed last, so that the new one has another number: epoll(7) could not
 * tell them apart.
 */
static void go_on(struct dial *dial)
{
	const struct addrinfo *name = dial->attempt.name;
	int old = dial->attempt.fd;

	if (name == NULL || name->ai_next == NULL ||
	    deadline_passed(dial->whole)) {
		give_up(dial);
		return;
	}
	dial->attempt.fd = -1;
	begin_attempt(dial, name->ai_next);
	socket_abandon(old);
}

static void start(struct dial *dial)
{
	dial->attempt.fault.said[0] = '\0';
	dial->whole =
	    deadline_first(dial->until, deadline_limit(dial->target->timeout));
	if (dial_resolve(dial->target, &dial->attempt.fault) < 0)
		give_up(dial);
	else
		begin_attempt(dial, dial->target->names);
}

enum dial_state dial_begin(struct dial *dial, struct dial_target *target)
{
	*dial = (struct dial){
		.target = target,
		.family = family_of(target->address.kind),
		.attempt = {
			.choice = &target->choice,
			.fd = -1,
			.fault.waited = target->again || target->retry >= 0,
		},
		.until = deadline_limit(target->retry > 0 ? target->retry : 0),
		.pause = PAUSE_FIRST,
	};
	start(dial);
	return dial->state;
}

struct pollfd dial_interest(const struct dial *dial)
{
	struct pollfd entry = { .fd = -1 };

	if (dial->state > DIAL_WAITING && dial->state < DIAL_CONNECTED)
		entry.fd = dial->attempt.fd;
	entry.events = dial->state > DIAL_CONNECTING ? POLLIN : POLLOUT;
	return entry;
}

struct deadline dial_deadline(const struct dial *dial)
{
	return dial->state < DIAL_CONNECTED ? dial->attempt.limit
					    : deadline_never();
}

/* What was to happen has happened. */
static void advance_ready(struct dial *dial)
{
	struct dial_target *target = dial->target;

	if (dial->state == DIAL_SHAKING) {
		if (dial->family->hear(&dial->attempt) == 0)
			note_reached(dial);
		else if (errno != EAGAIN)
			give_up(dial);
	} else if (dial->state == DIAL_GREETED) {
		if (target->greeting->hear(target, &dial->attempt) == 0)
			dial->state = DIAL_CONNECTED;
		else if (errno != EAGAIN)
			give_up(dial);
	} else if (socket_outcome(dial->attempt.fd) == 0) {
		note_connected(dial);
	} else {
		go_on(dial);
	}
}

/* A time limit has run out, or a pause is over. */
static void advance_late(struct dial *dial)
{
	bool queues = dial->state == DIAL_WAITING && dial->attempt.fd >= 0;

	errno = ETIMEDOUT;
	if (dial->state == DIAL_CONNECTING)
		go_on(dial);
	else if (queues && !deadline_passed(dial->whole))
		begin_attempt(dial, dial->attempt.name);
	else if (queues || dial->state > DIAL_CONNECTING)
		give_up(dial);
	else if (!deadline_passed(dial->until))
		start(dial);
	else
		dial->state = DIAL_FAILED; /* by the last attempt's error */
}

enum dial_state dial_advance(struct dial *dial, short revents)
{
	if (revents != 0 && dial->state != DIAL_WAITING)
		advance_ready(dial);
	else if (deadline_passed(dial_deadline(dial)))
		advance_late(dial);
	return dial->state;
}

void dial_abort(struct dial *dial)
{
	if (dial->state < DIAL_CONNECTED)
		dial->attempt.fd = socket_abandon(dial->attempt.fd);
	dial->state = DIAL_FAILED;
}
