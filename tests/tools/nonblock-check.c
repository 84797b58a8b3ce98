/* nonblock-check: prints whether descriptors 0, 1 and 2 are non-blocking. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static const char *state(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return errno == EBADF ? "closed" : strerror(errno);
	return flags & O_NONBLOCK ? "nonblocking" : "blocking";
}

int main(void)
{
	for (int fd = 0; fd <= 2; fd++)
		printf("%d %s\n", fd, state(fd));
	return fflush(stdout) == 0 ? 0 : 1;
}
