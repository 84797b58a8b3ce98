/*
 * -e in two processes. A child opens the connections, in a sandbox, and hands
 * them over; its parent runs the commands, which must be free to do anything,
 * and does nothing else. The child goes when its parent does.
 */
#ifndef VCAT_BROKER_H
#define VCAT_BROKER_H

#include <stdbool.h>
#include <sys/types.h>

#include "address.h"
#include "exec.h"
#include "loop.h"
#include "notify.h"
#include "server.h"
#include "service.h"
#include "status.h"

struct broker {
	/* For the owner to set; borrowed. */
	struct exec *exec;
	const struct address *at; /* where connections are opened */
	struct notify *notify;    /* is told how it goes */
	bool once;   /* the parent becomes the command of the first */
	bool serves; /* the child will run a service */

	/* Its own. */
	int fd;                /* between the two */
	struct loop_task door; /* for what comes there */
	struct server *server; /* the child's; the rest is the parent's */
	pid_t child;
	struct loop loop;
	struct loop_task bell;
	int running;         /* commands */
	uint64_t accepted;   /* of all that came */
	int taken;           /* of the first connection; -1: none yet */
	struct address peer; /* and its peer */
	struct broker_note {
		unsigned ended;   /* commands */
		unsigned signals; /* that end vcat */
		int number;       /* of the latest one */
	} news;                   /* that the child has not heard */
	int missed;               /* why no connection could be taken */
	int error;                /* of what cannot be watched; 0: none */
	int signal;               /* the latest that is to end us; 0: none */
	bool over;                /* the child has ended, in this way: */
	int wait_status;
};

/*
 * Makes the child. Returns 0 in the child, its process ID in the parent, or -1
 * with errno.
 */
pid_t broker_fork(struct broker *broker);

/*
 * In the child: hands a connection over; the descriptor stays the caller's.
 * Returns 0, or -1 with errno.
 */
int broker_hand(struct broker *broker, int fd, const struct address *peer);

/*
 * Passes a socket to whoever reads stdout, as ssh does; it stays the caller's.
 * Returns 0, or -1 after a message.
 */
int broker_hand_out(int fd);

/*
 * In the child: has the service's loop tell the server of commands that have
 * ended, and the service of signals. If the parent has gone, that is the end.
 */
void broker_attend(struct broker *broker, struct server *server);

/*
 * In the parent: runs the commands until the child ends, and ends as it has;
 * or becomes the command, and returns only if that fails.
 */
enum status broker_serve(struct broker *broker);

#endif
