#include "prng.h"

#include <endian.h>
#include <string.h>

/* One step of splitmix64: neighbouring seeds become distant states. */
static uint64_t scatter(uint64_t seed)
{
	uint64_t z = seed + 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

void prng_init(struct prng *prng, uint64_t seed)
{
	prng->state = scatter(seed);
	if (prng->state == 0) /* xorshift never leaves zero */
		prng->state = 1;
	prng->used = sizeof(prng->word);
}

static uint64_t next_word(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return htole64(x * 0x2545f4914f6cdd1d);
}

/* Gives out the rest of a word that was begun; returns how much that was. */
static size_t fill_from_word(struct prng *prng, unsigned char *out, size_t size)
{
	size_t left = sizeof(prng->word) - prng->used;

	if (left > size)
		left = size;
	memcpy(out, prng->word + prng->used, left);
	prng->used += left;
	return left;
}

void prng_fill(struct prng *prng, void *buffer, size_t size)
{
	unsigned char *out = buffer;
	unsigned char *end = out + size;
	uint64_t word;

	out += fill_from_word(prng, out, size);
	for (; end - out >= (ptrdiff_t)sizeof(word); out += sizeof(word)) {
		word = next_word(&prng->state);
		memcpy(out, &word, sizeof(word));
	}
	if (out == end)
		return;
	word = next_word(&prng->state);
	memcpy(prng->word, &word, sizeof(word));
	prng->used = 0;
	fill_from_word(prng, out, (size_t)(end - out));
}
