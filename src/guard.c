#include "guard.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

/* Those that would end us: one that our parent had ignored, as nohup(1)
 * does, stays ignored. */
static void ending_signals(sigset_t *set)
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

static void *guard_run(void *arg)
{
	struct unix_file *file = arg;
	sigset_t ending;
	int number;

	ending_signals(&ending);
	if (sigwait(&ending, &number) != 0)
		return NULL;
	unix_remove(file);
	/* the default action ends the whole process, with the right status */
	pthread_sigmask(SIG_UNBLOCK, &ending, NULL);
	raise(number);
	return NULL;
}

int guard_file(const struct unix_file *file)
{
	struct unix_file *own = malloc(sizeof *own);
	pthread_t thread;
	sigset_t ending;
	sigset_t before;

	if (own == NULL)
		return -1;
	*own = *file;
	ending_signals(&ending);
	pthread_sigmask(SIG_BLOCK, &ending, &before);
	errno = pthread_create(&thread, NULL, guard_run, own);
	if (errno == 0) {
		pthread_detach(thread);
		return 0;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	free(own);
	return -1;
}
