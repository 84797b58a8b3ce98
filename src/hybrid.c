#include "hybrid.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fd.h"

/* The longest answer is "OK 4294967295\n"; VMMs read 32 bytes themselves. */
#define ANSWER_SIZE 32

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

/* One byte within the limit: 1, 0 at the end, or -1 with errno. */
static ssize_t read_byte(int fd, char *byte, struct deadline limit)
{
	for (;;) {
		ssize_t n = recv(fd, byte, 1, MSG_DONTWAIT);

		if (n >= 0 || (errno != EAGAIN && errno != EINTR))
			return n;
		if (deadline_passed(limit)) {
			errno = ETIMEDOUT;
			return -1;
		}
		fd_poll(fd, POLLIN, deadline_poll_ms(limit));
	}
}

/*
 * Reads up to the newline and no byte further: the guest's first bytes may be
 * right behind it. Returns 0 with the line, without its newline, in answer,
 * or -1 with errno and what there was of it.
 */
static int read_answer(
    int fd, char answer[ANSWER_SIZE + 1], struct deadline limit)
{
	for (size_t used = 0; used < ANSWER_SIZE; used++) {
		char byte;
		ssize_t n = read_byte(fd, &byte, limit);

		answer[used] = '\0';
		if (n < 0)
			return -1;
		if (n == 0) {
			errno = used == 0 ? ECONNREFUSED : EPROTO;
			return -1;
		}
		if (byte == '\n')
			return 0;
		answer[used] = byte;
		answer[used + 1] = '\0';
	}
	errno = EPROTO;
	return -1;
}

/* "OK " and a 32-bit number. */
static bool is_ok(const char *answer)
{
	const char *error;

	if (strncmp(answer, "OK ", 3) != 0 ||
	    !isdigit((unsigned char)answer[3]))
		return false;
	strtonum(answer + 3, 0, UINT32_MAX, &error);
	return error == NULL;
}

/* What came instead of an answer, fit to be shown on a terminal. */
static void quote(char said[SOCKET_SAID_SIZE], const char *answer)
{
	size_t used = strlcpy(
	    said, "Protocol error: the answer was \"", SOCKET_SAID_SIZE);

	for (; *answer != '\0' && used + 6 < SOCKET_SAID_SIZE; answer++) {
		unsigned char c = (unsigned char)*answer;

		used += (size_t)snprintf(said + used, SOCKET_SAID_SIZE - used,
		    isprint(c) ? "%c" : "\\x%02x", c);
	}
	strlcat(said, "\"", SOCKET_SAID_SIZE);
}

static int shake_hands(
    int fd, uint32_t port, struct deadline limit, struct socket_fault *fault)
{
	char answer[ANSWER_SIZE + 1] = "";

	fault->step = "handshake";
	if (send_request(fd, port) == 0 &&
	    read_answer(fd, answer, limit) == 0) {
		if (is_ok(answer))
			return 0;
		errno = EPROTO;
	}
	if (errno == EPROTO)
		quote(fault->said, answer);
	/* a VMM that closes with our request unread */
	if (errno == ECONNRESET || errno == EPIPE)
		errno = ECONNREFUSED;
	return -1;
}

int hybrid_dial(const struct address *peer, const struct socket_choice *choice,
    struct deadline limit, struct socket_fault *fault)
{
	int fd = unix_dial(peer->path, choice, limit, fault);

	if (fd < 0)
		return -1;
	if (shake_hands(fd, peer->port, limit, fault) < 0)
		return socket_abandon(fd);
	return fd;
}

int hybrid_listen(const struct address *address,
    const struct socket_choice *choice, struct unix_file *file,
    struct socket_fault *fault)
{
	char path[ADDRESS_PATH_SIZE + 16];

	snprintf(path, sizeof path, "%s_%u", address->path, address->port);
	return unix_listen(path, choice, file, fault);
}
