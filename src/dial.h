/*
 * Connecting to an address of any kind, without waiting: attempt after
 * attempt, each with a new socket, address after address of a name, and the
 * handshake of a hybrid socket.
 *
 * The owner polls for what dial_interest() asks, no longer than until
 * dial_deadline(), and calls dial_advance(), until the state is DIAL_CONNECTED
 * or DIAL_FAILED.
 */
#ifndef VCAT_DIAL_H
#define VCAT_DIAL_H

#include <poll.h>
#include <stdbool.h>

#include "address.h"
#include "deadline.h"
#include "socket.h"

struct dial_target;
struct family;
struct names;
struct resolver_name;

/* What must be heard from a peer before it counts as connected. */
struct dial_greeting {
	/* It is listened to from now on. */
	void (*begin)(
	    struct dial_target *target, struct socket_attempt *attempt);
	/* As family->hear(): 0, or -1 with errno, EAGAIN while there is more
	 * to come. */
	int (*hear)(struct dial_target *target, struct socket_attempt *attempt);
};

/* Where to, and how: what many dials may have in common. Times in seconds. */
struct dial_target {
	struct address address; /* any kind but ADDRESS_STDIO */
	struct socket_choice choice;
	double timeout; /* for one attempt, whole; 0: no limit */
	double retry;   /* try anew for so long; 0: for ever; negative: don't */
	bool again;     /* the owner dials again: no advice to wait */
	struct names *names; /* NULL until looked up, if it has any */
	struct resolver_name *followed; /* borrowed: each dial looks them up
					   again; NULL: what names are, stays */
	const struct dial_greeting *greeting; /* borrowed; NULL: none */
};

enum dial_state {
	DIAL_RESOLVING,  /* the name is looked up again */
	DIAL_WAITING,    /* for the next attempt, or with a socket for a place
			    in a full backlog */
	DIAL_CONNECTING, /* connect(2) goes on */
	DIAL_SHAKING,    /* hands, with a VMM */
	DIAL_GREETED,    /* to be, by the peer */
	DIAL_CONNECTED,
	DIAL_FAILED,
};

struct dial {
	struct dial_target *target;  /* borrowed */
	const struct family *family; /* of its address */
	enum dial_state state;
	int error; /* DIAL_FAILED: errno's, for attempt.fault.step */
	struct socket_attempt attempt; /* its limit is also that of a pause */
	struct names *names;           /* those that are tried, held */
	struct deadline until;         /* of all attempts */
	struct deadline whole;         /* of this attempt, with all addresses */
	double pause;                  /* before the next attempt, in seconds */
};

/* Whether its address contains a name, and no number, that can be looked up. */
bool dial_has_name(const struct dial_target *target);

/*
 * Looks a name up, if the target has one, which may take long: whoever has
 * other connections to care for does it before, or has the name followed.
 * Returns 0, or -1 with errno and in *fault what failed.
 */
int dial_resolve(struct dial_target *target, struct socket_fault *fault);

/* Frees what dial_resolve() has found; the target may be used again. */
void dial_forget(struct dial_target *target);

/* Begins. The target must outlive the dial. Returns dial->state. */
enum dial_state dial_begin(struct dial *dial, struct dial_target *target);

/* What to poll for; fd is -1 where there is only time to wait for. */
struct pollfd dial_interest(const struct dial *dial);
struct deadline dial_deadline(const struct dial *dial);

/* Goes on, given poll(2)'s answer. Returns dial->state. */
enum dial_state dial_advance(struct dial *dial, short revents);

/* Gives up what is not over, and closes its socket. */
void dial_abort(struct dial *dial);

#endif
