#include "signals.h"

#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

void signals_ending(sigset_t *set)
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

static int open_set(const sigset_t *set, sigset_t *before)
{
	sigprocmask(SIG_BLOCK, set, before);
	return signalfd(-1, set, SFD_NONBLOCK | SFD_CLOEXEC);
}

int signals_open(sigset_t *before)
{
	sigset_t set;

	signals_ending(&set);
	return open_set(&set, before);
}

int signals_open_with_children(sigset_t *before)
{
	sigset_t set;

	signals_ending(&set);
	sigaddset(&set, SIGCHLD);
	signal(SIGCHLD, SIG_DFL); /* ignored, it would never come */
	return open_set(&set, before);
}

int signals_next(int fd)
{
	struct signalfd_siginfo signal;

	if (read(fd, &signal, sizeof signal) != (ssize_t)sizeof signal)
		return 0;
	return (int)signal.ssi_signo;
}

void signals_die(int number)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	signal(number, SIG_DFL);
	raise(number);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}
