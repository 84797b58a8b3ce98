/*
 * What a service manager hears of us, as sd_notify(3) has it: datagrams of
 * lines NAME=VALUE to the socket that $NOTIFY_SOCKET names, a path or, after
 * '@', an abstract name. That it may be a VM socket since systemd 254 is for
 * a guest's first process, and not supported here.
 *
 * Nothing here waits, and no failure is a failure of the job. What cannot be
 * sent now is sent when there is room; after another error nothing more is
 * sent. A struct notify that is {0} tells nobody anything.
 */
#ifndef VCAT_NOTIFY_H
#define VCAT_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "deadline.h"
#include "loop.h"

/* The size of a status, with its end; a longer one is cut. */
#define NOTIFY_STATUS_SIZE 128

struct notify {
	bool verbose; /* for the owner to set: report what goes wrong */

	/* Its own. */
	bool wanted;       /* there is somebody to tell */
	int fd;            /* then connected to them */
	struct loop *loop; /* NULL: not ready yet */
	struct loop_task task;
	bool ready, stopping;  /* not sent yet */
	double interval;       /* between signs of life, in seconds; 0: none */
	struct deadline alive; /* when the next of them is due */
	struct deadline quiet; /* no status before that */
	char status[NOTIFY_STATUS_SIZE], sent[NOTIFY_STATUS_SIZE];
};

/*
 * Connects to whoever is to be told, if anybody is, and takes NOTIFY_SOCKET,
 * WATCHDOG_USEC and WATCHDOG_PID out of the environment: a command that we run
 * is not the service. Before the sandbox, and before any process is made:
 * systemd listens to the main process alone.
 */
void notify_open(struct notify *notify);

/*
 * READY=1. From now on, while the loop turns, WATCHDOG=1 twice in each
 * $WATCHDOG_USEC if that is meant for this process. The loop is borrowed until
 * notify_close().
 */
void notify_ready(struct notify *notify, struct loop *loop);

/*
 * STATUS=: one line for people, copied. It is sent only if it is not what was
 * sent last, and not before a second has passed since then.
 */
void notify_status(struct notify *notify, const char *text);

/* A status of so many connections that are open, and were accepted. */
void notify_connections(struct notify *notify, int open, uint64_t accepted);

/* STOPPING=1. */
void notify_stopping(struct notify *notify);

/* Tells nobody any more. */
void notify_close(struct notify *notify);

#endif
