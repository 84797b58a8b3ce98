#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "wire.h"

/* By number: the name, and the most bytes of its payload. */
static const struct {
	const char *name;
	uint32_t most;
} types[WIRE_TYPES] = {
	[WIRE_HELLO] = { "hello", 128 },
	[WIRE_ENTRY] = { "entry", 8218 },
	[WIRE_BEGIN] = { "begin", 0 },
	[WIRE_DATA] = { "data", WIRE_BLOCK },
	[WIRE_SAME] = { "same", 0 },
	[WIRE_END] = { "end", WIRE_DIGEST },
	[WIRE_ABORT] = { "abort", 512 },
	[WIRE_FINISH] = { "finish", 8 },
	[WIRE_HAVE] = { "have", 8200 },
	[WIRE_GO] = { "go", 0 },
	[WIRE_REFUSE] = { "refuse", 512 },
	[WIRE_STORED] = { "stored", 0 },
	[WIRE_FAILED] = { "failed", 512 },
	[WIRE_RESULT] = { "result", 8 },
	[WIRE_BYE] = { "bye", 0 },
	[WIRE_FATAL] = { "fatal", 512 },
};

int wire_type(const char *name)
{
	int type;

	for (type = 1; type < WIRE_TYPES; type++)
		if (strcmp(types[type].name, name) == 0)
			return type;
	return atoi(name);
}

const char *wire_name(int type)
{
	return type > 0 && type < WIRE_TYPES ? types[type].name : "?";
}

uint64_t wire_hash(const void *bytes, size_t length)
{
	return XXH64(bytes, length, 0);
}

void wire_put(unsigned char *bytes, int size, uint64_t value)
{
	while (size-- > 0) {
		bytes[size] = value & 0xff;
		value >>= 8;
	}
}

uint64_t wire_get(const unsigned char *bytes, int size)
{
	uint64_t value = 0;

	while (size-- > 0)
		value = value << 8 | *bytes++;
	return value;
}

struct wire_header wire_header(
    int type, const unsigned char *payload, uint32_t length)
{
	return (struct wire_header){
		.magic = { 'v', 'c', 'a', 't' },
		.version = 1,
		.type = (uint8_t)type,
		.length = length,
		.payload_hash = wire_hash(payload, length),
	};
}

void wire_encode(const struct wire_header *h, unsigned char bytes[WIRE_HEADER])
{
	memcpy(bytes, h->magic, 4);
	bytes[4] = h->version;
	bytes[5] = h->type;
	wire_put(bytes + 6, 2, h->zero);
	wire_put(bytes + 8, 4, h->length);
	wire_put(bytes + 12, 4, h->number);
	wire_put(bytes + 16, 8, h->at);
	wire_put(bytes + 24, 8, h->payload_hash);
	wire_put(bytes + 32, 8, wire_hash(bytes, 32));
}

const char *wire_decode(
    struct wire_header *h, const unsigned char bytes[WIRE_HEADER])
{
	memcpy(h->magic, bytes, 4);
	h->version = bytes[4];
	h->type = bytes[5];
	h->zero = (uint16_t)wire_get(bytes + 6, 2);
	h->length = (uint32_t)wire_get(bytes + 8, 4);
	h->number = (uint32_t)wire_get(bytes + 12, 4);
	h->at = wire_get(bytes + 16, 8);
	h->payload_hash = wire_get(bytes + 24, 8);
	if (memcmp(h->magic, "vcat", 4) != 0)
		return "no frame";
	if (wire_get(bytes + 32, 8) != wire_hash(bytes, 32))
		return "a wrong hash of the header";
	if (h->version != 1)
		return "another version";
	if (h->zero != 0)
		return "the two bytes are not 0";
	if (h->type == 0 || h->type >= WIRE_TYPES)
		return "an unknown type";
	if (h->length > types[h->type].most)
		return "a payload that is too long";
	return NULL;
}

const char *wire_check(
    const struct wire_header *h, const unsigned char *payload)
{
	return h->payload_hash == wire_hash(payload, h->length)
		   ? NULL
		   : "a wrong hash of the payload";
}

void wire_digest(unsigned char digest[WIRE_DIGEST], uint64_t offset,
    uint64_t length, uint64_t hash)
{
	unsigned char bytes[40];
	XXH128_canonical_t canonical;

	memcpy(bytes, digest, WIRE_DIGEST);
	wire_put(bytes + 16, 8, offset);
	wire_put(bytes + 24, 8, length);
	wire_put(bytes + 32, 8, hash);
	XXH128_canonicalFromHash(
	    &canonical, XXH3_128bits(bytes, sizeof(bytes)));
	memcpy(digest, canonical.digest, WIRE_DIGEST);
}
