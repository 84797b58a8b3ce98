#include "socket.h"

#include <errno.h>
#include <unistd.h>

int socket_open(int domain, const struct socket_choice *choice)
{
	int type = choice->seqpacket ? SOCK_SEQPACKET : SOCK_STREAM;

	return socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

int socket_outcome(int fd)
{
	int error = 0;
	socklen_t length = sizeof error;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
		return -1;
	errno = error;
	return error == 0 ? 0 : -1;
}

int socket_begin(
    struct socket_attempt *attempt, const struct sockaddr *to, socklen_t length)
{
	attempt->pending = false;
	if (connect(attempt->fd, to, length) == 0)
		return 0;
	attempt->pending = errno == EINPROGRESS || errno == EINTR;
	return attempt->pending ? 0 : -1;
}

int socket_drop(struct socket_attempt *attempt)
{
	if (attempt->fd >= 0)
		socket_abandon(attempt->fd);
	attempt->fd = -1;
	return -1;
}

int socket_abandon(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
	return -1;
}
