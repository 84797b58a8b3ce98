#include "socket.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "fd.h"

int socket_open(int family, const struct socket_choice *choice)
{
	int type = choice->seqpacket ? SOCK_SEQPACKET : SOCK_STREAM;

	return socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* The outcome of a connect(2) in progress. */
static int connect_outcome(int fd)
{
	int error = 0;
	socklen_t length = sizeof error;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
		return -1;
	errno = error;
	return error == 0 ? 0 : -1;
}

int socket_connect(
    int fd, const struct sockaddr *to, socklen_t length, struct deadline limit)
{
	if (connect(fd, to, length) == 0)
		return 0;
	if (errno != EINPROGRESS && errno != EINTR)
		return -1;
	while (fd_poll(fd, POLLOUT, deadline_poll_ms(limit)) == 0) {
		if (deadline_passed(limit)) {
			errno = ETIMEDOUT;
			return -1;
		}
	}
	return connect_outcome(fd);
}

int socket_abandon(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
	return -1;
}
