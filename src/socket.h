/*
 * What the socket families share: the choices that a user has, a socket on its
 * way to a connection or to listening, and struct family, which says what a
 * family can do. Each family fills in one; family.h finds it.
 */
#ifndef VCAT_SOCKET_H
#define VCAT_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "address.h"
#include "deadline.h"

struct names;
struct owner;

struct socket_choice {
	bool seqpacket; /* SOCK_SEQPACKET, else SOCK_STREAM */
	bool sibling;   /* vsock: VMADDR_FLAG_TO_HOST */
	bool at_once;   /* tcp: ask a second time, as the peer may be near */
	int netns; /* vsock: who makes its sockets, see netns.h; 0: we do */
	uint32_t source_cid;  /* vsock, connecting: ADDRESS_ANY is any */
	uint32_t source_port; /* vsock, connecting: ADDRESS_ANY is any */
	size_t buffer;        /* bytes held in each direction; of a message */
	size_t vsock_buffer;  /* bytes for a VM socket's own buffer */
	int backlog;          /* listening, as for listen(2) */
	mode_t mode;          /* of a socket file that is made */
	const struct owner *owner; /* of the same, borrowed; NULL: us */
};

/* What failed, for the message; errno says why. */
#define SOCKET_SAID_SIZE 168
struct socket_fault {
	const char *step;            /* the system call, or "handshake" */
	char said[SOCKET_SAID_SIZE]; /* words for it of the peer's or the
					resolver's; "": errno's will do */
	bool waited; /* after attempts without success: no advice to wait */
};

/* A socket file, known by more than its name: another may have taken that. */
struct socket_file {
	char path[ADDRESS_PATH_SIZE]; /* "": there is no file */
	struct stat as_made;
};

/* One attempt to connect or to listen. */
#define SOCKET_REQUEST_SIZE 32
#define SOCKET_ANSWER_SIZE  32
struct socket_attempt {
	const struct socket_choice *choice; /* borrowed */
	int fd; /* -1: there is none; the owner closes it, also if it failed */
	struct socket_fault fault;
	struct deadline limit;     /* connecting: when it is given up */
	const struct names *names; /* borrowed; NULL without resolve() */
	int which;                 /* of them */
	char request[SOCKET_REQUEST_SIZE];   /* in a handshake */
	char answer[SOCKET_ANSWER_SIZE + 1]; /* to it, so far */
	size_t answered;                     /* bytes of it */
	struct socket_file *file; /* listening: for one that is made */
};

/*
 * What an error most likely means, and the command that fixes it. Of several
 * rows that fit, the first counts.
 */
struct hint {
	const char *step; /* NULL: any */
	int error;
	const char *cid;  /* as address_cid_name() says; NULL: any */
	const char *text; /* a template with {port}; {retry} advises to wait */
};

/*
 * What a family can do. What is NULL is not needed there. Functions return 0,
 * or -1 with errno and, where there is one, the fault.
 */
struct family {
	int domains[2]; /* of socket(2); 0: none. Passed sockets are of it. */

	/*
	 * Begins to connect, as connect(2): EINPROGRESS until the socket is
	 * writable. EAGAIN: a backlog is full, which one cannot poll for; call
	 * again with the same socket.
	 */
	int (*begin)(struct socket_attempt *attempt, const struct address *to);

	/* What it is if it is a number and no name, at once; else NULL. */
	struct names *(*read_number)(const struct address *to);

	/*
	 * Looks the address's name up, which may take long. Returns the list,
	 * which is the caller's, or NULL with errno: ETIMEDOUT when no name
	 * server answers, ENXIO when there is no such name.
	 */
	struct names *(*resolve)(
	    const struct address *to, struct socket_fault *fault);

	/* The handshake on an attempt that is connected: the request ... */
	int (*ask)(struct socket_attempt *attempt, const struct address *to);
	/* ... and its answer: EAGAIN while there is more to come. */
	int (*hear)(struct socket_attempt *attempt);

	/* Listens. A free port is chosen where the address leaves it open. */
	int (*listen)(struct socket_attempt *attempt, const struct address *at);

	/* Sets what an accepted socket does not inherit; if `inherits`, what it
	 * does, from a listener of ours, and not from one that was passed. */
	void (*prepare)(int fd, const struct socket_choice *choice);
	bool inherits;

	/* What getsockname(2) or getpeername(2) said, as an address. */
	void (*read_name)(const struct sockaddr_storage *name, socklen_t length,
	    struct address *address);

	/* This machine's CID, which is not in a connected socket's name. */
	int (*local_cid)(uint32_t *cid);

	bool no_half_close;    /* peers take a half-close for a close */
	bool refuses_by_reset; /* a reset before the connection is made means
				  that nobody listens */
	bool resets;           /* a peer can tell a reset from an end; a reset
				  overtakes what is on its way */
	int attempts;          /* at once at most in a scan; 0: no such limit */
	const struct hint *hints[2]; /* its own, then shared ones; each up to
					a row without text */
};

/*
 * These go on with an attempt, and note the step in its fault. They return 0,
 * or -1 with errno.
 */

/*
 * Gives the attempt a socket of that domain, non-blocking and close-on-exec, in
 * place of one that it may have; of AF_VSOCK, by choice->netns if that is set.
 */
int socket_open(struct socket_attempt *attempt, int domain);

/* As connect(2): EINPROGRESS until the socket is writable. */
int socket_connect(struct socket_attempt *attempt, const struct sockaddr *to,
    socklen_t length);

/* Binds and listens. */
int socket_listen(struct socket_attempt *attempt, const struct sockaddr *at,
    socklen_t length);

/* How connect(2) ended that was in progress. Returns 0, or -1 with errno. */
int socket_outcome(int fd);

/* Closes fd, unless it is -1, and returns -1, with errno as it was. */
int socket_abandon(int fd);

#endif
