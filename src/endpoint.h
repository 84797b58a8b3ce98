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
	bool blocks; /* was passed to us: accept(2) only what is there */
};

/*
 * Connects, however long it takes. Returns a socket, or -1 with errno after a
 * message: ETIMEDOUT when a time limit ran out.
 */
int endpoint_dial(struct dial_target *target);

/* What has come of a dial that is over: as endpoint_dial() has it. */
int endpoint_dialled(const struct dial *dial);

/*
 * A stream on a connected socket, which it then owns, with the ending that
 * the peer's kind of address needs. Returns 0, or -1 with errno after a
 * message and the socket closed.
 */
int endpoint_open(struct stream *stream, int fd, const struct address *peer,
    size_t message_size);

/* Binds and listens. Returns 0, or -1 with errno after a message. */
int endpoint_listen(const struct address *address,
    const struct socket_choice *choice, struct endpoint_listener *listener);

/*
 * Waits for the next connection. Returns its socket and who is at its other
 * end, or -1 with errno after a message.
 */
int endpoint_accept(const struct endpoint_listener *listener,
    const struct socket_choice *choice, struct address *peer);

/* The same without waiting, and without a message: EAGAIN if nobody is there.
 */
int endpoint_accept_now(const struct endpoint_listener *listener,
    const struct socket_choice *choice, struct address *peer);

/*
 * Takes over a socket that was passed to us, a listening one or one that is
 * connected. Returns 0, or -1 with errno after a message.
 */
int endpoint_adopt(struct endpoint_listener *listener, int fd);

/* Whether the adopted socket is a connection already; then who is its peer. */
bool endpoint_is_connected(const struct endpoint_listener *listener,
    const struct socket_choice *choice, struct address *peer);

/* Our own end of a connection; `known` is what it was opened for. */
void endpoint_local(int fd, const struct address *known, struct address *local);

/* Stops listening, and removes the socket file if there is one. */
void endpoint_close(struct endpoint_listener *listener);

/*
 * `vcat: ADDRESS: step: strerror`, or what the fault has said, and the hint;
 * without the advice to wait, if it was retried.
 */
void endpoint_complain_of(const struct address *address,
    const struct socket_fault *fault, int error, bool retried);

/* The hint for that error alone, if there is one. */
void endpoint_hint(
    const struct address *address, const char *step, int error, bool retried);

/* `vcat: ADDRESS: step: strerror`, and the hint for it if there is one. */
void endpoint_complain(
    const struct address *address, const char *step, int error);

#endif
