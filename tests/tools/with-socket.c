/*
 * with-socket TYPE COMMAND...: becomes COMMAND with a socket as descriptor 3,
 * passed as sd_listen_fds(3) has it. TYPE is the address where the socket
 * listens, or what is good for nothing: dgram, a bound datagram socket, or
 * unbound, a stream socket without a name.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "place.h"

enum { BACKLOG = 4096 };

static int listening(const char *address)
{
	union place place;
	int fd;

	if (!place_parse(address, &place))
		return -1;
	fd = place_listen(&place, SOCK_STREAM);
	return fd < 0 || listen(fd, BACKLOG) < 0 ? -1 : fd;
}

static int nothing(bool dgram)
{
	const struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, dgram ? SOCK_DGRAM : SOCK_STREAM, 0);

	/* no path: the kernel chooses an abstract name */
	if (dgram && bind(fd, (const struct sockaddr *)&name,
			 sizeof name.sun_family) < 0)
		return -1;
	return fd;
}

int main(int argc, char *argv[])
{
	char pid[16];
	int fd;

	if (argc < 3)
		return 2;
	fd = strchr(argv[1], ':') != NULL
		 ? listening(argv[1])
		 : nothing(strcmp(argv[1], "dgram") == 0);
	if (fd < 0)
		return 2;
	if (fd != 3) {
		dup2(fd, 3);
		close(fd);
	} else {
		fcntl(fd, F_SETFD, 0);
	}
	snprintf(pid, sizeof pid, "%d", getpid());
	setenv("LISTEN_FDS", "1", 1);
	setenv("LISTEN_PID", pid, 1);
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 2;
}
