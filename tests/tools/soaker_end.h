/*
 * One end of a connection of the soak: a client, which is a socket or a vcat
 * with pipes, or a server, which is a socket. It sends what its plan says and
 * checks each byte that arrives.
 */
#ifndef SOAKER_END_H
#define SOAKER_END_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "place.h"
#include "prng.h"
#include "soaker_plan.h"

enum soaker_state {
	END_QUEUING, /* the backlog was full */
	END_CONNECTING,
	END_NAMELESS, /* a server that has not got its header yet */
	END_TALKING,
	END_DYING, /* a process that has yet to end */
	END_OVER,
	END_GONE /* counted; to be freed */
};

struct soaker_end {
	LIST_ENTRY(soaker_end) next;
	struct soaker_exchange *exchange; /* NULL while nameless */
	int chain;
	bool server;
	enum soaker_state state;
	int in, out; /* a socket is both; -1: closed */
	pid_t pid;   /* of a process; 0: none */
	int status;  /* of waitpid(2) */
	bool left;   /* before its time, as planned */
	bool in_over, out_over;
	int in_error, out_error;
	double began, send_after, receive_after;
	int pauses;
	uint64_t sent, received, total; /* total: to send */
	unsigned char header[SOAKER_HEADER];
	struct prng stream, wanted;
	char *piece;       /* the next bytes to send, */
	size_t begin, end; /* and the part that is left */
	const char *why;   /* of a failure; NULL: none */
};

LIST_HEAD(soaker_ends, soaker_end);

/* A connection: its plan, and the ends that are known. */
struct soaker_exchange {
	uint32_t number;
	struct soaker_plan plan;
	struct soaker_end *client, *server; /* NULL: not there, or freed */
	bool server_came;
	bool disturbed; /* a member of its chain was killed meanwhile */
	bool judged;
};

/* New ends, without memory NULL. A client owns in and out from then on. */
struct soaker_end *end_client(
    struct soaker_exchange *exchange, const unsigned char *header, double now);
struct soaker_end *end_server(int fd, int chain, double now);

/* Connects it with a new socket; may have to be called again if it queues. */
void end_connect(struct soaker_end *end, const union place *place);

/* The server has learnt which exchange is its own. */
void end_attach(struct soaker_end *end, struct soaker_exchange *exchange);

/* What to poll for: reading, and writing. */
void end_interest(
    const struct soaker_end *end, struct pollfd fds[2], double now);

/* Does what it can. */
void end_advance(
    struct soaker_end *end, const struct pollfd fds[2], double now);

/* When its next pause is over; a long time after now if there is none. */
double end_wakes(const struct soaker_end *end, double now);

/* Closes what is open, ends and reaps a process that is there, frees it. */
void end_free(struct soaker_end *end);

#endif
