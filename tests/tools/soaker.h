/* A soak: its chains, its connections, and what has become of them. */
#ifndef SOAKER_H
#define SOAKER_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "soaker_chain.h"
#include "soaker_end.h"
#include "soaker_plan.h"

enum { SOAKER_CHAINS = 32 };

struct soaker_tally {
	long connections, whole, cut;
};

struct soaker {
	const char *vcat;
	struct soaker_choice choice;
	uint32_t total;
	int at_once;
	uint32_t kill_every; /* so many connections; 0: never */
	double limit;        /* seconds for a connection */
	long growth;         /* KiB of a member's memory that are no leak */
	double quiet;        /* seconds before a look at the members */
	struct soaker_chain chains[SOAKER_CHAINS];
	struct soaker_exchange *exchanges;
	uint32_t next; /* to begin */
	int live;      /* begun, not judged */
	struct soaker_ends ends, gone;
	int clients_log; /* stderr of the clients that are processes */
	struct soaker_tally endings[SOAKER_ENDINGS], orders[SOAKER_ORDERS];
	struct soaker_tally processes;
	long nameless; /* servers whose connection ended before its header */
	long kills, failures;
	double began, took;
};

/* Begins the next connection. */
void exchange_begin(struct soaker *soaker, double now);

/* Takes what waits at a chain's exit. */
void exchange_accept(struct soaker *soaker, int chain, double now);

/*
 * Advances an end and does what follows from that: it, or both ends of its
 * connection, may be moved to those that are gone.
 */
void exchange_advance(struct soaker *soaker, struct soaker_end *end,
    const struct pollfd fds[2], double now);

/* A failure of the whole, in one line. */
void soaker_fail(struct soaker *soaker, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Prints the tables. */
void table_print(const struct soaker *soaker);

/* Whether no member holds more than before; says which do, with say. */
bool table_is_as_before(struct soaker *soaker, bool say);

#endif
