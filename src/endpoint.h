/*
 * From an address to an open stream: the only place that knows all kinds of
 * address. Says on stderr what goes wrong, with the address and a hint, once.
 */
#ifndef VCAT_ENDPOINT_H
#define VCAT_ENDPOINT_H

#include <stdbool.h>

#include "address.h"
#include "dial.h"
#include "socket.h"
#include "stream.h"
#include "unix.h"

/* What accepts connections. */
struct endpoint_listener {
	int fd;
	struct address address; /* as bound: a free port has its number */
	struct unix_file file;  /* to be removed at the end */
};

/*
 * Connects, however long it takes. Returns 0, or -1 with errno after a
 * message: ETIMEDOUT when a time limit ran out.
 */
int endpoint_dial(struct dial_target *target, struct stream *stream);

/*
 * What has come of a dial that is over: the stream, or what endpoint_dial()
 * says and returns.
 */
int endpoint_dialled(struct dial *dial, struct stream *stream);

/* Binds and listens. Returns 0, or -1 with errno after a message. */
int endpoint_listen(const struct address *address,
    const struct socket_choice *choice, struct endpoint_listener *listener);

/*
 * Waits for the next connection. Returns 0 with the stream and who is at its
 * other end, or -1 with errno after a message.
 */
int endpoint_accept(const struct endpoint_listener *listener,
    const struct socket_choice *choice, struct stream *stream,
    struct address *peer);

/* Stops listening, and removes the socket file if there is one. */
void endpoint_close(struct endpoint_listener *listener);

/* `vcat: ADDRESS: step: strerror`, and the hint for it if there is one. */
void endpoint_complain(
    const struct address *address, const char *step, int error);

#endif
