/*
 * A command in the place of stdin and stdout: run by sh(1) on the socket
 * itself, which becomes its stdin and its stdout. Its stderr is ours; it gets
 * no other descriptor, no signal blocked or ignored that was not before,
 * SIGPIPE as it is by default, and in its environment
 *
 *	VCAT_PEER		the peer's address, as one types it
 *	VCAT_PEER_CID, VCAT_PEER_PORT, VCAT_LOCAL_CID, VCAT_LOCAL_PORT
 *				where the kind of address has them
 */
#ifndef VCAT_EXEC_H
#define VCAT_EXEC_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "address.h"

struct exec {
	const char *command;
	const struct address *peer;
	const struct address *local; /* our end of the connection */
	bool accepted;               /* not connected by us */
	const sigset_t *signals;     /* the mask for the command */
};

/* Becomes the command. Returns only if that fails: -1 with errno. */
int exec_become(const struct exec *exec, int fd);

/*
 * Runs it as a child that leads a process group of its own; fd stays the
 * caller's. Returns its pid, or -1 with errno.
 */
pid_t exec_spawn(const struct exec *exec, int fd);

#endif
