/*
 * What accepts connections, on an address of any kind. Says on stderr what
 * goes wrong, with the address and a hint, once.
 */
#ifndef VCAT_LISTENER_H
#define VCAT_LISTENER_H

#include <stdbool.h>

#include "address.h"
#include "socket.h"

struct listener {
	int fd; /* -1: closed */
	struct address address;
	struct socket_file file; /* to be removed at the end */
	bool passed;             /* to us, as it was made */
	bool may_wait;           /* in accept(2), though nobody is there */
	bool shut;               /* whoever is not in the backlog is refused */
};

/* Binds and listens. Returns 0, or -1 with errno after a message. */
int listener_open(struct listener *listener, const struct address *address,
    const struct socket_choice *choice);

/*
 * Takes over the socket that was passed as sd_listen_fds(3) has it, and takes
 * the variables that tell of it out of the environment. It listens, or is
 * connected. Returns 0, or -1 after a message.
 */
int listener_adopt(struct listener *listener);

/* Whether what was passed is a connection; then who is its peer. */
bool listener_is_connected(const struct listener *listener,
    const struct socket_choice *choice, struct address *peer);

/*
 * Accepts without waiting. Returns a socket and who is at its other end, or -1
 * with errno and no message: EAGAIN if nobody is there.
 */
int listener_accept(const struct listener *listener,
    const struct socket_choice *choice, struct address *peer);

/*
 * Removes the socket file if there is one, and lets nobody else into the
 * backlog of a unix socket of our own. Those who are there can be accepted.
 */
void listener_withdraw(struct listener *listener);

/* Stops listening, and removes the socket file if there is one. */
void listener_close(struct listener *listener);

#endif
