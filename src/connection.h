/*
 * Connections, from dialling to close: each is one task of a loop, and the same
 * for one as for a thousand. The far side is dialled, or was accepted; the near
 * side is stdin and stdout, or an address that is dialled.
 *
 * While it is dialled, whoever waits for that may go: the far peer, or the
 * reader of stdout. Then there is nobody left to connect for. That a peer has
 * gone altogether, and not just half-closed, poll(2) does not tell everywhere;
 * once something has happened there, it is probed from time to time. (A TCP
 * peer by the kernel: after a minute, what has closed answers by a reset.) A
 * peer whose bytes have not been read is never given up: they are to arrive.
 */
#ifndef VCAT_CONNECTION_H
#define VCAT_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "address.h"
#include "dial.h"
#include "dump.h"
#include "loop.h"
#include "meter.h"
#include "relay.h"
#include "status.h"
#include "stream.h"

struct connection;

/* How one has ended. */
struct connection_end {
	enum status status;
	bool stdout_gone; /* the next one could not write there either */
	bool stdin_ended; /* it has nothing to send for the next one */
};

/* Makes the near side of each connection. */
struct connection_maker {
	/* For one with that socket as its far side. Returns NULL with errno. */
	struct stream *(*make)(struct connection_maker *maker, int far);
	/* The connection is over. */
	void (*unmake)(struct connection_maker *maker, struct stream *near);
};

/* What the connections of a run have in common, and all that there are. */
struct connections {
	/* For the owner to set; what is pointed to is borrowed. */
	struct loop *loop;
	struct dial_target *far;  /* to dial; NULL: they are accepted */
	struct dial_target *near; /* to dial; NULL: stdin and stdout */
	struct stream *stdio;     /* if those are the near side; else NULL */
	const struct address *near_address; /* ADDRESS_STDIO for them */
	struct relay_rules rules;
	const enum stream_ending *ending; /* of sockets; NULL: the family's */
	int waiting;  /* stdout, if somebody there waits for the far side; -1 */
	bool alone;   /* there is one at a time: poll(2) will do */
	bool bytes;   /* no socket has messages, SOCK_SEQPACKET */
	bool verbose; /* report them */
	int proxy_header;     /* its version, for the near side; 0: none */
	const char *greeting; /* for the far side of an echo; NULL: none */
	struct connection_maker *maker; /* instead of stdio; NULL: none */
	struct dump *dump;              /* of -x; NULL: none */
	struct meter meter;             /* of the one there is; only if alone */

	bool again;  /* dials are repeated: an error is told only once */
	int told[2]; /* the error of a dial that was told last, of the far and
			of the near side; at first 0 */
	const char *name;  /* for messages, before each; NULL: none */
	uint64_t moved[2]; /* bytes from the far side, and to it, by those that
			      have ended; at first {0} */

	/* All is dialled, and a relay begins; NULL: it does not matter. */
	void (*settle)(struct connections *all);
	/* Instead of relaying: does its work with the socket that was dialled,
	 * which is closed then. */
	enum status (*take)(struct connections *all, int fd);

	/* One has ended, and all of it is closed. */
	void (*done)(struct connections *all, const struct connection_end *end);

	LIST_HEAD(connection_list, connection) list; /* at first {0} */
};

/*
 * Begins one: with that far peer, dialled if fd is -1, else on the accepted
 * socket, which it then owns. It may be over before this returns.
 */
void connection_begin(
    struct connections *all, int fd, const struct address *peer);

/* How many bytes all have moved, from the far side, and to it. */
void connections_count(const struct connections *all, uint64_t moved[2]);

/* Ends all that there are, at once; a peer that can be told is told. */
void connections_end(struct connections *all);

#endif
