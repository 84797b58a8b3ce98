/*
 * The accept loop: who may come in, how many at once, and until when. What a
 * connection is for is its owner's affair.
 */
#ifndef VCAT_SERVER_H
#define VCAT_SERVER_H

#include <stdbool.h>

#include "address.h"
#include "listener.h"
#include "loop.h"
#include "value.h"

struct server {
	/* For the owner to set; what is pointed to is borrowed. */
	struct loop *loop;
	struct listener listener;
	const struct socket_choice *choice;
	const struct allow *allow;
	bool once;       /* stop listening as soon as the first is there */
	bool verbose;    /* report who comes in */
	int most;        /* at once; 0: as many as there are descriptors for */
	int descriptors; /* of ours that one connection needs for long */
	double grace;    /* seconds for those that run when a signal ends us */

	/* Takes over the socket; server_note_end() when that is over. */
	void (*take)(struct server *server, int fd, const struct address *peer);
	/* A child process has ended; NULL: there are none. */
	void (*reap)(struct server *server);
	/* Ends all that run, at once. */
	void (*end_all)(struct server *server);

	/* The server's own. */
	struct loop_task door; /* where connections come in */
	struct loop_task bell; /* where signals do */
	int running;           /* now */
	bool complained;       /* that no more can be accepted */
	bool closed;           /* no more are to come in */
	int signal;            /* that ends us; 0: none yet */
	int error;             /* of what cannot be watched, or 0 */
	bool over;
};

/*
 * Whether the rules admit a peer. A peer that they do not admit is logged, and
 * its socket is closed.
 */
bool server_admits(
    const struct server *server, int fd, const struct address *peer);

/*
 * Serves until the listener is closed and nobody is left, by the rules or by
 * server_close(): then returns 0. At SIGHUP, SIGINT or SIGTERM it stops
 * listening, gives those that run the time of `grace`, or until a second
 * signal, ends them, and returns the signal's number. Returns -1 after a
 * message if it cannot go on.
 */
int server_run(struct server *server);

/* Takes note of such a signal that has come in another way. */
void server_note_signal(struct server *server, int number);

/* One connection has ended: there is room for another. */
void server_note_end(struct server *server);

/* Takes no more; those that are there go on. */
void server_close(struct server *server);

#endif
