/*
 * The frames of vcat's verified transfers, written after vcat-frames(5) alone:
 * bytes to frames and back.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stddef.h>
#include <stdint.h>

enum {
	WIRE_HEADER = 40,
	WIRE_DIGEST = 16,
	WIRE_BLOCK = 1048576,
};

enum wire_type {
	WIRE_HELLO = 1,
	WIRE_ENTRY,
	WIRE_BEGIN,
	WIRE_DATA,
	WIRE_SAME,
	WIRE_END,
	WIRE_ABORT,
	WIRE_FINISH,
	WIRE_HAVE,
	WIRE_GO,
	WIRE_REFUSE,
	WIRE_STORED,
	WIRE_FAILED,
	WIRE_RESULT,
	WIRE_BYE,
	WIRE_FATAL,
	WIRE_TYPES,
};

struct wire_header {
	char magic[4];
	uint8_t version, type;
	uint16_t zero;
	uint32_t length, number;
	uint64_t at, payload_hash;
};

/* The number of the type of that name, "go", or of that number; 0: none. */
int wire_type(const char *name);

/* Its name, or "?". */
const char *wire_name(int type);

/* The header of a frame with that payload; number and at are the caller's. */
struct wire_header wire_header(
    int type, const unsigned char *payload, uint32_t length);

/* Writes it, with its own hash. */
void wire_encode(const struct wire_header *h, unsigned char bytes[WIRE_HEADER]);

/* Reads it. Returns NULL, or what is wrong with it. */
const char *wire_decode(
    struct wire_header *h, const unsigned char bytes[WIRE_HEADER]);

/* What is wrong with the payload of that header, or NULL. */
const char *wire_check(
    const struct wire_header *h, const unsigned char *payload);

/* XXH64 with seed 0. */
uint64_t wire_hash(const void *bytes, size_t length);

/* The digest after bytes of that hash; it begins as zeros. */
void wire_digest(unsigned char digest[WIRE_DIGEST], uint64_t offset,
    uint64_t length, uint64_t hash);

/* Numbers, big-endian. */
void wire_put(unsigned char *bytes, int size, uint64_t value);
uint64_t wire_get(const unsigned char *bytes, int size);

#endif
