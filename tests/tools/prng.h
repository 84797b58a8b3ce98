/* A deterministic stream of pseudorandom bytes: xorshift64*, little endian. */
#ifndef PRNG_H
#define PRNG_H

#include <stddef.h>
#include <stdint.h>

struct prng {
	uint64_t state;
	unsigned char word[8]; /* the current word, */
	size_t used;           /* and how many of its bytes are used */
};

/* Begins the stream of that seed. */
void prng_init(struct prng *prng, uint64_t seed);

/* Writes the next size bytes of the stream; any split gives the same bytes. */
void prng_fill(struct prng *prng, void *buffer, size_t size);

#endif
