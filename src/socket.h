/*
 * What the socket families share: the choices that a user has, how a
 * connection is begun without waiting for it, and struct family, which says
 * what a family can do. Each family fills in one; family.h finds it.
 */
#ifndef VCAT_SOCKET_H
#define VCAT_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "address.h"
#include "deadline.h"

struct addrinfo;

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
	char said[SOCKET_SAID_SIZE]; /* words for it of the peer's or the
					resolver's; "": errno's will do */
	bool waited; /* after attempts without success: no advice to wait */
};

/* One attempt to connect. */
struct socket_attempt {
	const struct socket_choice *choice; /* borrowed */
	struct deadline limit;              /* when it is given up */
	int fd;       /* -1: there is none; else the owner closes it */
	bool pending; /* connect(2) goes on until fd is writable */
	const struct addrinfo *name; /* borrowed; NULL without resolve() */
	struct socket_fault fault;
};

/* As much of the answer in a handshake as has been read. */
#define SOCKET_ANSWER_SIZE 32
struct socket_answer {
	char text[SOCKET_ANSWER_SIZE + 1];
	size_t used;
};

/* A socket file, known by more than its name: another may have taken that. */
struct socket_file {
	char path[ADDRESS_PATH_SIZE]; /* "" or '@' first: there is no file */
	dev_t device;
	ino_t inode;
};

/* What listening has come to. */
struct socket_bound {
	struct address address;  /* a free port has its number */
	struct socket_file file; /* that was made */
	struct socket_fault fault;
};

/* Which CIDs a hint is for. */
enum hint_cid {
	HINT_ANY,
	HINT_HYPERVISOR, /* CID 0 */
	HINT_LOCAL,      /* CID 1 */
	HINT_GUEST,      /* above 2: a virtual machine */
};

/*
 * What an error most likely means, and the command that fixes it. Of several
 * rows that fit, the first counts.
 */
struct hint {
	const char *step; /* NULL: any */
	int error;
	enum hint_cid cid;
	bool wait;        /* advise to wait for it with --retry */
	const char *text; /* %s is the port */
};

/*
 * What a family can do. What is NULL is not needed there. Functions return 0,
 * or -1 with errno and, where there is one, the fault.
 */
struct family {
	int domains[2]; /* of socket(2); 0: none. Passed sockets are of it. */

	/*
	 * Begins to connect. Fails without a socket, except by EAGAIN: a
	 * backlog is full, which one cannot poll for; then the socket is kept
	 * for another call.
	 */
	int (*begin)(struct socket_attempt *attempt, const struct address *to);

	/* How a pending connect(2) ended. */
	int (*outcome)(int fd);

	/*
	 * Looks the address's name up, which may take long. Returns what
	 * freeaddrinfo(3) takes, or NULL with errno: ETIMEDOUT when no name
	 * server answers, ENXIO when there is no such name.
	 */
	struct addrinfo *(*resolve)(const struct address *to,
	    const struct socket_choice *choice, struct socket_fault *fault);

	/* The handshake on an attempt that is connected: the request ... */
	int (*ask)(struct socket_attempt *attempt, const struct address *to);
	/* ... and its answer: EAGAIN while there is more to come. */
	int (*hear)(
	    struct socket_attempt *attempt, struct socket_answer *answer);

	/* Returns a listening, non-blocking socket, or -1 with errno. */
	int (*listen)(const struct address *at,
	    const struct socket_choice *choice, struct socket_bound *bound);

	/*
	 * Makes an accepted socket ready. *peer is the listener's address, and
	 * becomes the peer's where it has one. Fails if it has gone.
	 */
	int (*accepted)(
	    int fd, const struct socket_choice *choice, struct address *peer);

	/* Our own end of a socket. */
	void (*local)(int fd, struct address *local);

	bool no_half_close; /* peers take a half-close for a close */
	bool resets;        /* a peer can tell a reset from an end; a reset
			       overtakes what is on its way */
	int attempts; /* at once at most in a scan; 0: as many as it has */
	const struct hint *hints[2]; /* its own, then shared ones; each up to
					a row without text */
};

/*
 * A new socket of that domain, non-blocking and close-on-exec, or -1 with
 * errno.
 */
int socket_open(int domain, const struct socket_choice *choice);

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

/* Closes fd and returns -1, with errno as it was. */
int socket_abandon(int fd);

#endif
