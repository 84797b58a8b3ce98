/*
 * The chains of vcats that the connections of the soak go through, and what
 * their members hold while nothing goes through them.
 */
#ifndef SOAKER_CHAIN_H
#define SOAKER_CHAIN_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "place.h"

enum { CHAIN_MEMBERS = 4, CHAIN_ADDRESS = 64 };

/* A point between two members, or an end of the chain. */
struct soaker_point {
	char listens[CHAIN_ADDRESS]; /* as who listens there writes it, */
	char dials[CHAIN_ADDRESS];   /* and who connects to it */
};

struct soaker_look {
	int descriptors, pipes; /* apart */
	long rss;               /* KiB */
	int children;
};

struct soaker_member {
	pid_t pid;
	int hears;      /* its stderr */
	char said[512]; /* the line that it is about to say */
	size_t length;
	bool listens;
	bool sick; /* a sanitizer has spoken */
	int restarts;
	struct soaker_look before, after;
};

struct soaker_chain {
	const char *name;
	struct soaker_point points[CHAIN_MEMBERS + 1];
	struct soaker_member members[CHAIN_MEMBERS];
	int length;        /* number of members */
	bool resets;       /* TCP at every point: a reset goes through */
	union place entry; /* where sockets connect */
	int listener;      /* ours, at its exit */
	long connections, whole, cut, disturbed;
	uint64_t forth, back; /* bytes that arrived */
	double seconds;       /* of its connections, all told */
};

/*
 * Reads a name such as tcp-unix-mux-vmm, a word for each point:
 *	unix tcp vsock	an address of that kind
 *	mux		a vcat listens as a VMM's host does; unix clients
 *	vmm		a vcat dials through the VMM's socket, ./v
 * The addresses are made of the number. False after a message.
 */
bool chain_parse(struct soaker_chain *chain, const char *name, int number);

/* Listens at the exit and starts the members. False after a message. */
bool chain_start(struct soaker_chain *chain, const char *vcat);

/* Starts one member and waits until it listens. False after a message. */
bool chain_start_member(
    struct soaker_chain *chain, int index, const char *vcat);

/* Kills one member; a new one is not started. */
void chain_kill_member(struct soaker_chain *chain, int index);

/* Ends all members by SIGTERM; the number of those that ended otherwise. */
int chain_stop(struct soaker_chain *chain);

/* Reads what a member says. */
void chain_hear(struct soaker_member *member);

/* What it holds now. */
void chain_look(const struct soaker_member *member, struct soaker_look *look);

#endif
