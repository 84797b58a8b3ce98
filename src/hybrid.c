#include "hybrid.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
static int read_line(int fd, struct hybrid_answer *answer)
{
	while (answer->used < HYBRID_ANSWER_SIZE) {
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
static bool is_ok(const struct hybrid_answer *answer)
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
    char said[SOCKET_SAID_SIZE], const struct hybrid_answer *answer)
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

int hybrid_ask(
    struct socket_attempt *attempt, uint32_t port, struct hybrid_answer *answer)
{
	*answer = (struct hybrid_answer){ .used = 0 };
	attempt->fault.step = "handshake";
	if (send_request(attempt->fd, port) == 0)
		return 0;
	errno = refusal(errno);
	return -1;
}

int hybrid_hear(struct socket_attempt *attempt, struct hybrid_answer *answer)
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

int hybrid_listen(const struct address *address,
    const struct socket_choice *choice, struct unix_file *file,
    struct socket_fault *fault)
{
	char path[ADDRESS_PATH_SIZE + 16];

	snprintf(path, sizeof path, "%s_%u", address->path, address->port);
	return unix_listen(path, choice, file, fault);
}
