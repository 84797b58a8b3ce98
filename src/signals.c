#include "signals.h"

#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Those that would end us. */
static void find_ending(sigset_t *set)
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGTERM };

	sigemptyset(set);
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		struct sigaction action;

		sigaction(numbers[i], NULL, &action);
		if (action.sa_handler != SIG_IGN)
			sigaddset(set, numbers[i]);
	}
}

int signals_watch(struct loop *loop, struct loop_task *bell, bool children)
{
	sigset_t set;
	int fd;

	find_ending(&set);
	if (children) {
		sigaddset(&set, SIGCHLD);
		signal(SIGCHLD, SIG_DFL); /* ignored, it would never come */
	}
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		return -1;
	bell->fds[0] = (struct pollfd){ .fd = fd, .events = POLLIN };
	return loop_update(loop, bell);
}

int signals_next(struct loop_task *bell)
{
	struct signalfd_siginfo signal;
	ssize_t n = read(bell->fds[0].fd, &signal, sizeof signal);

	bell->fds[0].revents = 0;
	return n == (ssize_t)sizeof signal ? (int)signal.ssi_signo : 0;
}

void signals_die(int number)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	signal(number, SIG_DFL);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}
