#include "content.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frame.h"
#include "walk.h"

/* As many blocks as a peer may have: 4 TiB. That bounds the memory. */
#define BLOCKS_MAX (1UL << 22)

const char *content_add_block(
    struct content_blocks *blocks, uint64_t index, uint64_t hash)
{
	size_t count = blocks->count;

	if (count == BLOCKS_MAX || index >= blocks->end ||
	    (count > 0 && index <= blocks->list[count - 1].index))
		return "the peer claims blocks that the file does not have";
	if (count == blocks->room) {
		size_t room = 2 * count + 8;
		void *list =
		    reallocarray(blocks->list, room, sizeof *blocks->list);

		if (list == NULL)
			return strerror(errno);
		blocks->list = list;
		blocks->room = room;
	}
	blocks->list[blocks->count++] = (struct content_block){ index, hash };
	return NULL;
}

const char *content_add_blocks(
    struct content_blocks *blocks, const unsigned char *payload, size_t length)
{
	uint64_t index = frame_get_number(payload);
	const char *why = NULL;

	for (size_t at = 8; at + 8 <= length && why == NULL; at += 8)
		why = content_add_block(
		    blocks, index++, frame_get_number(payload + at));
	return why;
}

void content_forget_blocks(struct content_blocks *blocks)
{
	free(blocks->list);
	*blocks = (struct content_blocks){ .end = blocks->end };
}

/* Returns 0 if the file is what it was, or -1 with errno. */
static int check(const struct content *content)
{
	const struct stat *then = &content->st;
	struct stat now;

	if (fstat(content->fd, &now) < 0)
		return -1;
	if (now.st_size == then->st_size && now.st_ino == then->st_ino &&
	    now.st_dev == then->st_dev &&
	    now.st_mtim.tv_sec == then->st_mtim.tv_sec &&
	    now.st_mtim.tv_nsec == then->st_mtim.tv_nsec)
		return 0;
	errno = ESTALE;
	return -1;
}

int content_open(
    struct content *content, const char *path, const struct stat *st)
{
	content->st = *st;
	content->at = content->data = content->hole = 0;
	content->fd = walk_open_file(path, st);
	return content->fd < 0 ? -1 : 0;
}

/* Where data is, from `at` on; the file's end where there is none. */
static uint64_t find_data(struct content *content)
{
	uint64_t size = (uint64_t)content->st.st_size;
	off_t data;

	if (content->at == 0 &&
	    content->st.st_blocks >= (content->st.st_size + 511) / 512)
		content->hole = size; /* there are none */
	if (content->at < content->hole)
		return content->at > content->data ? content->at
						   : content->data;
	data = lseek(content->fd, (off_t)content->at, SEEK_DATA);
	if (data < 0 && errno == ENXIO)
		return size;
	/* if it cannot tell, all is data; -1, too, is more than the size */
	content->data = data < 0 ? content->at : (uint64_t)data;
	content->hole =
	    data < 0 ? size : (uint64_t)lseek(content->fd, data, SEEK_HOLE);
	if (content->hole > size)
		content->hole = size;
	return content->data;
}

static int read_all(struct content *content, uint64_t offset, size_t length)
{
	size_t done = 0;

	while (done < length) {
		ssize_t n = pread(content->fd, content->buffer + done,
		    length - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = ESTALE;
		if (n <= 0)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

/* The block that the peer has, from `at` on, or NULL. */
static const struct content_block *find_block(const struct content *content)
{
	struct content_blocks *blocks = content->blocks;

	while (blocks->next < blocks->count &&
	       blocks->list[blocks->next].index * FRAME_BLOCK < content->at)
		blocks->next++;
	return blocks->next < blocks->count ? &blocks->list[blocks->next]
					    : NULL;
}

/* Reads the part that begins there, up to `limit` at most. */
static int read_part(
    struct content *content, struct content_part *part, uint64_t limit)
{
	uint64_t end = (part->offset / FRAME_BLOCK + 1) * FRAME_BLOCK;

	if (end > limit)
		end = limit;
	part->length = (uint32_t)(end - part->offset);
	if (read_all(content, part->offset, part->length) < 0)
		return -1;
	part->hash = frame_hash(content->buffer, part->length);
	content->at = end;
	return 0;
}

int content_next(struct content *content, struct content_part *part)
{
	uint64_t size = (uint64_t)content->st.st_size;
	uint64_t data;

	do {
		const struct content_block *block = find_block(content);
		bool known;

		data = content->at < size ? find_data(content) : size;
		known = block != NULL && block->index * FRAME_BLOCK <= data;
		part->offset = known ? block->index * FRAME_BLOCK : data;
		if (part->offset >= size)
			return check(content);
		if (read_part(content, part, known ? size : content->hole) < 0)
			return -1;
		part->same = known && part->hash == block->hash;
		/* the peer's block becomes a hole, if it is one here */
	} while (!part->same && data >= content->at);
	return 1;
}

void content_close(struct content *content)
{
	if (content->fd >= 0)
		close(content->fd);
	content->fd = -1;
}
