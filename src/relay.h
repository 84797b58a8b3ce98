/*
 * Two streams, two flows between them: the near side (stdin and stdout, or
 * the target of a forwarding) and the far side (the connection).
 *
 * The relay itself never waits. Its owner polls what relay_interest() asks
 * for and calls relay_advance() with the answers, until the state is no
 * longer RELAY_RUNNING.
 */
#ifndef VCAT_RELAY_H
#define VCAT_RELAY_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deadline.h"
#include "flow.h"
#include "stream.h"

#define RELAY_FDS 4

enum relay_way {
	RELAY_BOTH,
	RELAY_SEND_ONLY, /* near to far; what the far side sends is dropped */
	RELAY_RECV_ONLY, /* far to near; the near side is never read */
	RELAY_ECHO,      /* far to far */
};

/* How a relay ends. Times are in seconds. */
struct relay_rules {
	enum relay_way way;
	size_t buffer;     /* bytes held in each direction */
	double idle;       /* 0: for ever */
	double quit_after; /* after the near side's end; negative: for ever */
	struct splice_pool *pipes; /* borrowed; NULL: all bytes are copied */
	bool strict;       /* an end without a half-close is a truncation */
	bool end_with_far; /* the far side's end ends both directions */
	bool closes;       /* sockets are closed as soon as it has ended: what
			      that tells a peer needs no shutdown(2) before */
};

enum relay_state {
	RELAY_RUNNING,
	RELAY_ENDED, /* both directions are done; see the flows' faults */
	RELAY_IDLE,  /* no byte has moved for rules.idle seconds */
	RELAY_QUIT,  /* rules.quit_after has passed */
};

struct relay {
	struct relay_rules rules;
	struct stream nowhere; /* where RELAY_SEND_ONLY drops bytes */
	struct flow out;       /* near to far */
	struct flow in;        /* far to near */
	enum relay_state state;
	struct deadline idle, quit, probe, hold; /* relay.c explains them */
};

/* The streams stay the caller's, and must outlive the relay. An echo needs no
 * near one. */
void relay_init(struct relay *relay, struct stream *near, struct stream *far,
    const struct relay_rules *rules);
void relay_free(struct relay *relay);

/* Adds how many bytes have come from the far side, and how many were delivered
 * to it. */
void relay_count(const struct relay *relay, uint64_t moved[2]);

/* Fills in what to poll for. Entries may have fd -1. */
void relay_interest(const struct relay *relay, struct pollfd fds[RELAY_FDS]);

/* When to call relay_advance() at the latest. */
struct deadline relay_deadline(const struct relay *relay);

/* Moves what can be moved, given poll(2)'s answers; returns relay->state. */
enum relay_state relay_advance(
    struct relay *relay, const struct pollfd fds[RELAY_FDS]);

#endif
