/*
 * with-socket TYPE COMMAND...: becomes COMMAND with a socket that is good for
 * nothing as descriptor 3, passed as sd_listen_fds(3) has it. TYPE is dgram, a
 * bound datagram socket, or unbound, a stream socket without a name.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
	const struct sockaddr_un name = { .sun_family = AF_UNIX };
	bool dgram = argc > 2 && strcmp(argv[1], "dgram") == 0;
	int fd = socket(AF_UNIX, dgram ? SOCK_DGRAM : SOCK_STREAM, 0);
	char pid[16];

	if (argc < 3 || fd < 0)
		return 2;
	/* no path: the kernel chooses an abstract name */
	if (dgram && bind(fd, (const struct sockaddr *)&name,
			 sizeof name.sun_family) < 0)
		return 2;
	if (fd != 3)
		dup2(fd, 3);
	snprintf(pid, sizeof pid, "%d", getpid());
	setenv("LISTEN_FDS", "1", 1);
	setenv("LISTEN_PID", pid, 1);
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 2;
}
