/*
 * A file that is read to be sent, in a scratch directory: how it is made, and
 * which parts of it are read.
 */
#ifndef VCAT_TEST_READING_H
#define VCAT_TEST_READING_H

#include <fcntl.h>

#include "content.h"
#include "frame.h"

#include "scratch.h"

#define KIB 1024UL
#define MIB (1024UL * 1024)

/* What is under test, with a list of blocks and a buffer. */
struct reading {
	struct content content;
	struct content_blocks blocks;
	struct stat st;
};

/* Makes "file", of that size: a hole. */
static inline int make(off_t size)
{
	int fd;

	scratch_make();
	fd = scratch_must(
	    open("file", O_RDWR | O_CREAT | O_CLOEXEC, 0600), "file");
	scratch_must(ftruncate(fd, size), "ftruncate");
	return fd;
}

/* Writes so many bytes that are not zero. */
static inline void put(int fd, off_t at, size_t length)
{
	unsigned char *bytes = malloc(length);

	for (size_t i = 0; bytes != NULL && i < length; i++)
		bytes[i] = (unsigned char)(1 + ((size_t)at + i) * 7 % 251);
	scratch_must(pwrite(fd, bytes, length, at) == (ssize_t)length ? 0 : -1,
	    "pwrite");
	free(bytes);
}

static inline void begin(struct reading *reading)
{
	*reading = (struct reading){ 0 };
	scratch_must(stat("file", &reading->st), "stat");
	reading->content.blocks = &reading->blocks;
	reading->blocks.end = UINT64_MAX;
	reading->content.buffer = malloc(FRAME_BLOCK);
	scratch_must(
	    content_open(&reading->content, "file", &reading->st), "open");
}

static inline void end(struct reading *reading)
{
	content_close(&reading->content);
	content_forget_blocks(&reading->blocks);
	free(reading->content.buffer);
}

/* The hash that the file's block has now. */
static inline uint64_t hash_of(int fd, uint64_t index)
{
	static unsigned char block[FRAME_BLOCK];
	ssize_t n = pread(fd, block, FRAME_BLOCK, (off_t)(index * MIB));

	return frame_hash(block, n < 0 ? 0 : (size_t)n);
}

/* The peer has that block, as it is here or another. */
static inline void has(struct reading *reading, uint64_t index, bool same)
{
	uint64_t hash = hash_of(reading->content.fd, index);

	CHECK(content_add_block(&reading->blocks, index, hash ^ !same) == NULL);
}

/* Whether the part is what the file has there. */
static inline bool is_true(
    const struct content *content, struct content_part *part)
{
	static unsigned char bytes[FRAME_BLOCK];

	return part->length > 0 && part->length <= FRAME_BLOCK &&
	       pread(content->fd, bytes, part->length, (off_t)part->offset) ==
		   (ssize_t)part->length &&
	       frame_hash(bytes, part->length) == part->hash &&
	       (part->same ||
		   memcmp(bytes, content->buffer, part->length) == 0);
}

/*
 * All parts, in KiB: "0+1024 1024+4 =2048+1024". '=': the peer has it. The
 * last word is an error, if there is one.
 */
static inline const char *parts(struct reading *reading)
{
	static char text[1000];
	size_t used = 0;
	struct content_part part;
	int got;

	text[0] = '\0';
	while ((got = content_next(&reading->content, &part)) > 0 &&
	       used < sizeof text - 100) {
		CHECK(is_true(&reading->content, &part));
		used += (size_t)snprintf(text + used, 100, "%s%s%g+%g",
		    used > 0 ? " " : "", part.same ? "=" : "",
		    (double)part.offset / 1024, (double)part.length / 1024);
	}
	if (got < 0)
		snprintf(text + used, 100, "%s%s", used > 0 ? " " : "",
		    strerrorname_np(errno));
	return text;
}

#define CHECK_PARTS(reading, text) CHECK_STR(parts(reading), (text))

#endif
