#include "arrival.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The kernel begins to write to disk whenever so much has arrived. */
#define PUSHED (8UL << 20)

/* Blocks in one HAVE: the sender hears something while many are read. */
#define TOGETHER 64

const char arrival_wrong[] = "a frame is out of order";

static const char differs[] =
    "it exists already and differs: --overwrite replaces it";

/* Looks for a file of that name. Returns NULL, or why it stands in the way. */
static const char *look(struct arrival *arrival, int parent, const char *last,
    const struct frame_entry *entry)
{
	struct stat st;

	if (fstatat(parent, last, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? NULL : strerror(errno);
	if (S_ISDIR(st.st_mode))
		return deposit_reason(EISDIR);
	arrival->changed = st.st_ctim;
	if (arrival->resume && S_ISREG(st.st_mode) &&
	    (uint64_t)st.st_size == entry->size &&
	    st.st_mtim.tv_sec == entry->seconds &&
	    (uint32_t)st.st_mtim.tv_nsec == entry->nanoseconds)
		arrival->found = openat(parent, last,
		    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (arrival->found >= 0 || arrival->overwrite)
		return NULL;
	return arrival->resume ? differs : deposit_reason(EEXIST);
}

const char *arrival_begin(
    struct arrival *arrival, const struct frame_entry *entry)
{
	const char *last;
	const char *why;
	int parent = beneath_parent(arrival->into, arrival->name, &last);
	int opened;

	arrival->size = entry->size;
	arrival->blocks.end = frame_blocks(entry->size);
	arrival->found = -1;
	arrival->deposit = deposit_none;
	if (parent < 0)
		return deposit_reason(errno);
	/* what gets in between is found when the file gets its name */
	why = arrival->alone ? NULL : look(arrival, parent, last, entry);
	if (why != NULL || arrival->found >= 0)
		return why;
	opened =
	    arrival->resume
		? deposit_resume(&arrival->deposit, parent, last)
		: deposit_open(&arrival->deposit, parent, last, arrival->sure);
	return opened < 0 ? deposit_reason(errno) : NULL;
}

int arrival_fd(const struct arrival *arrival)
{
	return arrival->found >= 0 ? arrival->found : arrival->deposit.fd;
}

/* Reads a whole block. Returns whether it is there. */
static bool read_block(int fd, void *block, uint64_t offset, size_t length)
{
	size_t done = 0;
	ssize_t n;

	while (
	    done < length && (n = pread(fd, (char *)block + done, length - done,
				  (off_t)(offset + done))) > 0)
		done += (size_t)n;
	return done == length;
}

/* The next block that has data, from that index on: 1, 0 if there is none, or
 * -1 if the file system cannot tell. */
static int find_block(const struct arrival *arrival, uint64_t *index)
{
	int fd = arrival_fd(arrival);
	off_t data = lseek(fd, (off_t)(*index * FRAME_BLOCK), SEEK_DATA);

	if (data < 0)
		return errno == ENXIO ? 0 : -1;
	*index = (uint64_t)data / FRAME_BLOCK;
	return *index * FRAME_BLOCK < arrival->size;
}

static int say(struct channel *channel, uint64_t id,
    const unsigned char *payload, size_t count)
{
	struct frame frame = { .type = FRAME_HAVE,
		.at = id,
		.length = (uint32_t)(8 + 8 * count) };

	if (count == 0)
		return 0;
	if (channel_send(channel, frame, payload) < 0)
		return -1;
	channel_flush(channel);
	return 0;
}

/* Reads block after block, and says their hashes. */
static int say_blocks(struct arrival *arrival, struct channel *channel,
    uint64_t id, unsigned char *block)
{
	unsigned char payload[8 + 8 * TOGETHER];
	uint64_t index;
	uint64_t first = 0;
	size_t count = 0;
	int more;

	for (index = 0; (more = find_block(arrival, &index)) > 0; index++) {
		uint64_t offset = index * FRAME_BLOCK;
		uint64_t rest = arrival->size - offset;
		size_t length = rest < FRAME_BLOCK ? rest : FRAME_BLOCK;
		uint64_t hash;

		if (!read_block(arrival_fd(arrival), block, offset, length))
			break;
		hash = frame_hash(block, length);
		if (content_add_block(&arrival->blocks, index, hash) != NULL)
			break;
		if ((count > 0 && index != first + count) ||
		    count == TOGETHER) {
			if (say(channel, id, payload, count) < 0)
				return -1;
			count = 0;
		}
		if (count == 0) {
			first = index;
			frame_put_number(payload, first);
		}
		frame_put_number(payload + 8 + 8 * count++, hash);
	}
	arrival->known = more == 0 ? arrival->size : index * FRAME_BLOCK;
	return say(channel, id, payload, count);
}

int arrival_say_blocks(
    struct arrival *arrival, struct channel *channel, uint64_t id)
{
	unsigned char *block;
	struct stat st;
	int result;

	if (!arrival->resume)
		return 0;
	block = malloc(FRAME_BLOCK);
	if (block == NULL || fstat(arrival_fd(arrival), &st) < 0) {
		free(block);
		return channel_fail(channel, strerror(errno));
	}
	if (arrival->found < 0)
		arrival->stale = (uint64_t)st.st_size;
	result = say_blocks(arrival, channel, id, block);
	free(block);
	return result;
}

/* Copies the file that is there into the deposit, to go on from there. */
static int copy_found(const struct arrival *arrival)
{
	off_t from = 0;
	ssize_t n;

	if (ftruncate(arrival->deposit.fd, 0) < 0)
		return -1;
	do {
		n = copy_file_range(arrival->found, &from, arrival->deposit.fd,
		    NULL, 1UL << 30, 0);
	} while (n > 0);
	return (int)n;
}

/* Nobody may have written to the file that is there since its blocks were read.
 * Returns NULL, or what is wrong. */
static const char *check_found(const struct arrival *arrival)
{
	struct stat st;

	if (fstat(arrival->found, &st) < 0)
		return strerror(errno);
	return st.st_ctim.tv_sec == arrival->changed.tv_sec &&
		       st.st_ctim.tv_nsec == arrival->changed.tv_nsec
		   ? NULL
		   : "the receiver's file has just changed";
}

/* The file that is there is another: returns NULL if it may be replaced. */
static const char *replace_found(struct arrival *arrival)
{
	const char *last;
	const char *why;
	int parent = beneath_parent(arrival->into, arrival->name, &last);

	if (!arrival->overwrite)
		return differs;
	if (parent < 0 || deposit_resume(&arrival->deposit, parent, last) < 0 ||
	    copy_found(arrival) < 0)
		return deposit_reason(errno);
	why = check_found(arrival);
	if (why != NULL)
		return why;
	arrival->stale = arrival->size;
	close(arrival->found);
	arrival->found = -1;
	return NULL;
}

/* Makes a hole of what is left from before, from `at` up to that offset. */
static int clear(const struct arrival *arrival, uint64_t end)
{
	static const char zeros[65536];
	int fd = arrival->deposit.fd;
	uint64_t at = arrival->at;
	ssize_t n;

	if (end > arrival->stale)
		end = arrival->stale;
	if (at >= end ||
	    fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)at,
		(off_t)(end - at)) == 0)
		return 0;
	for (; at < end; at += (uint64_t)n) {
		n = pwrite(fd, zeros,
		    end - at < sizeof zeros ? end - at : sizeof zeros,
		    (off_t)at);
		if (n < 0)
			return -1;
	}
	return 0;
}

/* The first block that is there and not passed; NULL at the end. */
static const struct content_block *next_block(const struct arrival *arrival)
{
	const struct content_blocks *blocks = &arrival->blocks;

	return blocks->next < blocks->count ? &blocks->list[blocks->next]
					    : NULL;
}

/* What lies before that offset, and has not come, is a hole. */
static const char *skip(struct arrival *arrival, uint64_t offset)
{
	const struct content_block *block = next_block(arrival);
	const char *why = NULL;

	if (arrival->found >= 0 &&
	    (arrival->known < offset ||
		(block != NULL && block->index * FRAME_BLOCK < offset)))
		why = replace_found(arrival);
	if (why == NULL && arrival->found < 0 && clear(arrival, offset) < 0)
		why = strerror(errno);
	while ((block = next_block(arrival)) != NULL &&
	       block->index * FRAME_BLOCK < offset)
		arrival->blocks.next++;
	return why;
}

static void note_part(
    struct arrival *arrival, uint64_t offset, uint64_t length, uint64_t hash)
{
	uint64_t end = offset + length;

	frame_digest_add(&arrival->digest, offset, length, hash);
	if (arrival->sync && offset / PUSHED != end / PUSHED)
		deposit_push(&arrival->deposit,
		    (off_t)(offset / PUSHED * PUSHED), PUSHED);
	arrival->at = end;
}

static const char *take_data(struct arrival *arrival, const struct frame *frame,
    const unsigned char *payload)
{
	uint64_t at = frame->at;
	const char *why;

	if (at < arrival->at || at > arrival->size ||
	    frame->length > arrival->size - at ||
	    at / FRAME_BLOCK != (at + frame->length - 1) / FRAME_BLOCK)
		return arrival_wrong;
	why = skip(arrival, at);
	if (why == NULL && arrival->found >= 0)
		why = replace_found(arrival);
	if (why != NULL)
		return why;
	for (size_t done = 0; done < frame->length;) {
		ssize_t n = pwrite(arrival->deposit.fd, payload + done,
		    frame->length - done, (off_t)(at + done));

		if (n < 0 && errno != EINTR)
			return strerror(errno);
		done += n > 0 ? (size_t)n : 0;
	}
	note_part(arrival, at, frame->length, frame->hash);
	return NULL;
}

static const char *take_same(struct arrival *arrival, uint64_t at)
{
	const struct content_block *block;
	uint64_t rest;
	const char *why;

	if (at < arrival->at || at >= arrival->size)
		return arrival_wrong;
	why = skip(arrival, at);
	if (why != NULL)
		return why;
	block = next_block(arrival);
	if (block == NULL || block->index * FRAME_BLOCK != at)
		return arrival_wrong;
	rest = arrival->size - at;
	note_part(
	    arrival, at, rest < FRAME_BLOCK ? rest : FRAME_BLOCK, block->hash);
	arrival->blocks.next++;
	return NULL;
}

static const char *take_end(struct arrival *arrival, const struct frame *frame,
    const unsigned char *payload)
{
	const char *why;

	if (frame->at != arrival->size)
		return arrival_wrong;
	why = skip(arrival, arrival->size);
	if (why != NULL)
		return why;
	if (memcmp(payload, arrival->digest.bytes,
		sizeof arrival->digest.bytes) != 0)
		return "it arrived damaged: its hash differs from the sender's";
	if (arrival->found >= 0)
		return check_found(arrival);
	if ((arrival->at < arrival->size || arrival->stale > arrival->size) &&
	    ftruncate(arrival->deposit.fd, (off_t)arrival->size) < 0)
		return strerror(errno);
	return NULL;
}

const char *arrival_take(struct arrival *arrival, const struct frame *frame,
    const unsigned char *payload)
{
	switch (frame->type) {
	case FRAME_DATA:
		return take_data(arrival, frame, payload);
	case FRAME_SAME:
		return take_same(arrival, frame->at);
	case FRAME_END:
		return take_end(arrival, frame, payload);
	default:
		return arrival_wrong;
	}
}

void arrival_drop(struct arrival *arrival)
{
	struct stat st;
	/* many are made ahead, of which nothing has come */
	bool keep = arrival->resume && arrival->deposit.fd >= 0 &&
		    fstat(arrival->deposit.fd, &st) == 0 && st.st_size > 0;

	if (arrival->found >= 0)
		close(arrival->found);
	arrival->found = -1;
	deposit_drop(&arrival->deposit, keep);
	arrival->deposit = deposit_none;
	content_forget_blocks(&arrival->blocks);
}
