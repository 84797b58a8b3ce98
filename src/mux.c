#include "mux.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unix.h"

/*
 * The whole line in one send: Firecracker and vhost-device-vsock drop a
 * request that comes in two parts.
 */
static int send_request(int fd, uint32_t port)
{
	char request[32];
	int length = snprintf(request, sizeof request, "CONNECT %u\n", port);
	ssize_t n = send(fd, request, (size_t)length, MSG_NOSIGNAL);

	if (n == length)
		return 0;
	if (n >= 0)
		errno = EPROTO;
	return -1;
}

/*
 * Reads up to the newline and no byte further: the guest's first bytes may be
 * right behind it. Returns 0 with the line, without its newline, in answer,
 * or -1 with errno and what there was of it.
 */
static int read_line(int fd, struct socket_answer *answer)
{
	while (answer->used < SOCKET_ANSWER_SIZE) {
		char byte;
		ssize_t n = recv(fd, &byte, 1, MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0) {
			errno = answer->used == 0 ? ECONNREFUSED : EPROTO;
			return -1;
		}
		if (byte == '\n')
			return 0;
		answer->text[answer->used++] = byte;
		answer->text[answer->used] = '\0';
	}
	errno = EPROTO;
	return -1;
}

/* "OK " and a 32-bit number; a NUL would hide what follows it. */
static bool is_ok(const struct socket_answer *answer)
{
	const char *error;

	if (strlen(answer->text) != answer->used ||
	    strncmp(answer->text, "OK ", 3) != 0 ||
	    !isdigit((unsigned char)answer->text[3]))
		return false;
	strtonum(answer->text + 3, 0, UINT32_MAX, &error);
	return error == NULL;
}

/* What came instead of an answer, fit to be shown on a terminal. */
static void quote(
    char said[SOCKET_SAID_SIZE], const struct socket_answer *answer)
{
	size_t used = strlcpy(
	    said, "Protocol error: the answer was \"", SOCKET_SAID_SIZE);

	for (size_t i = 0; i < answer->used && used + 6 < SOCKET_SAID_SIZE;
	     i++) {
		unsigned char c = (unsigned char)answer->text[i];

		used += (size_t)snprintf(said + used, SOCKET_SAID_SIZE - used,
		    isprint(c) ? "%c" : "\\x%02x", c);
	}
	strlcat(said, "\"", SOCKET_SAID_SIZE);
}

/* A VMM that closes with our request unread refuses by a reset. */
static int refusal(int error)
{
	return error == ECONNRESET || error == EPIPE ? ECONNREFUSED : error;
}

static int ask(struct socket_attempt *attempt, const struct address *to)
{
	attempt->fault.step = "handshake";
	if (send_request(attempt->fd, to->port) == 0)
		return 0;
	errno = refusal(errno);
	return -1;
}

/*
 * ECONNREFUSED: nobody listens on that port in the guest. EPROTO: the answer,
 * which is in fault.said, is none.
 */
static int hear(struct socket_attempt *attempt, struct socket_answer *answer)
{
	if (read_line(attempt->fd, answer) == 0) {
		if (is_ok(answer))
			return 0;
		errno = EPROTO;
	}
	if (errno == EPROTO)
		quote(attempt->fault.said, answer);
	errno = refusal(errno);
	return -1;
}

static int listen_at(const struct address *at,
    const struct socket_choice *choice, struct socket_bound *bound)
{
	char path[ADDRESS_PATH_SIZE + 16];

	snprintf(path, sizeof path, "%s_%u", at->path, at->port);
	return unix_listen(path, choice, bound);
}

static const struct hint hints[] = {
	{ "handshake", ECONNREFUSED, HINT_ANY, true,
	    "nobody listens on port %s in the guest; to start a listener "
	    "there: vcat -l %s" },
	{ "handshake", ETIMEDOUT, HINT_ANY, true,
	    "the guest does not answer: it may be booting or paused" },
	{ "handshake", EPROTO, HINT_ANY, false,
	    "that is not a hybrid vsock socket; if it is a plain socket, its "
	    "address is unix:PATH" },
	{ "connect", ENOENT, HINT_ANY, false,
	    "there is no such socket: is the VMM up, with this vsock path?" },
	{ "connect", ENOTSOCK, HINT_ANY, false,
	    "that path is a file or a directory: give the VMM's socket" },
	{ "connect", ECONNREFUSED, HINT_ANY, true,
	    "no VMM listens on that socket: is the VMM up?" },
	{ .text = NULL },
};

/*
 * Firecracker, vhost-device-vsock, and Cloud Hypervisor before v53, turn the
 * host's half-close into a full close, and drop the guest's answer. Monitors
 * have room for a thousand connections, and others use them, too.
 */
const struct family mux_family = {
	.begin = unix_begin,
	.outcome = socket_outcome,
	.ask = ask,
	.hear = hear,
	.listen = listen_at,
	.accepted = unix_accepted,
	.no_half_close = true,
	.attempts = 128,
	.hints = { hints, unix_hints },
};
