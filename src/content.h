/*
 * The content of a file that is sent: its extents, without the holes, in
 * blocks, each either as bytes or by its hash, if the peer has it already.
 */
#ifndef VCAT_CONTENT_H
#define VCAT_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* Which blocks the peer has: ascending. */
struct content_blocks {
	struct content_block {
		uint64_t index, hash;
	} * list;
	uint64_t end; /* how many the file has: for the owner to set */
	size_t count, room, next; /* `next`: the first that is not passed yet */
};

struct content {
	int fd;
	struct stat
	    st; /* when it was opened: its size is that of the content */
	unsigned char *buffer;         /* of one block; borrowed */
	struct content_blocks *blocks; /* borrowed */
	uint64_t at;                   /* done up to here */
	uint64_t data, hole; /* the extent that `at` is in, or before */
};

/* A part of it. */
struct content_part {
	uint64_t offset;
	uint32_t length;
	uint64_t hash;
	bool same; /* the peer has it; else the bytes are in the buffer */
};

/*
 * Adds the blocks that the payload of a HAVE brings. Returns NULL, or what is
 * wrong with it.
 */
const char *content_add_blocks(
    struct content_blocks *blocks, const unsigned char *payload, size_t length);
/* Adds one, as content_add_blocks(). */
const char *content_add_block(
    struct content_blocks *blocks, uint64_t index, uint64_t hash);
void content_forget_blocks(struct content_blocks *blocks);

/*
 * Opens the file of a walk_entry. Returns 0, or -1 with errno: ESTALE if it is
 * another now. content_close() it in any case.
 */
int content_open(
    struct content *content, const char *path, const struct stat *st);

/*
 * Reads the next part. Returns 1, 0 at the end, or -1 with errno: ESTALE if the
 * file has become shorter, or turns out at the end to have been changed.
 */
int content_next(struct content *content, struct content_part *part);

void content_close(struct content *content);

#endif
