/*
 * Child processes, one for each connection; or what takes our own place.
 *
 * Most are commands: sh(1) runs them on the socket itself, which becomes their
 * stdin and their stdout. Their stderr is ours; they get no other descriptor,
 * no signal blocked or ignored that was not before, SIGPIPE as it is by
 * default, and in their environment
 *
 *	VCAT_PEER		the peer's address, as vcat takes it
 *	VCAT_PEER_CID, VCAT_PEER_PORT, VCAT_LOCAL_CID, VCAT_LOCAL_PORT
 *				where the kind of address has them
 */
#ifndef VCAT_EXEC_H
#define VCAT_EXEC_H

#include <signal.h>
#include <stdbool.h>
#include <sys/queue.h>

#include "address.h"

struct exec_child;

struct exec {
	/* For the owner to set; borrowed. */
	const char *command;
	const sigset_t *signals; /* the mask for the command */
	bool accepts;            /* connections are accepted, not made */
	bool verbose;            /* report how each has ended */
	/* What a child does instead of becoming the command; NULL: nothing
	 * else. Returns its exit status. */
	int (*work)(struct exec *exec, int fd, const struct address *peer);

	LIST_HEAD(exec_list, exec_child) children; /* at first {0} */
};

/* Becomes the command, on that socket. Returns only if that fails, after a
 * message. */
void exec_become(const struct exec *exec, int fd, const struct address *peer);

/*
 * Runs it as a child that leads a process group of its own; the socket stays
 * the caller's. Returns 0, or -1 with errno.
 */
int exec_start(struct exec *exec, int fd, const struct address *peer);

/* Takes note of the children that have ended. Returns how many have. */
int exec_reap(struct exec *exec);

/* Sends a SIGTERM to the groups of all children, and forgets them. */
void exec_end(struct exec *exec);

#endif
