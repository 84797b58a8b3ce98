/*
 * AF_UNIX streams and SOCK_SEQPACKETs: unix(7). '@' first in a path stands
 * for the abstract namespace.
 */
#ifndef VCAT_UNIX_H
#define VCAT_UNIX_H

#include <sys/types.h>

#include "address.h"
#include "socket.h"

/*
 * Begins to connect to path. Returns 0, or -1 with errno and in
 * attempt->fault what failed. EAGAIN: the listener's backlog is full, for
 * which one cannot poll; then the socket is kept, for another call.
 */
int unix_begin(struct socket_attempt *attempt, const char *path);

/* Our own end of a socket; without a name if it has none. */
void unix_local(int fd, struct address *local);

/*
 * Lets so much be on its way out of the socket; no message can be longer.
 * unix_begin() does it, an accepted socket needs it: it inherits nothing.
 */
void unix_set_buffer(int fd, size_t bytes);

/* A socket file, known by more than its name: another may have taken that. */
struct unix_file {
	char path[ADDRESS_PATH_SIZE]; /* "" or '@' first: there is no file */
	dev_t device;
	ino_t inode;
};

/*
 * A listening, non-blocking socket, or -1 with errno and *fault. The file is
 * created with choice->mode, whatever the umask. One on which nobody listens is
 * replaced; a live one is EADDRINUSE. *file is then for unix_remove().
 */
int unix_listen(const char *path, const struct socket_choice *choice,
    struct unix_file *file, struct socket_fault *fault);

/* Removes the file that unix_listen() created, if it is still that one. */
void unix_remove(const struct unix_file *file);

#endif
