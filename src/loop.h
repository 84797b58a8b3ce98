/*
 * One event loop for many connections: epoll(7), a tree of deadlines, and the
 * signals that end vcat as events: signalfd(2).
 *
 * A task waits for descriptors and a time, and is run when one of them is
 * due. It is a member of what it serves, which finds itself again by
 * loop_owner().
 */
#ifndef VCAT_LOOP_H
#define VCAT_LOOP_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/tree.h>

#include "deadline.h"

/* As many descriptors as a task may wait for. */
#define LOOP_FDS 4

struct loop_task;

/* What is registered with epoll(7): a descriptor once, with all its events. */
struct loop_watch {
	struct loop_task *task;
	int fd; /* -1: none */
	int events;
};

struct loop_task {
	/* For the owner to set, and then to call loop_update(). */
	void (*run)(struct loop_task *task);
	struct pollfd fds[LOOP_FDS + 1]; /* fd -1: none; one may be there
					    twice. The last is the loop's. */
	struct deadline wake;
	bool polled; /* one task of a loop may have its descriptors given to
			poll(2) itself. epoll(7) refuses regular files, goes on
			about a descriptor that we have closed if another
			process has it, too, and takes a call a change. */

	/* The loop's own. */
	struct loop_watch watches[LOOP_FDS];
	struct deadline queued; /* the time by which it is in the tree */
	bool ready;
	RB_ENTRY(loop_task) by_time;
	TAILQ_ENTRY(loop_task) next_ready;
};

struct loop {
	int epoll;
	struct loop_task *polled; /* the task that is, or NULL */
	RB_HEAD(loop_times, loop_task) times;
	TAILQ_HEAD(loop_ready, loop_task) ready;
};

/* The struct that a task is the member of. */
#define loop_owner(task, type, member)                                         \
	((type *)(void *)((char *)(task)-offsetof(type, member)))

/* Returns 0, or -1 with errno; then there is nothing to free. */
int loop_init(struct loop *loop);

/* Its tasks are let go of as they are. */
void loop_free(struct loop *loop);

/* A task that waits for nothing yet. */
void loop_task_init(struct loop_task *task, void (*run)(struct loop_task *));

/*
 * Takes up what the task waits for now. A descriptor of which it has closed
 * the last copy is no longer waited for, and its number is free for another.
 * Returns 0, or -1 with errno.
 */
int loop_update(struct loop *loop, struct loop_task *task);

/* Takes the task out of the loop; before its descriptors are closed. */
void loop_remove(struct loop *loop, struct loop_task *task);

/*
 * The same without a system call, for descriptors that are closed before the
 * next turn, and that no other thread or process has: epoll(7) then forgets
 * them by itself.
 */
void loop_forget(struct loop *loop, struct loop_task *task);

/*
 * Waits until something is due and runs it: each task once, with what
 * poll(2) would have said in the revents of its fds. Returns 0, or -1 with
 * errno.
 */
int loop_turn(struct loop *loop);

/*
 * Has the loop run the task `bell` when SIGHUP, SIGINT, SIGTERM or SIGUSR1
 * comes, with children also for SIGCHLD; its descriptor is in fds[0]. A signal
 * that our parent has ignored, as nohup(1) does, stays ignored. Returns 0, or
 * -1 with errno.
 */
int loop_watch_signals(
    struct loop *loop, struct loop_task *bell, bool children);

/* The number of the next signal that has come, or 0. */
int loop_next_signal(struct loop_task *bell);

/* Ends the process by that signal, as if it had never been caught. */
void loop_die(int number);

#endif
