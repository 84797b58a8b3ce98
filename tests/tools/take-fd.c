/*
 * take-fd COMMAND [ARG...]: runs it with a socket for stdout, as ssh does with
 * a ProxyCommand under ProxyUseFdpass, and takes what it passes. Prints
 *	bytes N descriptors N blocking|non-blocking status N
 * and then copies its own stdin to the descriptor, half-closes that, and
 * copies what comes back to stdout.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, MOST = 8 };

static pid_t run(char **command, int sockets[2])
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid > 0) {
		close(sockets[1]);
		return pid;
	}
	close(sockets[0]);
	dup2(sockets[1], STDOUT_FILENO);
	close(sockets[1]);
	execvp(command[0], command);
	err(127, "%s", command[0]);
}

/* Returns the first descriptor that was passed, or -1. */
static int take(int from, ssize_t *bytes, size_t *count)
{
	char text[64];
	union {
		struct cmsghdr header; /* for its alignment */
		char bytes[CMSG_SPACE(MOST * sizeof(int))];
	} control;
	struct iovec piece = { text, sizeof text };
	struct msghdr message = {
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes,
	};
	const struct cmsghdr *header;
	int fd = -1;

	*count = 0;
	*bytes = recvmsg(from, &message, 0);
	if (*bytes < 0)
		err(1, "recvmsg");
	header = CMSG_FIRSTHDR(&message);
	if (header == NULL || header->cmsg_type != SCM_RIGHTS)
		return -1;
	*count = (header->cmsg_len - CMSG_LEN(0)) / sizeof fd;
	memcpy(&fd, CMSG_DATA(header), sizeof fd);
	return fd;
}

static void copy(int from, int to)
{
	char piece[16 * 1024];
	ssize_t n;

	while ((n = read(from, piece, sizeof piece)) > 0)
		if (write(to, piece, (size_t)n) != n)
			err(1, "write");
	if (n < 0)
		err(1, "read");
}

int main(int argc, char **argv)
{
	int sockets[2];
	int status;
	int fd;
	ssize_t bytes;
	size_t count;
	pid_t pid;

	if (argc < 2)
		errx(EXIT_USAGE, "usage: take-fd COMMAND [ARG...]");
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) < 0)
		err(1, "socketpair");
	pid = run(argv + 1, sockets);
	fd = take(sockets[0], &bytes, &count);
	if (waitpid(pid, &status, 0) < 0)
		err(1, "waitpid");
	printf("bytes %zd descriptors %zu %s status %d\n", bytes, count,
	    (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0 ? "non-blocking"
						   : "blocking",
	    WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	fflush(stdout);
	if (fd < 0)
		return 1;
	fcntl(fd, F_SETFL, 0);
	/* both ways at once */
	if (fork() == 0) {
		copy(STDIN_FILENO, fd);
		shutdown(fd, SHUT_WR);
		return 0;
	}
	copy(fd, STDOUT_FILENO);
	return 0;
}
