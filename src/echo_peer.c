#include "echo_peer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/param.h>
#include <sys/socket.h>

void echo_peer_begin(struct echo_peer *peer, int fd)
{
	*peer = (struct echo_peer){ .fd = fd };
}

/* Reads on. Returns 0 when something has come, else -1 with errno. */
static int hear(struct echo_peer *peer, char *bytes, size_t size)
{
	ssize_t n =
	    recv(peer->fd, bytes + peer->used, size - peer->used, MSG_DONTWAIT);

	if (n == 0)
		errno = EPIPE;
	if (n <= 0)
		return -1;
	peer->used += (size_t)n;
	return 0;
}

int echo_peer_greets(struct echo_peer *peer)
{
	size_t word;
	const char *end;

	if (hear(peer, peer->heard, GREETING_SIZE - 1) < 0)
		return -1;
	word = MIN(peer->used, strlen(GREETING_WORD));
	end = memchr(peer->heard, '\n', peer->used);
	errno = EPROTO;
	if (memcmp(peer->heard, GREETING_WORD, word) != 0)
		return -1;
	if (end == NULL) {
		if (peer->used < GREETING_SIZE - 1)
			errno = EAGAIN;
		return -1;
	}
	/* before it is spoken to, an echo says no more */
	return end == peer->heard + peer->used - 1 &&
		       greeting_read(peer->heard).kind == GREETING_ECHO
		   ? 0
		   : -1;
}

int echo_peer_send(struct echo_peer *peer, uint64_t number)
{
	char *message = peer->message;
	size_t length;
	ssize_t n;

	snprintf(message, ECHO_PEER_MESSAGE, "vcat ping %" PRIu64 " ", number);
	length = strlen(message);
	for (size_t i = length; i < ECHO_PEER_MESSAGE - 1; i++)
		message[i] = (char)('a' + (i + number) % 26);
	message[ECHO_PEER_MESSAGE - 1] = '\n';
	peer->used = 0;
	n = send(
	    peer->fd, message, ECHO_PEER_MESSAGE, MSG_DONTWAIT | MSG_NOSIGNAL);
	/* nothing is on its way before it: there is room for all of it */
	if (n >= 0 ? n < ECHO_PEER_MESSAGE : errno == EAGAIN)
		errno = ENOBUFS;
	return n == ECHO_PEER_MESSAGE ? 0 : -1;
}

int echo_peer_answers(struct echo_peer *peer)
{
	if (hear(peer, peer->back, sizeof peer->back) < 0)
		return -1;
	errno = EPROTO;
	if (peer->used > ECHO_PEER_MESSAGE ||
	    memcmp(peer->back, peer->message, peer->used) != 0)
		return -1;
	errno = EAGAIN;
	return peer->used == ECHO_PEER_MESSAGE ? 0 : -1;
}
