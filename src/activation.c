#include "activation.h"

#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"

/* SD_LISTEN_FDS_START */
#define FIRST_FD 3

static long long number_of(const char *name)
{
	const char *text = getenv(name);
	const char *error;
	long long number;

	if (text == NULL)
		return -1;
	/* strtonum(3) would take " 1" */
	number = strtonum(text, 0, INT_MAX, &error);
	return error == NULL && isdigit((unsigned char)text[0]) ? number : -1;
}

static bool is_socket(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* Whether it is a connection, or connections can be accepted from it. */
static bool is_useful(int fd)
{
	struct sockaddr_storage peer;
	socklen_t length = sizeof peer;
	int type = fd_socket_number(fd, SO_TYPE);

	return (type == SOCK_STREAM || type == SOCK_SEQPACKET) &&
	       (fd_socket_number(fd, SO_ACCEPTCONN) == 1 ||
		   getpeername(fd, (struct sockaddr *)&peer, &length) == 0);
}

int activation_socket(const char **why)
{
	long long count = number_of("LISTEN_FDS");
	long long pid = number_of("LISTEN_PID");

	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDNAMES");
	*why = "no socket was passed (LISTEN_FDS is not set)";
	if (count <= 0)
		return -1;
	*why = "the socket was passed to another process (LISTEN_PID)";
	if (pid != getpid())
		return -1;
	*why = "more than one socket was passed (LISTEN_FDS)";
	if (count > 1)
		return -1;
	*why = "what was passed is no socket (LISTEN_FDS)";
	if (!is_socket(FIRST_FD) || fcntl(FIRST_FD, F_SETFD, FD_CLOEXEC) < 0)
		return -1;
	*why = "the passed socket is neither listening nor connected";
	if (!is_useful(FIRST_FD))
		return -1;
	return FIRST_FD;
}
