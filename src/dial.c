#include "dial.h"

#include <errno.h>

#include "family.h"
#include "names.h"
#include "resolver.h"
#include "trouble.h"

/* Seconds between attempts: few at first, while a guest is nearly there. */
#define PAUSE_FIRST 0.05
#define PAUSE_MOST  0.8

/* A full backlog gives nothing to poll for. */
#define QUEUE_SECONDS 0.01

/*
 * A name that has addresses is not waited for longer: they will do. Nor for
 * more than a part of the time limit: they are to be tried, too. How often to
 * look for the answer: a name is asked for at most every few seconds.
 */
#define ANSWER_SECONDS 2.0
#define ANSWER_PART    0.5
#define LOOK_SECONDS   0.01

bool dial_has_name(const struct dial_target *target)
{
	const struct family *family = family_of(target->address.kind);
	struct names *number;

	if (family->resolve == NULL)
		return false;
	number = family->read_number(&target->address);
	names_drop(number);
	return number == NULL;
}

int dial_resolve(struct dial_target *target, struct socket_fault *fault)
{
	const struct family *family = family_of(target->address.kind);

	if (family->resolve == NULL || target->names != NULL)
		return 0;
	target->names = family->resolve(&target->address, fault);
	return target->names != NULL ? 0 : -1;
}

void dial_forget(struct dial_target *target)
{
	names_drop(target->names);
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

/* At that address of the name, if there is one. */
static void begin_attempt(struct dial *dial, int which)
{
	struct socket_attempt *attempt = &dial->attempt;

	attempt->limit = dial->whole;
	attempt->names = dial->names;
	attempt->which = which;
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
	const struct names *names = dial->names;
	int next = dial->attempt.which + 1;
	int old = dial->attempt.fd;

	if (names == NULL || next == names->count ||
	    deadline_passed(dial->whole)) {
		give_up(dial);
		return;
	}
	dial->attempt.fd = -1;
	begin_attempt(dial, next);
	socket_abandon(old);
}

/* Of a name that is followed: tries its addresses, or waits for them. */
static void take_names(struct dial *dial)
{
	double timeout = dial->target->timeout;
	double patience = timeout > 0 && timeout * ANSWER_PART < ANSWER_SECONDS
			      ? timeout * ANSWER_PART
			      : ANSWER_SECONDS;

	dial->names = resolver_take(
	    dial->target->followed, patience, &dial->attempt.fault);
	if (dial->names != NULL) {
		begin_attempt(dial, 0);
	} else if (errno == EAGAIN && !deadline_passed(dial->whole)) {
		wait_for(dial, LOOK_SECONDS, dial->whole);
		dial->state = DIAL_RESOLVING;
	} else {
		if (errno == EAGAIN)
			errno = ETIMEDOUT;
		give_up(dial);
	}
}

static void start(struct dial *dial)
{
	struct dial_target *target = dial->target;

	dial->attempt.fault.said[0] = '\0';
	dial->whole =
	    deadline_first(dial->until, deadline_limit(target->timeout));
	names_drop(dial->names);
	dial->names = NULL;
	if (target->followed != NULL) {
		resolver_ask(target->followed);
		take_names(dial);
	} else if (dial_resolve(target, &dial->attempt.fault) < 0) {
		give_up(dial);
	} else {
		dial->names = names_hold(target->names);
		begin_attempt(dial, 0);
	}
}

/* When it is over, it needs no more addresses. Returns dial->state. */
static enum dial_state conclude(struct dial *dial)
{
	if (dial->state < DIAL_CONNECTED)
		return dial->state;
	names_drop(dial->names);
	dial->names = NULL;
	return dial->state;
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
	return conclude(dial);
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
	if (dial->state == DIAL_RESOLVING)
		take_names(dial);
	else if (dial->state == DIAL_CONNECTING)
		go_on(dial);
	else if (queues && !deadline_passed(dial->whole))
		begin_attempt(dial, dial->attempt.which);
	else if (queues || dial->state > DIAL_CONNECTING)
		give_up(dial);
	else if (!deadline_passed(dial->until))
		start(dial);
	else
		dial->state = DIAL_FAILED; /* by the last attempt's error */
}

enum dial_state dial_advance(struct dial *dial, short revents)
{
	if (revents != 0 && dial->state > DIAL_WAITING)
		advance_ready(dial);
	else if (deadline_passed(dial_deadline(dial)))
		advance_late(dial);
	return conclude(dial);
}

void dial_abort(struct dial *dial)
{
	if (dial->state < DIAL_CONNECTED)
		dial->attempt.fd = socket_abandon(dial->attempt.fd);
	dial->state = DIAL_FAILED;
	conclude(dial);
}
