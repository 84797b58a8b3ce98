/*
 * A process that looks names up for another one, which has no right to do so
 * any more, or no time to wait. A slow name holds up no other: each question
 * has a child of its own, and so has whatever getaddrinfo(3) loads, leaks or
 * breaks.
 *
 * It ends when the other end of its socket is closed, by whatever end of that
 * process, and by no signal but SIGKILL: whether a SIGTERM for all ends the job
 * is for the other process to decide. It has none of that process's
 * descriptors, so nobody waits for it. It can read files, as the modules of
 * nsswitch.conf(5) must, but not write, and has no capabilities. What system
 * calls those modules make, nobody knows: there is no filter.
 */
#ifndef VCAT_LOOKUP_H
#define VCAT_LOOKUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "address.h"
#include "names.h"
#include "socket.h"

/* As many addresses are told of a name. */
#define LOOKUP_ADDRESSES 32

/* A message on the socket, SOCK_SEQPACKET. */
struct lookup_question {
	uint32_t number; /* the asker's, for the answer */
	struct address address;
};

/*
 * There is one for each question, in any order. Its content comes from outside:
 * whoever receives it must check all of it.
 */
struct lookup_answer {
	uint32_t number;
	int32_t error;               /* 0, or errno's, and then */
	char said[SOCKET_SAID_SIZE]; /* words for it; "": none */
	int32_t count;
	union names_address list[LOOKUP_ADDRESSES];
};

/* Starts the process, in that sandbox if it is to be confined. Returns our end
 * of the socket, or -1 with errno. */
int lookup_start(bool confined);

#endif
