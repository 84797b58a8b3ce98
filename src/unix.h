/*
 * AF_UNIX streams and SOCK_SEQPACKETs: unix(7). '@' first in a path stands
 * for the abstract namespace.
 */
#ifndef VCAT_UNIX_H
#define VCAT_UNIX_H

#include "address.h"
#include "socket.h"

struct sockaddr_un;

extern const struct family unix_family;

/* Hints that fit every kind of address with a socket file. */
extern const struct hint unix_hints[];

/* The address of a path that is known to fit in it. Returns its length. */
socklen_t unix_sockaddr(const char *path, struct sockaddr_un *un);

/* As family->begin(), to the path of the address. */
int unix_begin(struct socket_attempt *attempt, const struct address *to);

/*
 * As family->listen(). The file gets choice->mode, whatever the umask, and
 * choice->owner; until it has both, only root can connect. One on which nobody
 * listens is replaced; a live one is EADDRINUSE. attempt->file is then for
 * unix_remove().
 */
int unix_listen(struct socket_attempt *attempt, const struct address *at);

/* As family->prepare(). */
void unix_prepare(int fd, const struct socket_choice *choice);

/* Removes the file that unix_listen() created, if it is still that one. */
void unix_remove(const struct socket_file *file);

#endif
