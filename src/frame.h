/*
 * The frames of verified transfers, between bytes and structs; vcat-frames(5)
 * describes them. Pure.
 *
 * What a peer says is checked here as far as that needs no other frame: a
 * frame that gets through has a valid type and length, and an entry's parts lie
 * within its payload.
 */
#ifndef VCAT_FRAME_H
#define VCAT_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_VERSION 1
#define FRAME_HEADER  40

/* The longest payloads, in bytes. */
#define FRAME_BLOCK     1048576 /* of DATA */
#define FRAME_HASHES    1024 /* in a HAVE, after the number of the first block */
#define FRAME_ENTRY_MAX 8218
#define FRAME_TEXT_MAX  512 /* of those that say why */

/* What a sender may be ahead of the receiver's answers, and how long the
 * receiver may hold them back: in entries. */
#define FRAME_OFFERS 64
#define FRAME_BATCH  256

/* No file is so large: nothing that is added to a size overflows an off_t. */
#define FRAME_SIZE_END (1ULL << 62)

#define FRAME_UNKNOWN UINT64_MAX /* a hello's total */

enum frame_type {
	FRAME_HELLO = 1,
	FRAME_ENTRY,
	FRAME_BEGIN,
	FRAME_DATA,
	FRAME_SAME,
	FRAME_END,
	FRAME_ABORT,
	FRAME_FINISH,
	FRAME_HAVE,
	FRAME_GO,
	FRAME_REFUSE,
	FRAME_STORED,
	FRAME_FAILED,
	FRAME_RESULT,
	FRAME_BYE,
	FRAME_FATAL,
};

struct frame {
	enum frame_type type;
	uint32_t length; /* of the payload */
	uint32_t number; /* in its direction */
	uint64_t at;     /* an id, an offset, ...: by the type */
	uint64_t hash;   /* of the payload */
};

/* How many blocks a file of that size has. */
uint64_t frame_blocks(uint64_t size);

/* The hash of a block, or of another payload. */
uint64_t frame_hash(const void *bytes, size_t length);

/* Writes the header. */
void frame_put(unsigned char header[FRAME_HEADER], const struct frame *frame);

/*
 * Reads a header, that of the frame with that number. Returns NULL, or a static
 * text that says what is wrong with it.
 */
const char *frame_get(const unsigned char header[FRAME_HEADER], uint32_t number,
    struct frame *frame);

/* The version of a frame that may be of another than ours. */
int frame_version(const unsigned char header[FRAME_HEADER]);

/* Whether these bytes, not necessarily a whole header, may begin a frame. */
bool frame_may_begin(const unsigned char *bytes, size_t length);

/* The digest of a content: of the hashes of its blocks, one after the other. */
struct frame_digest {
	unsigned char bytes[16]; /* at first {0} */
};

/* A block of so many bytes at that offset is next. */
void frame_digest_add(struct frame_digest *digest, uint64_t offset,
    uint64_t length, uint64_t hash);

enum frame_role {
	FRAME_SENDS = 1,
	FRAME_RECEIVES,
	FRAME_STREAMS,
};

struct frame_hello {
	enum frame_role role;
	bool durable;   /* what it calls stored is on disk */
	uint64_t total; /* bytes to send, or FRAME_UNKNOWN */
};

#define FRAME_HELLO_MAX 128
/* Writes the payload of a HELLO. Returns its length. */
size_t frame_put_hello(
    unsigned char payload[FRAME_HELLO_MAX], const struct frame_hello *hello);

/* Reads it. Returns whether it is one. */
bool frame_get_hello(
    const unsigned char *payload, size_t length, struct frame_hello *hello);

enum frame_kind {
	FRAME_FILE = 1,
	FRAME_DIRECTORY,
	FRAME_LINK,
	FRAME_LEAVE,
};

/* Texts end with a '\0' that is not sent. */
struct frame_entry {
	enum frame_kind kind;
	uint16_t mode;
	uint32_t nanoseconds;
	int64_t seconds;
	uint64_t size;
	char name[4096];
	char target[4096]; /* "" unless it is a FRAME_LINK */
};

/* Writes the payload of an ENTRY. Returns its length. */
size_t frame_put_entry(
    unsigned char payload[FRAME_ENTRY_MAX], const struct frame_entry *entry);

/*
 * Reads it. Returns whether it is one. The name is not empty and has no '\0' in
 * it; whether it is safe is for beneath_check() to say.
 */
bool frame_get_entry(
    const unsigned char *payload, size_t length, struct frame_entry *entry);

/* Eight bytes of a payload: a number. */
void frame_put_number(unsigned char *payload, uint64_t number);
uint64_t frame_get_number(const unsigned char *payload);

#endif
