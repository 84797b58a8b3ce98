/*
 * Numbers in network byte order, big-endian, anywhere in a message.
 */
#ifndef VCAT_WIRE_H
#define VCAT_WIRE_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

/* Return what follows the number. */
static inline unsigned char *wire_put16(unsigned char *to, uint16_t number)
{
	number = htobe16(number);
	return (unsigned char *)mempcpy(to, &number, sizeof number);
}

static inline unsigned char *wire_put32(unsigned char *to, uint32_t number)
{
	number = htobe32(number);
	return (unsigned char *)mempcpy(to, &number, sizeof number);
}

static inline unsigned char *wire_put64(unsigned char *to, uint64_t number)
{
	number = htobe64(number);
	return (unsigned char *)mempcpy(to, &number, sizeof number);
}

static inline uint16_t wire_get16(const unsigned char *from)
{
	uint16_t number;

	memcpy(&number, from, sizeof number);
	return be16toh(number);
}

static inline uint32_t wire_get32(const unsigned char *from)
{
	uint32_t number;

	memcpy(&number, from, sizeof number);
	return be32toh(number);
}

static inline uint64_t wire_get64(const unsigned char *from)
{
	uint64_t number;

	memcpy(&number, from, sizeof number);
	return be64toh(number);
}

#endif
