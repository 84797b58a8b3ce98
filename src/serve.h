/*
 * The accept loop: who may come in, and how many. What a connection is for is
 * its handler's affair.
 */
#ifndef VCAT_SERVE_H
#define VCAT_SERVE_H

#include <signal.h>
#include <stdbool.h>

#include "address.h"
#include "endpoint.h"
#include "loop.h"
#include "value.h"

struct serve_rules {
	const struct socket_choice *choice;
	const struct allow *allow;
	bool once;    /* stop listening as soon as the first is there */
	bool verbose; /* report who comes in */
	int most;     /* at once; 0: as many as there are descriptors for */
	double grace; /* seconds for those that run when a signal ends us */
};

/*
 * Whether a peer may come in, as the rules have it; one that may not is said
 * so of, and its socket is closed.
 */
bool serve_admits(
    const struct serve_rules *rules, int fd, const struct address *peer);

/*
 * One after the other. The handler takes over the socket, and returns whether
 * to take the next. Returns 0, or -1 after a message.
 */
typedef bool serve_handler(void *context, int fd, const struct address *peer);
int serve_in_turn(struct endpoint_listener *listener,
    const struct serve_rules *rules, serve_handler *handler, void *context);

struct serve;

/* What many connections at once are for. */
struct serve_work {
	int descriptors; /* of ours that one connection needs for long */
	/* Takes over the socket; serve_note_end() when that is over. */
	void (*take)(
	    struct serve_work *work, int fd, const struct address *peer);
	/* A child process has ended; NULL: there are none. */
	void (*reap)(struct serve_work *work);
	/* Ends all that run, at once. */
	void (*end_all)(struct serve_work *work);
	struct serve *serve; /* set by serve_many() */
};

struct serve {
	struct loop loop;
	struct loop_task door; /* where connections come in */
	struct loop_task bell; /* where signals do */
	struct endpoint_listener *listener;
	const struct serve_rules *rules;
	struct serve_work *work;
	int most;        /* at once */
	int running;     /* now */
	bool complained; /* that no more can be accepted */
	int signal;      /* that ends us; 0: none yet */
	bool over;
	sigset_t before; /* the mask of signals, for commands */
};

/*
 * Many at once, in one loop, until SIGHUP, SIGINT or SIGTERM: then it stops
 * listening, gives those that run the time of rules->grace, or until a second
 * signal, and ends them. Returns the signal's number, or -1 after a message.
 */
int serve_many(struct endpoint_listener *listener,
    const struct serve_rules *rules, struct serve_work *work);

/* One connection has ended: there is room for another. */
void serve_note_end(struct serve *serve);

#endif
