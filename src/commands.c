#include "commands.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "endpoint.h"
#include "exec.h"
#include "log.h"

struct commands_child {
	pid_t pid;
	struct address peer;
	TAILQ_ENTRY(commands_child) next;
};

static pid_t spawn(
    struct commands *commands, int fd, const struct address *peer)
{
	const struct serve *serve = commands->work.serve;
	struct address local;
	struct exec exec = {
		.command = commands->command,
		.peer = peer,
		.local = &local,
		.accepted = true,
		.signals = &serve->before,
	};

	endpoint_local(fd, &serve->listener->address, &local);
	return exec_spawn(&exec, fd);
}

static void take(struct serve_work *work, int fd, const struct address *peer)
{
	struct commands *commands = loop_owner(work, struct commands, work);
	struct commands_child *child = malloc(sizeof *child);

	if (child != NULL) {
		child->peer = *peer;
		child->pid = spawn(commands, fd, peer);
		close(fd);
		TAILQ_INSERT_TAIL(&commands->all, child, next);
		if (child->pid > 0)
			return;
		TAILQ_REMOVE(&commands->all, child, next);
	} else {
		close(fd);
	}
	endpoint_complain(peer, "fork", errno);
	free(child);
	serve_note_end(work->serve);
}

static void report(const struct commands_child *child, int status)
{
	char name[ADDRESS_TEXT_SIZE];

	address_name(&child->peer, name);
	if (WIFSIGNALED(status))
		log_error("%s: the command ended by signal %d", name,
		    WTERMSIG(status));
	else
		log_error("%s: the command ended with status %d", name,
		    WEXITSTATUS(status));
}

static struct commands_child *find(struct commands *commands, pid_t pid)
{
	struct commands_child *child;

	TAILQ_FOREACH(child, &commands->all, next)
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): not a freed one */
	if (child->pid == pid)
		break;
	return child;
}

/* Several children may have ended for one SIGCHLD; and others than ours. */
static void reap(struct serve_work *work)
{
	struct commands *commands = loop_owner(work, struct commands, work);
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct commands_child *child = find(commands, pid);

		if (child == NULL)
			continue;
		if (commands->verbose)
			report(child, status);
		TAILQ_REMOVE(&commands->all, child, next);
		free(child);
		serve_note_end(work->serve);
	}
}

static void end_all(struct serve_work *work)
{
	struct commands *commands = loop_owner(work, struct commands, work);
	struct commands_child *child;

	while ((child = TAILQ_FIRST(&commands->all)) != NULL) {
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it is another */
		kill(-child->pid, SIGTERM); /* its group */
		TAILQ_REMOVE(&commands->all, child, next);
		free(child);
	}
}

void commands_init(struct commands *commands, const char *command, bool verbose)
{
	*commands = (struct commands){
		.work = { .take = take, .reap = reap, .end_all = end_all },
		.command = command,
		.verbose = verbose,
	};
	TAILQ_INIT(&commands->all);
}
