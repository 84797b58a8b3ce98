#include "exec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "family.h"
#include "fd.h"
#include "log.h"

/* What sh(1) exits with when it cannot be run itself. */
#define STATUS_NOT_FOUND 127

struct exec_child {
	pid_t pid;
	struct address peer;
	LIST_ENTRY(exec_child) next;
};

static int set_number(const char *name, bool has_it, uint32_t number)
{
	char text[16];

	/* the variables of an outer vcat are not this connection's */
	unsetenv(name);
	snprintf(text, sizeof text, "%u", number);
	return has_it ? setenv(name, text, 1) : 0;
}

/*
 * One end of the connection. Where an address has a socket file, only the end
 * that listens has a port.
 */
static int set_end(const char *cid, const char *port,
    const struct address *address, bool listens)
{
	bool hidden = !listens && address_has(address->kind, ADDRESS_FILE);

	if (set_number(
		cid, address_has(address->kind, ADDRESS_CID), address->cid) < 0)
		return -1;
	return set_number(port,
	    !hidden && address_has(address->kind, ADDRESS_PORT), address->port);
}

/* A command that checks who is there must not find nothing. */
static int set_environment(
    const struct exec *exec, int fd, const struct address *peer)
{
	struct address local = *peer;
	char text[ADDRESS_TEXT_SIZE];

	if (family_local(fd, &local) < 0 ||
	    setenv("VCAT_PEER", address_format(peer, text), 1) < 0 ||
	    set_end("VCAT_PEER_CID", "VCAT_PEER_PORT", peer, !exec->accepts) <
		0)
		return -1;
	return set_end(
	    "VCAT_LOCAL_CID", "VCAT_LOCAL_PORT", &local, exec->accepts);
}

/* Returns only if that fails: -1 with errno. */
static int become(const struct exec *exec, int fd, const struct address *peer)
{
	int error;

	if (set_environment(exec, fd, peer) < 0 || fd_set_blocking(fd) < 0 ||
	    dup2(fd, STDIN_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0)
		return -1;
	closefrom(STDERR_FILENO + 1);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, exec->signals, NULL);
	execl("/bin/sh", "sh", "-c", exec->command, (char *)NULL);
	error = errno;
	log_open(); /* its descriptor is closed, too */
	errno = error;
	return -1;
}

void exec_become(const struct exec *exec, int fd, const struct address *peer)
{
	become(exec, fd, peer);
	log_error("sh: %s", strerror(errno));
}

int exec_start(struct exec *exec, int fd, const struct address *peer)
{
	struct exec_child *child = malloc(sizeof *child);

	if (child == NULL)
		return -1;
	*child = (struct exec_child){ .pid = fork(), .peer = *peer };
	if (child->pid == 0) {
		free(child); /* a note for the parent */
		setpgid(0, 0);
		if (exec->work != NULL)
			_exit(exec->work(exec, fd, peer));
		exec_become(exec, fd, peer);
		_exit(STATUS_NOT_FOUND);
	}
	if (child->pid < 0) {
		/* cppcheck-suppress doubleFree; that child has exited */
		free(child);
		return -1;
	}
	setpgid(child->pid, 0); /* here, too: neither knows which is first */
	LIST_INSERT_HEAD(&exec->children, child, next);
	return 0;
}

static void report(
    const struct exec *exec, const struct exec_child *child, int status)
{
	bool killed = WIFSIGNALED(status);
	char name[ADDRESS_TEXT_SIZE];

	log_error("%s: the %s ended %s %d", address_name(&child->peer, name),
	    exec->work != NULL ? "transfer" : "command",
	    killed ? "by signal" : "with status",
	    killed ? WTERMSIG(status) : WEXITSTATUS(status));
}

/* Several children may have ended for one SIGCHLD. */
int exec_reap(struct exec *exec)
{
	int ended = 0;
	struct exec_child *child;
	struct exec_child *next;
	int status;

	LIST_FOREACH_SAFE(child, &exec->children, next, next) {
		if (waitpid(child->pid, &status, WNOHANG) <= 0)
			continue;
		if (exec->verbose)
			/* cppcheck-suppress uninitvar; exec_start() set it */
			report(exec, child, status);
		LIST_REMOVE(child, next);
		free(child);
		ended++;
	}
	return ended;
}

void exec_end(struct exec *exec)
{
	struct exec_child *child;

	while ((child = LIST_FIRST(&exec->children)) != NULL) {
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it is another */
		kill(-child->pid, SIGTERM);
		LIST_REMOVE(child, next);
		free(child);
	}
}
