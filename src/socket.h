/*
 * What the socket families have in common: the choices that a user has, and
 * how a connection is begun without waiting for it.
 */
#ifndef VCAT_SOCKET_H
#define VCAT_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "deadline.h"

struct socket_choice {
	bool seqpacket;       /* SOCK_SEQPACKET, else SOCK_STREAM */
	bool sibling;         /* vsock: VMADDR_FLAG_TO_HOST */
	uint32_t source_cid;  /* vsock, connecting: ADDRESS_ANY is any */
	uint32_t source_port; /* vsock, connecting: ADDRESS_ANY is any */
	size_t buffer;        /* bytes held in each direction; of a message */
	size_t vsock_buffer;  /* bytes for a VM socket's own buffer */
	int backlog;          /* listening, as for listen(2) */
	mode_t mode;          /* of a socket file that is made */
};

/* What failed, for the message; errno says why. */
#define SOCKET_SAID_SIZE 160
struct socket_fault {
	const char *step;            /* the system call, or "handshake" */
	char said[SOCKET_SAID_SIZE]; /* what the peer or the resolver said
					of it, or "" */
};

/*
 * A new socket of that family, non-blocking and close-on-exec, or -1 with
 * errno.
 */
int socket_open(int family, const struct socket_choice *choice);

/* One attempt to connect. */
struct socket_attempt {
	const struct socket_choice *choice; /* borrowed */
	struct deadline limit;              /* when it is given up */
	int fd;       /* -1: there is none; else the owner closes it */
	bool pending; /* connect(2) goes on: socket_outcome() when writable */
	struct socket_fault fault;
};

/*
 * Begins to connect attempt->fd. Returns 0, with attempt->pending, or -1 with
 * errno and the attempt as it was.
 */
int socket_begin(struct socket_attempt *attempt, const struct sockaddr *to,
    socklen_t length);

/* How a pending connect(2) ended. Returns 0, or -1 with errno. */
int socket_outcome(int fd);

/* Closes the attempt's socket. Returns -1, with errno as it was. */
int socket_drop(struct socket_attempt *attempt);

/* Closes fd, and tells a TCP peer that this is no end of a stream. */
void socket_reset(int fd);

/* Closes fd and returns -1, with errno as it was. */
int socket_abandon(int fd);

#endif
