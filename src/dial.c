#include "dial.h"

#include <errno.h>
#include <netdb.h>

#include "family.h"
#include "trouble.h"

/* Between two attempts: short at first, while a guest is nearly there. */
#define RETRY_FIRST_MS 50
#define RETRY_LAST_MS  1000

/* A full backlog gives nothing to poll for. */
#define QUEUE_MS 10

#define MS_PER_S 1000.0

int dial_resolve(struct dial_target *target, struct socket_fault *fault)
{
	const struct family *family = family_of(target->address.kind);

	if (family->resolve == NULL || target->names != NULL)
		return 0;
	fault->step = "resolve";
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

/* name is NULL where the target has no names. */
static int begin_attempt(struct dial *dial, const struct addrinfo *name)
{
	struct socket_attempt *attempt = &dial->attempt;

	attempt->limit = dial->whole;
	attempt->name = name;
	return dial->family->begin(attempt, &dial->target->address);
}

static void pause_until_next(struct dial *dial)
{
	struct deadline next = deadline_in(dial->pause_ms / MS_PER_S);

	dial->state = DIAL_PAUSED;
	dial->wake = deadline_first(next, dial->until);
	dial->pause_ms *= 2;
	if (dial->pause_ms > RETRY_LAST_MS)
		dial->pause_ms = RETRY_LAST_MS;
}

/* The attempt has come to nothing: is there another one to make? */
static void give_up(struct dial *dial)
{
	dial->error = errno;
	socket_drop(&dial->attempt);
	dial->state = DIAL_FAILED;
	if (dial->target->retry >= 0 && trouble_passes(dial->error))
		pause_until_next(dial);
}

static void go_on(struct dial *dial);

static void note_connected(struct dial *dial)
{
	dial->state = DIAL_CONNECTED;
	if (dial->family->ask == NULL)
		return;
	dial->state = DIAL_SHAKING;
	dial->answer = (struct socket_answer){ .used = 0 };
	if (dial->family->ask(&dial->attempt, &dial->target->address) < 0)
		give_up(dial);
}

/* What has come of the attempt at connecting. */
static void note_begun(struct dial *dial, int result)
{
	if (result == 0 && dial->attempt.pending) {
		dial->state = DIAL_CONNECTING;
	} else if (result == 0) {
		note_connected(dial);
	} else if (errno == EAGAIN && dial->attempt.fd >= 0) {
		dial->state = DIAL_QUEUING;
		dial->wake = deadline_first(
		    deadline_in(QUEUE_MS / MS_PER_S), dial->whole);
	} else {
		go_on(dial);
	}
}

/*
 * With errno: to the next address of the name, if there is one. The old socket
 * is closed last, so that the new one has another number: epoll(7) could not
 * tell them apart.
 */
static void go_on(struct dial *dial)
{
	int old = dial->attempt.fd;
	int result = -1;

	dial->attempt.fd = -1;
	while (result < 0 && dial->attempt.name != NULL &&
	       dial->attempt.name->ai_next != NULL &&
	       !deadline_passed(dial->whole))
		result = begin_attempt(dial, dial->attempt.name->ai_next);
	if (old >= 0)
		socket_abandon(old);
	if (result == 0)
		note_begun(dial, 0);
	else
		give_up(dial);
}

static void start(struct dial *dial)
{
	dial->attempt.fault.said[0] = '\0';
	dial->whole =
	    deadline_first(dial->until, deadline_limit(dial->target->timeout));
	if (dial_resolve(dial->target, &dial->attempt.fault) < 0) {
		give_up(dial);
		return;
	}
	note_begun(dial, begin_attempt(dial, dial->target->names));
}

static void time_out(struct dial *dial)
{
	errno = ETIMEDOUT;
	if (dial->state == DIAL_CONNECTING)
		go_on(dial);
	else
		give_up(dial);
}

static void end_pause(struct dial *dial)
{
	if (!deadline_passed(dial->until))
		start(dial);
	else
		dial->state = DIAL_FAILED; /* by the last attempt's error */
}

enum dial_state dial_begin(struct dial *dial, struct dial_target *target)
{
	*dial = (struct dial){
		.target = target,
		.family = family_of(target->address.kind),
		.attempt = {
			.choice = &target->choice,
			.fd = -1,
			.fault = { .step = "connect",
			    .waited = target->retry >= 0 },
		},
		.until = deadline_limit(target->retry > 0 ? target->retry : 0),
		.pause_ms = RETRY_FIRST_MS,
	};
	start(dial);
	return dial->state;
}

struct pollfd dial_interest(const struct dial *dial)
{
	switch (dial->state) {
	case DIAL_CONNECTING:
		return (struct pollfd){ dial->attempt.fd, POLLOUT, 0 };
	case DIAL_SHAKING:
		return (struct pollfd){ dial->attempt.fd, POLLIN, 0 };
	default:
		return (struct pollfd){ .fd = -1 };
	}
}

struct deadline dial_deadline(const struct dial *dial)
{
	switch (dial->state) {
	case DIAL_PAUSED:
	case DIAL_QUEUING:
		return dial->wake;
	case DIAL_CONNECTING:
	case DIAL_SHAKING:
		return dial->attempt.limit;
	default:
		return deadline_never();
	}
}

static void advance_connecting(struct dial *dial, short revents)
{
	if (revents == 0) {
		if (deadline_passed(dial->attempt.limit))
			time_out(dial);
	} else if (dial->family->outcome(dial->attempt.fd) == 0) {
		note_connected(dial);
	} else {
		go_on(dial);
	}
}

static void advance_shaking(struct dial *dial)
{
	if (dial->family->hear(&dial->attempt, &dial->answer) == 0)
		dial->state = DIAL_CONNECTED;
	else if (errno != EAGAIN)
		give_up(dial);
	else if (deadline_passed(dial->attempt.limit))
		time_out(dial);
}

enum dial_state dial_advance(struct dial *dial, short revents)
{
	if (dial->state == DIAL_PAUSED && deadline_passed(dial->wake))
		end_pause(dial);
	else if (dial->state == DIAL_QUEUING && deadline_passed(dial->whole))
		time_out(dial);
	else if (dial->state == DIAL_QUEUING && deadline_passed(dial->wake))
		note_begun(dial, begin_attempt(dial, dial->attempt.name));
	else if (dial->state == DIAL_CONNECTING)
		advance_connecting(dial, revents);
	if (dial->state == DIAL_SHAKING)
		advance_shaking(dial);
	return dial->state;
}

void dial_abort(struct dial *dial)
{
	if (dial->state < DIAL_CONNECTED)
		socket_drop(&dial->attempt);
	dial->state = DIAL_FAILED;
}
