/*
 * What is done to descriptors, and what is not done to the caller's.
 */
#include "fd.h"

#include "ends.h"
#include "test.h"

/* Puts fd aside, out of the way of 0 to 2; fd_back() brings it back. */
static int fd_aside(int fd)
{
	return ends_must(fcntl(fd, F_DUPFD_CLOEXEC, 10), "F_DUPFD");
}

static void fd_back(int aside, int fd)
{
	ends_must(dup2(aside, fd), "dup2");
	close(aside);
}

static void test_fill(void)
{
	int aside[3];
	int result;
	ssize_t got;
	ssize_t put[2];
	int error;

	fflush(stdout);
	for (int fd = 0; fd < 3; fd++) {
		aside[fd] = fd_aside(fd);
		close(fd);
	}
	result = fd_fill_standard();
	got = read(0, &error, 1);
	put[0] = write(1, "x", 1);
	error = errno;
	put[1] = write(2, "x", 1);
	for (int fd = 0; fd < 3; fd++)
		fd_back(aside[fd], fd);
	CHECK_INT(result, 0);
	CHECK_INT(got, 0);
	CHECK_INT(put[0], -1);
	CHECK_INT(error, EBADF);
	CHECK_INT(put[1], 1);
}

static void test_fill_keeps(void)
{
	int pipe_fd[2];
	int before;
	int after;

	CHECK_INT(fd_fill_standard(), 0);
	/* what was open is the same, and nothing else was opened */
	ends_pipe(pipe_fd, 0);
	before = pipe_fd[0];
	close(pipe_fd[0]);
	close(pipe_fd[1]);
	CHECK_INT(fd_fill_standard(), 0);
	after = ends_must(open("/dev/null", O_RDONLY), "open");
	CHECK_INT(after, before);
	close(after);
}

static void test_reopen(void)
{
	int fd[2];
	int callers;
	char byte;

	ends_must(pipe(fd), "pipe");
	callers = ends_must(dup(fd[0]), "dup");
	CHECK_INT(fd_reopen_nonblocking(fd[0]), 0);
	CHECK(ends_is_nonblocking(fd[0]));
	CHECK(!ends_is_nonblocking(callers));
	CHECK_INT(read(fd[0], &byte, 1), -1);
	CHECK_INT(errno, EAGAIN);
	ends_say(fd[1], "x");
	CHECK_INT(read(fd[0], &byte, 1), 1);
	CHECK_INT(fd_reopen_nonblocking(fd[1]), 0);
	CHECK_INT(fcntl(fd[1], F_GETFL) & O_ACCMODE, O_WRONLY);
	ends_stuff(fd[1]);
	CHECK_INT(write(fd[1], "x", 1), -1);
	CHECK_INT(errno, EAGAIN);
	close(fd[1]);
	close(fd[0]);
	close(callers);
}

static void test_reopen_refused(void)
{
	int fd[2];

	ends_must(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), "socketpair");
	CHECK_INT(fd_reopen_nonblocking(fd[0]), -1);
	CHECK(!ends_is_nonblocking(fd[0]));
	CHECK(ends_say(fd[0], "x"));
	CHECK_STR(ends_hear(fd[1]), "x");
	CHECK_INT(fd_reopen_nonblocking(999), -1);
	CHECK_INT(errno, EBADF);
	close(fd[0]);
	close(fd[1]);
}

static void test_reopen_terminal(void)
{
	char text[3] = "";
	int slave;
	int master = ends_terminal(&slave);

	CHECK_INT(fd_reopen_nonblocking(slave), 0);
	CHECK(ends_is_nonblocking(slave));
	/* it would be the master of a new terminal */
	CHECK_INT(fd_reopen_nonblocking(master), -1);
	CHECK_INT(write(master, "x\n", 2), 2);
	CHECK((fd_poll(slave, POLLIN, 1000) & POLLIN) != 0);
	CHECK_INT(read(slave, text, 2), 2);
	CHECK_STR(text, "x\n");
	close(slave);
	close(master);
}

static void test_close(void)
{
	int aside = fd_aside(0);
	int spare = ends_must(open("/dev/null", O_RDONLY), "/dev/null");
	int fd[2];
	int result;
	ssize_t got;
	char byte;

	ends_must(pipe(fd), "pipe");
	dup2(fd[0], 0);
	close(fd[0]);
	result = fd_close(0, spare);
	got = read(0, &byte, 1);
	fd_back(aside, 0);
	CHECK_INT(result, 0);
	CHECK_INT(got, 0);
	/* the pipe itself has lost its reader */
	CHECK_INT(write(fd[1], "x", 1), -1);
	CHECK_INT(errno, EPIPE);
	CHECK_INT(fd_close(fd[1], 0), 0);
	CHECK_INT(fd_close(fd[1], 0), -1);
	CHECK_INT(errno, EBADF);
}

static void test_poll(void)
{
	int fd[2];

	ends_pipe(fd, 0);
	CHECK_INT(fd_poll(fd[0], POLLIN, 0), 0);
	CHECK_INT(fd_poll(fd[1], POLLOUT, 0), POLLOUT);
	ends_say(fd[1], "x");
	CHECK_INT(fd_poll(fd[0], POLLIN, -1), POLLIN);
	close(fd[1]);
	CHECK((fd_poll(fd[0], 0, 0) & POLLHUP) != 0);
	CHECK_INT(fd_poll(-1, POLLIN, 0), 0);
	close(fd[0]);
}

static const struct test tests[] = {
	{ "fd: a closed stdin is at its end, a closed stdout is an error",
	    test_fill },
	{ "fd: what is open already stays as it is", test_fill_keeps },
	{ "fd: a pipe opened again does not block, the caller's still does",
	    test_reopen },
	{ "fd: a terminal is opened again, its master is not",
	    test_reopen_terminal },
	{ "fd: what cannot be opened again stays as it was",
	    test_reopen_refused },
	{ "fd: closing stdin leaves no free place for a socket", test_close },
	{ "fd: poll tells what is there, or nothing", test_poll },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
