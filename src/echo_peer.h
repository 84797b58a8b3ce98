/*
 * The other end of a connection, as far as it may be a vcat with --echo. It
 * gets no byte before it has greeted (greeting.h). Nothing here waits.
 */
#ifndef VCAT_ECHO_PEER_H
#define VCAT_ECHO_PEER_H

#include <stddef.h>
#include <stdint.h>

#include "greeting.h"

#define ECHO_PEER_MESSAGE 64

struct echo_peer {
	int fd; /* a connected, non-blocking socket, borrowed */

	/* Its own. */
	size_t used; /* of what was heard, or has come back */
	char heard[GREETING_SIZE];
	char message[ECHO_PEER_MESSAGE];
	char back[ECHO_PEER_MESSAGE + 1]; /* more than was sent shows */
};

/* Nothing has come from it yet. */
void echo_peer_begin(struct echo_peer *peer, int fd);

/*
 * Listens for the greeting. Returns 0 when it has come, else -1 with errno:
 * EAGAIN while it may come yet; EPROTO, EPIPE for an end, or another error if
 * the peer is no echo.
 */
int echo_peer_greets(struct echo_peer *peer);

/* Sends a message with that number, whole. Returns 0, or -1 with errno: ENOBUFS
 * if there is no room. */
int echo_peer_send(struct echo_peer *peer, uint64_t number);

/*
 * Listens for it. Returns 0 when it has come back, else -1 with errno: EAGAIN
 * while it may come yet, EPROTO for other bytes, EPIPE for an end.
 */
int echo_peer_answers(struct echo_peer *peer);

#endif
