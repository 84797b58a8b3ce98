/*
 * What a process does until it is told to stop: it runs servers, one or many,
 * on one loop. Here is what they have in common: signals, the number of
 * connections at once, time without any, and what is reported of them.
 */
#ifndef VCAT_SERVICE_H
#define VCAT_SERVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "deadline.h"
#include "loop.h"
#include "notify.h"
#include "room.h"
#include "server.h"
#include "status.h"

/* 2026-11-26T08:34:47Z */
#define SERVICE_TIME_SIZE 24

/* Times are in seconds. */
struct service {
	/* For the owner to set; what is pointed to is borrowed. */
	struct loop *loop;
	int most;        /* connections at once, in all; 0: as many as there are
			    descriptors for */
	int descriptors; /* of ours that one connection needs for long */
	double grace;    /* for those that run when a signal ends us */
	double accept_timeout; /* for the first connection; 0: no limit */
	double exit_idle;      /* without a connection; 0: no limit */
	/* A child process has ended; NULL: there are none. */
	void (*reap)(struct service *service);

	struct notify notify; /* is told how it goes; {0}, but for verbose */

	/* Its own. At first {0}. */
	STAILQ_HEAD(service_servers, server) servers;
	int count;              /* of them */
	struct room room;       /* for all of them */
	struct loop_task bell;  /* where signals come in */
	struct loop_task clock; /* for the time without a connection */
	struct deadline first;  /* for the first one; never: it has come */
	struct deadline idle;   /* to end, if nobody is there */
	char since[SERVICE_TIME_SIZE]; /* when it began, in UTC */
	bool expired;                  /* none came in time */
	bool over;
	int signal; /* that ends us; 0: none yet */
	int error;  /* of what cannot be watched; 0: none */
};

/* Begins, while files may still be opened: one tells the time zone, and one is
 * the socket of whom to notify. From now on SIGUSR1 ends nobody: it waits for
 * service_run(). */
void service_init(struct service *service);

/* Before service_run(). The server stays the caller's. */
void service_add(struct service *service, struct server *server);

/*
 * Runs until no server takes more and nobody is left, by their rules or by
 * server_close(); then returns STATUS_OK. If nobody came in time, says so and
 * returns STATUS_TIMEOUT. At SIGHUP, SIGINT or SIGTERM it closes all servers,
 * gives those that run the time of `grace`, or until a second signal, and ends
 * them; the number is in `signal`. Returns STATUS_FAILED after a message if it
 * cannot go on. At SIGUSR1 it prints a line for each server.
 */
enum status service_run(struct service *service);

/* It cannot go on, for that errno. */
void service_fail(struct service *service, int error);

/* Takes note of a signal that has come in another way. */
void service_note_signal(struct service *service, int number);

#endif
