#include "socket.h"

#include <errno.h>
#include <unistd.h>

#include "fd.h"
#include "netns.h"

int socket_open(struct socket_attempt *attempt, int domain)
{
	int helper = domain == AF_VSOCK ? attempt->choice->netns : 0;
	int type = (attempt->choice->seqpacket ? SOCK_SEQPACKET : SOCK_STREAM) |
		   SOCK_NONBLOCK | SOCK_CLOEXEC;

	socket_abandon(attempt->fd);
	attempt->fault.step = "socket";
	attempt->fd =
	    helper > 0 ? netns_socket(helper, type) : socket(domain, type, 0);
	return attempt->fd < 0 ? -1 : 0;
}

int socket_connect(
    struct socket_attempt *attempt, const struct sockaddr *to, socklen_t length)
{
	attempt->fault.step = "connect";
	return connect(attempt->fd, to, length);
}

int socket_outcome(int fd)
{
	int error = fd_socket_number(fd, SO_ERROR);

	if (error > 0)
		errno = error;
	return error == 0 ? 0 : -1;
}

int socket_listen(
    struct socket_attempt *attempt, const struct sockaddr *at, socklen_t length)
{
	attempt->fault.step = "bind";
	if (bind(attempt->fd, at, length) < 0)
		return -1;
	attempt->fault.step = "listen";
	return listen(attempt->fd, attempt->choice->backlog);
}

int socket_abandon(int fd)
{
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
	return -1;
}
