/* vis.h warns unless one of its two strnvis() is chosen; we use neither. */
#define LIBBSD_OPENBSD_VIS

#include "mux.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <vis.h>

#include "text.h"
#include "unix.h"

/* "OK " and a 32-bit number; a NUL would hide what follows it. */
static bool is_ok(const struct socket_attempt *attempt)
{
	const char *answer = attempt->answer;
	uint32_t number;

	return strlen(answer) == attempt->answered &&
	       strncmp(answer, "OK ", 3) == 0 &&
	       text_number(answer + 3, 0, UINT32_MAX, &number);
}

/* What came instead of an answer, fit to be shown on a terminal. */
static void quote(struct socket_attempt *attempt)
{
	char shown[4 * SOCKET_ANSWER_SIZE + 1];

	strvisx(shown, attempt->answer, attempt->answered,
	    VIS_CSTYLE | VIS_OCTAL | VIS_TAB);
	snprintf(attempt->fault.said, SOCKET_SAID_SIZE,
	    "Protocol error: the answer was \"%s\"", shown);
}

/*
 * The whole line in one send: Firecracker and vhost-device-vsock drop a
 * request that comes in two parts.
 */
static int ask(struct socket_attempt *attempt, const struct address *to)
{
	int length = snprintf(
	    attempt->request, SOCKET_REQUEST_SIZE, "CONNECT %u\n", to->port);

	attempt->fault.step = "handshake";
	attempt->answered = 0;
	/* a socket that is new has room for it */
	return send(attempt->fd, attempt->request, (size_t)length,
		   MSG_NOSIGNAL) < 0
		   ? -1
		   : 0;
}

/*
 * Reads up to the newline and no byte further: the guest's first bytes may be
 * right behind it. ECONNREFUSED: nobody listens on that port in the guest.
 * EPROTO: the answer, which is in fault.said, is none.
 */
static int hear(struct socket_attempt *attempt)
{
	while (attempt->answered < SOCKET_ANSWER_SIZE) {
		char *end = &attempt->answer[attempt->answered];
		ssize_t n = recv(attempt->fd, end, 1, 0);

		if (n < 0)
			return -1;
		if (n == 0 && attempt->answered == 0) {
			errno = ECONNREFUSED;
			return -1;
		}
		if (n == 0 || *end == '\n') {
			*end = '\0';
			if (n > 0 && is_ok(attempt))
				return 0;
			break;
		}
		attempt->answered++;
	}
	quote(attempt);
	errno = EPROTO;
	return -1;
}

static int listen_at(struct socket_attempt *attempt, const struct address *at)
{
	struct address file = *at;
	char suffix[16];

	snprintf(suffix, sizeof suffix, "_%u", at->port);
	strlcat(file.path, suffix, sizeof file.path);
	return unix_listen(attempt, &file);
}

static const struct hint hints[] = {
	{ "handshake", ECONNREFUSED, NULL,
	    "nobody listens on port {port} in the guest; to listen there: "
	    "vcat -l {port}{retry}" },
	{ "handshake", ETIMEDOUT, NULL,
	    "the guest does not answer: it may be booting or paused{retry}" },
	{ "handshake", EPROTO, NULL,
	    "not a hybrid vsock socket; if it is a plain one: unix:PATH" },
	{ "connect", ENOENT, NULL,
	    "there is no such socket: is the VMM up, with this vsock path?" },
	{ "connect", ENOTSOCK, NULL,
	    "that path is a file or a directory: give the VMM's socket" },
	{ "connect", ECONNREFUSED, NULL,
	    "no VMM listens on that socket: the VMM may not be up{retry}" },
	{ .text = NULL },
};

/*
 * Firecracker, vhost-device-vsock, and Cloud Hypervisor before v53, turn the
 * host's half-close into a full close, and drop the guest's answer. A VMM that
 * closes with our request unread refuses by a reset. Monitors have room for a
 * thousand connections, and others use them, too.
 */
const struct family mux_family = {
	.begin = unix_begin,
	.ask = ask,
	.hear = hear,
	.listen = listen_at,
	.prepare = unix_prepare,
	.no_half_close = true,
	.refuses_by_reset = true,
	.attempts = 128,
	.hints = { hints, unix_hints },
};
