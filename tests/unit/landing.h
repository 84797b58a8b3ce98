/*
 * A file that arrives by hand, frame by frame, in a scratch directory, and what
 * it must be in the end.
 */
#ifndef VCAT_TEST_LANDING_H
#define VCAT_TEST_LANDING_H

#include "arrival.h"

#include "scratch.h"
#include "talk.h"

#define SECONDS     1000000000 /* the time of the file that is sent */
#define NANOSECONDS 123456789

/* Of two arrays of zeros and ones: all that there is of the file. */
#define LANDING_MAX (8 * MIB)

struct landing {
	struct beneath into;
	struct arrival arrival;
	struct talk talk;
	struct frame_entry entry;
	struct frame_digest digest;
	struct content_blocks has; /* what the receiver has said */
	unsigned char *want;       /* what the file must be */
};

/* A directory, and nothing in it. */
static inline void landing_open(struct landing *landing)
{
	*landing = (struct landing){ .want = calloc(1, LANDING_MAX) };
	scratch_make();
	scratch_must(landing->want != NULL ? 0 : -1, "memory");
	scratch_must(beneath_open(&landing->into, "."), "beneath");
	talk_open(&landing->talk);
	landing->has.end = UINT64_MAX;
}

/* Forgets this file; the next may come. */
static inline void landing_reset(struct landing *landing)
{
	arrival_drop(&landing->arrival);
	content_forget_blocks(&landing->has);
	memset(landing->want, 0, LANDING_MAX);
}

static inline void landing_close(struct landing *landing)
{
	landing_reset(landing);
	beneath_close(&landing->into);
	talk_close(&landing->talk);
	free(landing->want);
}

/* Hears which blocks are there: in how many HAVEs? */
static inline int landing_hear(struct landing *landing)
{
	int count = 0;

	while (ends_ready(landing->talk.peer, POLLIN, 0)) {
		const unsigned char *payload;
		struct frame frame = { 0 };

		CHECK(talk_hear(&landing->talk, &frame, &payload));
		CHECK_INT(frame.type, FRAME_HAVE);
		CHECK_INT(frame.at, 7);
		CHECK(content_add_blocks(
			  &landing->has, payload, frame.length) == NULL);
		count++;
	}
	return count;
}

/*
 * Begins with a file of that name and size; options: 'r' resume, 'o' overwrite,
 * 's' sync. Returns why it is not taken, or NULL.
 */
static inline const char *landing_begin(struct landing *landing,
    const char *name, uint64_t size, const char *options)
{
	const char *why;

	landing->entry = (struct frame_entry){ .kind = FRAME_FILE,
		.mode = 0640,
		.size = size,
		.seconds = SECONDS,
		.nanoseconds = NANOSECONDS };
	landing->digest = (struct frame_digest){ { 0 } };
	landing->arrival = (struct arrival){
		.into = &landing->into,
		.name = name,
		.resume = strchr(options, 'r') != NULL,
		.overwrite = strchr(options, 'o') != NULL,
		.sync = strchr(options, 's') != NULL,
	};
	why = arrival_begin(&landing->arrival, &landing->entry);
	if (why == NULL) {
		CHECK_INT(arrival_say_blocks(
			      &landing->arrival, &landing->talk.channel, 7),
		    0);
		landing_hear(landing);
	}
	return why;
}

/* A DATA of these bytes. */
static inline const char *landing_put(
    struct landing *landing, uint64_t at, const void *bytes, uint32_t length)
{
	const struct frame frame = { .type = FRAME_DATA,
		.at = at,
		.length = length,
		.hash = frame_hash(bytes, length) };
	const char *why = arrival_take(&landing->arrival, &frame, bytes);

	if (why == NULL) {
		frame_digest_add(&landing->digest, at, length, frame.hash);
		memcpy(landing->want + at, bytes, length);
	}
	return why;
}

/* A DATA of a pattern, which is the file's there. */
static inline const char *landing_data(
    struct landing *landing, uint64_t at, uint32_t length)
{
	unsigned char *bytes = malloc(length);
	const char *why;

	scratch_must(bytes != NULL ? 0 : -1, "memory");
	for (size_t i = 0; i < length; i++)
		bytes[i] = (unsigned char)ends_pattern(9, at + i);
	why = landing_put(landing, at, bytes, length);
	free(bytes);
	return why;
}

/* A SAME of the block that the receiver has said to have there. */
static inline const char *landing_same(struct landing *landing, uint64_t index)
{
	const struct frame frame = { .type = FRAME_SAME,
		.at = index * FRAME_BLOCK };
	uint64_t rest = landing->entry.size - frame.at;
	size_t length = rest < FRAME_BLOCK ? rest : FRAME_BLOCK;
	ssize_t n = 0;
	const char *why;

	if (frame.at < landing->entry.size)
		n = pread(arrival_fd(&landing->arrival),
		    landing->want + frame.at, length, (off_t)frame.at);
	why = arrival_take(&landing->arrival, &frame, NULL);
	if (why == NULL) {
		CHECK_INT(n, length);
		frame_digest_add(&landing->digest, frame.at, length,
		    frame_hash(landing->want + frame.at, length));
	}
	return why;
}

/* The END, with the digest of what came. */
static inline const char *landing_end(struct landing *landing)
{
	const struct frame frame = { .type = FRAME_END,
		.at = landing->entry.size,
		.length = sizeof landing->digest.bytes };

	return arrival_take(&landing->arrival, &frame, landing->digest.bytes);
}

/* Checks that this is the reason. */
#define CHECK_REFUSED(call, text)                                              \
	do {                                                                   \
		const char *reason = (call);                                   \
                                                                               \
		CHECK_STR(reason != NULL ? reason : "nothing", (text));        \
	} while (0)

/* Gives it its name. */
static inline int landing_commit(struct landing *landing)
{
	const struct deposit_facts facts = {
		.mode = 0640, .seconds = SECONDS, .nanoseconds = NANOSECONDS
	};

	return deposit_commit(
	    &landing->arrival.deposit, &facts, landing->arrival.overwrite);
}

/* Checks that the file is what it must be. */
static inline void landing_check(struct landing *landing, const char *path)
{
	size_t size = landing->entry.size;
	unsigned char *got = malloc(size + 1);
	int fd = scratch_must(open(path, O_RDONLY | O_CLOEXEC), path);

	CHECK_INT(pread(fd, got, size + 1, 0), size);
	if (!CHECK(memcmp(got, landing->want, size) == 0))
		for (size_t i = 0; i < size; i++)
			if (got[i] != landing->want[i]) {
				printf("# from byte %zu on\n", i);
				break;
			}
	close(fd);
	free(got);
}

/* Ends it well: END, its name, and its content are right. */
#define CHECK_LANDS(landing, path)                                             \
	do {                                                                   \
		CHECK(landing_end(landing) == NULL);                           \
		CHECK_INT(landing_commit(landing), 0);                         \
		landing_check((landing), (path));                              \
	} while (0)

/* A file of that size and pattern; as old as the one that is sent, if `same`.
 * Returns it, open. */
static inline int landing_make(
    const char *path, unsigned seed, size_t size, bool same)
{
	const struct timespec times[2] = { { SECONDS, NANOSECONDS },
		{ SECONDS, NANOSECONDS } };
	int fd = scratch_must(
	    open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), path);
	unsigned char *bytes = malloc(size + 1);

	for (size_t i = 0; i < size; i++)
		bytes[i] = (unsigned char)ends_pattern(seed, i);
	scratch_must(
	    pwrite(fd, bytes, size, 0) == (ssize_t)size ? 0 : -1, "pwrite");
	if (same)
		scratch_must(futimens(fd, times), "futimens");
	free(bytes);
	return fd;
}

/* The partial file of that target, as an earlier run has left it. */
static inline int landing_leave(const char *target, unsigned seed, size_t size)
{
	char part[PARTIAL_NAME_SIZE];

	partial_name(target, part);
	return landing_make(part, seed, size, false);
}

/* Writes to that file until its time shows it. */
static inline void landing_change(const char *path)
{
	int fd = scratch_must(open(path, O_WRONLY | O_CLOEXEC), path);
	struct stat before = { 0 };
	struct stat after = { 0 };

	scratch_must(fstat(fd, &before), "fstat");
	do {
		scratch_must((int)pwrite(fd, "?", 1, 0), "pwrite");
		scratch_must(fstat(fd, &after), "fstat");
	} while (before.st_ctim.tv_sec == after.st_ctim.tv_sec &&
		 before.st_ctim.tv_nsec == after.st_ctim.tv_nsec);
	close(fd);
}

#endif
