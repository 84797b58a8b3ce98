/* What one connection of the soak does: all of it follows from its seed. */
#ifndef SOAKER_PLAN_H
#define SOAKER_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The client says first which connection it is: the seed's low half, and its
 * number, 32 bits each, in network order. */
enum { SOAKER_HEADER = 8, SOAKER_PIECE = 64 * 1024 };

/* Who sends when. Whoever has sent everything half-closes. */
enum soaker_order {
	SOAKER_BOTH,     /* each as soon as it can */
	SOAKER_QUESTION, /* the server after the client's end */
	SOAKER_ANSWER,   /* the client after the server's end */
	SOAKER_ONE_WAY,  /* only the client; it closes, without a half-close */
	SOAKER_ORDERS
};

enum soaker_ending {
	SOAKER_CLEAN, /* both get everything */
	SOAKER_CLIENT_CLOSES,
	SOAKER_SERVER_CLOSES,
	SOAKER_CLIENT_RESETS,
	SOAKER_SERVER_RESETS,
	SOAKER_CLIENT_KILLED, /* only for a client that is a vcat */
	SOAKER_ENDINGS
};

/* One direction, and how its sender and its reader behave. */
struct soaker_way {
	uint64_t seed;
	uint64_t bytes;
	size_t chunk; /* of a send, at most, */
	size_t gulp;  /* and of a receive */
	int pauses;   /* between sends, */
	double pause; /* this long; in seconds */
	double late;  /* the reader begins so much later */
};

struct soaker_plan {
	int chain;
	bool process; /* the client is a vcat with pipes */
	enum soaker_order order;
	enum soaker_ending ending;
	/* who ends it before its time does so after this many bytes, of both
	 * ways */
	uint64_t leave_at;
	struct soaker_way forth, back;
};

struct soaker_choice {
	uint64_t seed;
	int chains;
	int per_mille; /* of the clients are processes */
};

/* The plan of the connection with this number. */
void plan_draw(struct soaker_plan *plan, const struct soaker_choice *choice,
    uint32_t number);

/* A number below limit, or 0 if that is 0. */
uint64_t plan_below(uint64_t limit, uint64_t seed, uint32_t number);

extern const char *const plan_orders[SOAKER_ORDERS];
extern const char *const plan_endings[SOAKER_ENDINGS];

#endif
