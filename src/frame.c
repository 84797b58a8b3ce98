#include "frame.h"

#include <string.h>
#include <xxhash.h>

#include "wire.h"

/* A header without its own hash. */
#define HASHED 32

static const unsigned char magic[4] = { 'v', 'c', 'a', 't' };

/* The lengths that the payload of each type may have. */
static const struct {
	uint32_t least, most;
} lengths[] = {
	[FRAME_HELLO] = { 12, FRAME_HELLO_MAX },
	[FRAME_ENTRY] = { 29, FRAME_ENTRY_MAX },
	[FRAME_BEGIN] = { 0, 0 },
	[FRAME_DATA] = { 1, FRAME_BLOCK },
	[FRAME_SAME] = { 0, 0 },
	[FRAME_END] = { 16, 16 },
	[FRAME_ABORT] = { 0, FRAME_TEXT_MAX },
	[FRAME_FINISH] = { 8, 8 },
	[FRAME_HAVE] = { 16, 8 + FRAME_HASHES * 8 },
	[FRAME_GO] = { 0, 0 },
	[FRAME_REFUSE] = { 0, FRAME_TEXT_MAX },
	[FRAME_STORED] = { 0, 0 },
	[FRAME_FAILED] = { 0, FRAME_TEXT_MAX },
	[FRAME_RESULT] = { 8, 8 },
	[FRAME_BYE] = { 0, 0 },
	[FRAME_FATAL] = { 0, FRAME_TEXT_MAX },
};

void frame_put_number(unsigned char *payload, uint64_t number)
{
	wire_put64(payload, number);
}

uint64_t frame_get_number(const unsigned char *payload)
{
	return wire_get64(payload);
}

uint64_t frame_blocks(uint64_t size)
{
	return size / FRAME_BLOCK + (size % FRAME_BLOCK != 0);
}

int frame_version(const unsigned char header[FRAME_HEADER])
{
	return header[4];
}

uint64_t frame_hash(const void *bytes, size_t length)
{
	return XXH64(bytes, length, 0);
}

void frame_put(unsigned char header[FRAME_HEADER], const struct frame *frame)
{
	memcpy(header, magic, sizeof magic);
	header[4] = FRAME_VERSION;
	header[5] = (unsigned char)frame->type;
	wire_put16(header + 6, 0);
	wire_put32(header + 8, frame->length);
	wire_put32(header + 12, frame->number);
	frame_put_number(header + 16, frame->at);
	frame_put_number(header + 24, frame->hash);
	frame_put_number(header + HASHED, frame_hash(header, HASHED));
}

bool frame_may_begin(const unsigned char *bytes, size_t length)
{
	return memcmp(bytes, magic,
		   length < sizeof magic ? length : sizeof magic) == 0;
}

static bool is_valid(const struct frame *frame)
{
	return frame->type >= FRAME_HELLO && frame->type <= FRAME_FATAL &&
	       frame->length >= lengths[frame->type].least &&
	       frame->length <= lengths[frame->type].most;
}

const char *frame_get(const unsigned char header[FRAME_HEADER], uint32_t number,
    struct frame *frame)
{
	if (!frame_may_begin(header, sizeof magic))
		return "this is not a frame";
	if (header[4] != FRAME_VERSION)
		return "a frame has another version";
	if (frame_get_number(header + HASHED) != frame_hash(header, HASHED))
		return "a frame arrived damaged";
	*frame = (struct frame){
		.type = header[5],
		.length = wire_get32(header + 8),
		.number = wire_get32(header + 12),
		.at = frame_get_number(header + 16),
		.hash = frame_get_number(header + 24),
	};
	if (frame->number != number)
		return "a frame is missing or out of order";
	if (wire_get16(header + 6) != 0 || !is_valid(frame))
		return "a frame is not valid";
	return NULL;
}

void frame_digest_add(struct frame_digest *digest, uint64_t offset,
    uint64_t length, uint64_t hash)
{
	unsigned char record[40];
	XXH128_canonical_t canonical;

	memcpy(record, digest->bytes, sizeof digest->bytes);
	frame_put_number(record + 16, offset);
	frame_put_number(record + 24, length);
	frame_put_number(record + 32, hash);
	XXH128_canonicalFromHash(
	    &canonical, XXH3_128bits(record, sizeof record));
	memcpy(digest->bytes, canonical.digest, sizeof digest->bytes);
}

size_t frame_put_hello(
    unsigned char payload[FRAME_HELLO_MAX], const struct frame_hello *hello)
{
	static const char name[] = { 'v', 'c', 'a', 't' };

	payload[0] = (unsigned char)hello->role;
	payload[1] = hello->durable;
	wire_put16(payload + 2, 0);
	frame_put_number(payload + 4, hello->total);
	memcpy(payload + 12, name, sizeof name);
	return 12 + sizeof name;
}

bool frame_get_hello(
    const unsigned char *payload, size_t length, struct frame_hello *hello)
{
	if (length < lengths[FRAME_HELLO].least || payload[0] < FRAME_SENDS ||
	    payload[0] > FRAME_STREAMS)
		return false;
	hello->role = payload[0];
	hello->durable = (payload[1] & 1) != 0;
	hello->total = frame_get_number(payload + 4);
	return true;
}

size_t frame_put_entry(
    unsigned char payload[FRAME_ENTRY_MAX], const struct frame_entry *entry)
{
	size_t name = strlen(entry->name);
	size_t target = strlen(entry->target);
	unsigned char *to = payload;

	*to++ = (unsigned char)entry->kind;
	*to++ = 0;
	to = wire_put16(to, entry->mode);
	to = wire_put32(to, entry->nanoseconds);
	frame_put_number(to, (uint64_t)entry->seconds);
	frame_put_number(to + 8, entry->size);
	to = wire_put16(to + 16, (uint16_t)name);
	to = wire_put16(to, (uint16_t)target);
	memcpy(to, entry->name, name);
	memcpy(to + name, entry->target, target);
	return (size_t)(to - payload) + name + target;
}

/* Copies a text that may not have a '\0' in it. Returns whether it has none. */
static bool get_text(char to[4096], const unsigned char *from, size_t length)
{
	memcpy(to, from, length);
	to[length] = '\0';
	return strlen(to) == length;
}

bool frame_get_entry(
    const unsigned char *payload, size_t length, struct frame_entry *entry)
{
	size_t name;
	size_t target;

	if (length < lengths[FRAME_ENTRY].least)
		return false;
	name = wire_get16(payload + 24);
	target = wire_get16(payload + 26);
	entry->kind = payload[0];
	entry->mode = wire_get16(payload + 2);
	entry->nanoseconds = wire_get32(payload + 4);
	entry->seconds = (int64_t)frame_get_number(payload + 8);
	entry->size = frame_get_number(payload + 16);
	return payload[1] == 0 && entry->kind >= FRAME_FILE &&
	       entry->kind <= FRAME_LEAVE && entry->mode <= 0777 &&
	       entry->nanoseconds < 1000000000 &&
	       entry->size < FRAME_SIZE_END &&
	       (entry->size == 0 || entry->kind == FRAME_FILE) &&
	       (target > 0) == (entry->kind == FRAME_LINK) && name > 0 &&
	       name < sizeof entry->name && target < sizeof entry->target &&
	       length == 28 + name + target &&
	       get_text(entry->name, payload + 28, name) &&
	       get_text(entry->target, payload + 28 + name, target);
}
