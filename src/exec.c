#include "exec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fd.h"

/* What sh(1) exits with when it cannot be run itself. */
#define STATUS_NOT_FOUND 127

static void set_number(const char *name, uint32_t number)
{
	char text[16];

	snprintf(text, sizeof text, "%u", number);
	setenv(name, text, 1);
}

/*
 * One end of the connection. The variables of an outer vcat are not this
 * connection's. The port of a hybrid socket is that of the end that listens.
 */
static void set_end(const char *cid, const char *port,
    const struct address *address, bool listens)
{
	unsetenv(cid);
	unsetenv(port);
	if (address->kind == ADDRESS_VSOCK)
		set_number(cid, address->cid);
	if (address->kind == ADDRESS_VSOCK || address->kind == ADDRESS_TCP ||
	    (address->kind == ADDRESS_MUX && listens))
		set_number(port, address->port);
}

static void set_environment(const struct exec *exec)
{
	char text[ADDRESS_TEXT_SIZE];

	setenv("VCAT_PEER", address_format(exec->peer, text), 1);
	set_end("VCAT_PEER_CID", "VCAT_PEER_PORT", exec->peer, !exec->accepted);
	set_end(
	    "VCAT_LOCAL_CID", "VCAT_LOCAL_PORT", exec->local, exec->accepted);
}

int exec_become(const struct exec *exec, int fd)
{
	set_environment(exec);
	if (fd_set_blocking(fd) < 0 || dup2(fd, STDIN_FILENO) < 0 ||
	    dup2(fd, STDOUT_FILENO) < 0)
		return -1;
	closefrom(STDERR_FILENO + 1);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, exec->signals, NULL);
	return execl("/bin/sh", "sh", "-c", exec->command, (char *)NULL);
}

pid_t exec_spawn(const struct exec *exec, int fd)
{
	pid_t pid = fork();

	/* on both sides: neither knows which is first */
	if (pid >= 0)
		setpgid(pid, 0);
	if (pid != 0)
		return pid;
	exec_become(exec, fd);
	_exit(STATUS_NOT_FOUND);
}
