/*
 * The signals that end vcat, as events of a loop: signalfd(2).
 */
#ifndef VCAT_SIGNALS_H
#define VCAT_SIGNALS_H

#include <stdbool.h>

#include "loop.h"

/*
 * Has the loop run the task `bell` when SIGHUP, SIGINT or SIGTERM comes, with
 * children also for SIGCHLD; its descriptor is in fds[0]. A signal that our
 * parent has ignored, as nohup(1) does, stays ignored. Returns 0, or -1 with
 * errno.
 */
int signals_watch(struct loop *loop, struct loop_task *bell, bool children);

/* The number of the next signal that has come, or 0. */
int signals_next(struct loop_task *bell);

/* Ends the process by that signal, as if it had never been caught. */
void signals_die(int number);

#endif
