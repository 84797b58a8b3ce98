#include "guard.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "signals.h"

static void *guard_run(void *arg)
{
	struct unix_file *file = arg;
	sigset_t ending;
	int number;

	signals_ending(&ending);
	if (sigwait(&ending, &number) != 0)
		return NULL;
	unix_remove(file);
	/* the default action ends the whole process, with the right status */
	signals_die(number);
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
	signals_ending(&ending);
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
