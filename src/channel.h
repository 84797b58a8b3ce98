/*
 * Frames over a connected socket, one after the other, both ways at once. It
 * owns the socket's traffic, and waits; what is wrong it says itself, once,
 * with the peer's address and what is being moved.
 *
 * While a frame waits for room, what the peer sends is taken in, so that two
 * ends that both send do not wait for each other.
 */
#ifndef VCAT_CHANNEL_H
#define VCAT_CHANNEL_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "address.h"
#include "deadline.h"
#include "frame.h"
#include "intake.h"
#include "status.h"

struct channel {
	/* For the owner to set. */
	int fd; /* borrowed, non-blocking */
	const struct address *peer;
	double idle;           /* seconds without a byte; 0: no limit */
	struct deadline limit; /* channel_turn() waits no longer */
	const char
	    *subject; /* what is moved now, for messages; NULL: nothing */

	/* The channel's own. */
	struct intake in;
	uint32_t sent;      /* frames */
	unsigned char *out; /* small frames; `gone` bytes of `held` are sent */
	size_t held, gone;
	size_t unheard;    /* sent since channel_pull() last looked */
	struct iovec bulk; /* after them: a payload that is the caller's */
	struct deadline silent;
	enum status status; /* once it has failed; else STATUS_OK */
};

/* Returns 0, or -1 after a message. channel_close() it in any case. */
int channel_open(struct channel *channel);
/* Frees what it has; the socket stays open. */
void channel_close(struct channel *channel);

/*
 * Sends a frame, whose length and hash are filled in unless its hash is there
 * already; small ones go out when there are enough, or channel_receive() waits.
 * The payload is the caller's again when this returns. Returns 0, or -1 after a
 * message.
 */
int channel_send(
    struct channel *channel, struct frame frame, const void *payload);

/* As channel_send() of a frame that says why, or has no text. */
int channel_say(struct channel *channel, enum frame_type type, uint64_t at,
    const char *text);

/*
 * The same without waiting: a long payload must stay until
 * channel_is_sending() says no. Not while it says yes.
 */
void channel_put(
    struct channel *channel, struct frame frame, const void *payload);
bool channel_is_sending(const struct channel *channel);

/* Whether it holds as much as channel_send() holds back. */
bool channel_is_full(const struct channel *channel);

/*
 * Takes the next frame if it has arrived. Returns 1, with its payload, good
 * until the next call for this channel; 0 if none is there; or -1 after a
 * message. A FATAL of the peer is said, and fails.
 */
int channel_take(struct channel *channel, struct frame *frame,
    const unsigned char **payload);

/*
 * Takes in what has arrived, without waiting, and only if much has been sent
 * since. Returns 0, or -1 after a message.
 */
int channel_pull(struct channel *channel);

/* Waits for the next frame. Returns 0, or -1 after a message. */
int channel_receive(struct channel *channel, struct frame *frame,
    const unsigned char **payload);

/*
 * Waits until bytes can be moved, or one of the `more` others, of which it sets
 * revents, is ready; moves what can be. Returns 0, or -1 after a message.
 */
int channel_turn(struct channel *channel, struct pollfd *more, int n);

/* Says what is wrong, with the peer's address and the subject. */
void channel_complain(const struct channel *channel, const char *why);

/*
 * Gives up: says why, here and to the peer, and waits a little for the peer to
 * take note. Returns -1.
 */
int channel_fail(struct channel *channel, const char *why);

/* Sends what is held back, as far as that does not wait or fail. */
void channel_flush(struct channel *channel);

/*
 * Sends what is held back, and waits a little for the peer to close first, or
 * to have sent so many bytes more: what is on its way may be lost by our close.
 */
void channel_part(struct channel *channel, size_t bytes);

#endif
