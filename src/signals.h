/*
 * The signals that end vcat, as events: signalfd(2).
 */
#ifndef VCAT_SIGNALS_H
#define VCAT_SIGNALS_H

#include <signal.h>

/*
 * SIGHUP, SIGINT and SIGTERM: those that would end us. One that our parent had
 * ignored, as nohup(1) does, stays ignored and is not among them.
 */
void signals_ending(sigset_t *set);

/*
 * Blocks those, and leaves the mask as it was in *before. Returns a
 * non-blocking descriptor from which they are read, or -1 with errno.
 */
int signals_open(sigset_t *before);

/* The same with SIGCHLD, which our parent may have ignored. */
int signals_open_with_children(sigset_t *before);

/* The number of the next signal that has come, or 0. */
int signals_next(int fd);

/* Ends the process by that signal, as if it had never been caught. */
void signals_die(int number);

#endif
