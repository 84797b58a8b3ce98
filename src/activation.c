#include "activation.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* SD_LISTEN_FDS_START */
#define FIRST_FD 3

static long long number_of(const char *name)
{
	const char *text = getenv(name);
	const char *error;
	long long number;

	if (text == NULL)
		return -1;
	number = strtonum(text, 0, INT_MAX, &error);
	return error == NULL ? number : -1;
}

static int is_socket(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
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
	return FIRST_FD;
}
