/*
 * One server: connections come in at its listener, or it makes them itself,
 * again and again; who may come in, and how many at once. What a connection is
 * for is its owner's affair. A service runs one server or many.
 */
#ifndef VCAT_SERVER_H
#define VCAT_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "address.h"
#include "listener.h"
#include "loop.h"
#include "room.h"
#include "value.h"

struct service;

struct server {
	/* For the owner to set; what is pointed to is borrowed. */
	const char *name; /* for messages, before each; NULL: none */
	struct loop *loop;
	struct listener listener; /* fd -1: connections are made */
	const struct address *at; /* where they come from, or go to */
	const struct address *to; /* what they are relayed to; NULL: none */
	const struct socket_choice *choice;
	const struct allow *allow;
	bool once;    /* stop as soon as the first is there */
	bool verbose; /* report who comes in */
	int most;     /* of its own at once; 0: no such limit */

	int reader; /* stdout, if connections are made for who reads it; -1 */

	/* Takes over the socket; server_note_end() when that is over. */
	void (*take)(struct server *server, int fd, const struct address *peer);
	/* Instead: makes a connection; server_note_open() when it is open. */
	void (*call)(struct server *server);
	/* Ends all that run, at once. */
	void (*end_all)(struct server *server);
	/* How many bytes have come from the peers, and gone to them, so far;
	 * NULL: they are not known. */
	void (*count)(struct server *server, uint64_t bytes[2]);

	/* Its service's, which is told of each change. */
	struct service *service;
	struct room *room;
	void (*changed)(struct server *server);
	STAILQ_ENTRY(server) next;

	/* The server's own. */
	struct loop_task door; /* where connections come in, or are made */
	int running;           /* now */
	bool complained;       /* that no more can be accepted */
	bool forsaken;         /* the reader had gone */
	bool closed;           /* no more are to come */
	int error;             /* of what cannot be watched, or 0 */
	int64_t opened;    /* the connection it made; deadline_now(), or 0 */
	double pause;      /* before it makes the next */
	uint64_t accepted; /* or made */
	uint64_t refused;  /* by the rules */
	uint64_t failed;
};

/*
 * Whether the rules admit a peer. A peer that they do not admit is logged, and
 * its socket is closed.
 */
bool server_admits(struct server *server, int fd, const struct address *peer);

/* Begins; it belongs to a service. */
void server_begin(struct server *server);

/* Accepts those who are at the door right now. */
void server_look(struct server *server);

/* The connection that it has made is open. */
void server_note_open(struct server *server);

/* One connection has ended: there is room for another. */
void server_note_end(struct server *server, bool failed);

/* There may be room again. */
void server_reopen(struct server *server);

/* Takes no more; those that are there go on. */
void server_close(struct server *server);

#endif
