/*
 * A channel, and its peer by hand: the other end of the socket, where frames
 * are written and read one by one. What is said on stderr is kept for the test.
 */
#ifndef VCAT_TEST_TALK_H
#define VCAT_TEST_TALK_H

#include <sys/mman.h>

#include "channel.h"

#include "ends.h"
#include "test.h"

struct talk {
	struct channel channel;
	int peer;                /* the test's end; blocking; -1: closed */
	uint32_t sent, received; /* frames, by the peer */
};

/* As messages name the peer. */
#define TALK_PEER "unix:peer"

static int talk_messages = -1;

/* Of the sanitizers, where they are linked in. */
void __sanitizer_set_report_fd(void *fd) __attribute__((weak));

/* From now on what is written to stderr is kept. */
static inline void talk_listen(void)
{
	talk_messages =
	    ends_must(memfd_create("messages", MFD_CLOEXEC), "memfd");
	if (__sanitizer_set_report_fd != NULL)
		/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
		__sanitizer_set_report_fd((void *)(intptr_t)dup(STDERR_FILENO));
	ends_must(dup2(talk_messages, STDERR_FILENO), "dup2");
}

/* All that has been said until now; until the next call. */
static inline const char *talk_said(void)
{
	static char text[4096];
	ssize_t n = pread(talk_messages, text, sizeof text - 1, 0);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

/* What has been said no longer counts. */
static inline void talk_forget(void)
{
	if (talk_messages < 0)
		talk_listen();
	ends_must(ftruncate(talk_messages, 0), "ftruncate");
	ends_must((int)lseek(talk_messages, 0, SEEK_SET), "lseek");
}

/* Checks that this, and nothing else, has been said of the peer. */
#define CHECK_SAID(text) CHECK_STR(talk_said(), "vcat: " TALK_PEER text "\n")

/* What stands before it is another's: "vcat: unix:peer: stdin: ...". */
#define CHECK_MENTIONED(text)                                                  \
	do {                                                                   \
		if (!CHECK(strstr(talk_said(), (text)) != NULL))               \
			printf("# said: %s\n", talk_said());                   \
	} while (0)

static inline void talk_open(struct talk *talk)
{
	static const struct address peer = { .kind = ADDRESS_UNIX,
		.path = "peer" };
	int fd[2];

	if (talk_messages < 0)
		talk_listen();
	ends_sockets(SOCK_STREAM, fd);
	*talk = (struct talk){
		.channel = { .fd = fd[0], .peer = &peer },
		.peer = fd[1],
	};
	ends_must(channel_open(&talk->channel), "channel_open");
}

static inline void talk_hang_up(struct talk *talk)
{
	if (talk->peer >= 0)
		close(talk->peer);
	talk->peer = -1;
}

static inline void talk_close(struct talk *talk)
{
	channel_close(&talk->channel);
	close(talk->channel.fd);
	talk_hang_up(talk);
}

/* Writes these bytes of the peer's, whatever they are. */
static inline void talk_write(
    struct talk *talk, const void *bytes, size_t length)
{
	const char *from = bytes;

	while (length > 0) {
		ssize_t n = write(talk->peer, from, length);

		ends_must(n < 0 ? -1 : 0, "the peer writes");
		from += n;
		length -= (size_t)n;
	}
}

/* The header of the peer's next frame; its number and hash are filled in. */
static inline void talk_head(struct talk *talk, struct frame frame,
    const void *payload, unsigned char header[FRAME_HEADER])
{
	frame.number = talk->sent++;
	frame.hash = frame_hash(payload, frame.length);
	frame_put(header, &frame);
}

/* The peer sends a frame. */
static inline void talk_say(
    struct talk *talk, struct frame frame, const void *payload)
{
	unsigned char header[FRAME_HEADER];

	talk_head(talk, frame, payload, header);
	talk_write(talk, header, sizeof header);
	talk_write(talk, payload, frame.length);
}

/* The peer sends a frame with a text. */
static inline void talk_tell(
    struct talk *talk, enum frame_type type, const char *text)
{
	const struct frame frame = { .type = type,
		.length = (uint32_t)strlen(text) };

	talk_say(talk, frame, text);
}

/* Reads so many bytes that have been sent to the peer. */
static inline bool talk_read(struct talk *talk, void *bytes, size_t length)
{
	char *to = bytes;

	while (length > 0) {
		ssize_t n;

		if (!ends_ready(talk->peer, POLLIN | POLLHUP, ENDS_WAIT_MS))
			return false;
		n = read(talk->peer, to, length);
		if (n <= 0)
			return false;
		to += n;
		length -= (size_t)n;
	}
	return true;
}

/*
 * Reads the next frame that has been sent to the peer; the payload, until the
 * next call. Returns whether it is one, and whole.
 */
static inline bool talk_hear(
    struct talk *talk, struct frame *frame, const unsigned char **payload)
{
	static unsigned char bytes[FRAME_BLOCK];
	unsigned char header[FRAME_HEADER];
	const char *why;

	*payload = bytes;
	if (!talk_read(talk, header, sizeof header))
		return false;
	why = frame_get(header, talk->received++, frame);
	if (why != NULL)
		printf("# the peer: %s\n", why);
	return why == NULL && talk_read(talk, bytes, frame->length) &&
	       frame_hash(bytes, frame->length) == frame->hash;
}

/* Checks that the peer hears a frame of that type next, with that at. */
#define CHECK_HEARS(talk, what, where)                                         \
	do {                                                                   \
		const unsigned char *heard_payload;                            \
		struct frame heard = { 0 };                                    \
                                                                               \
		CHECK(talk_hear((talk), &heard, &heard_payload));              \
		CHECK_INT(heard.type, (what));                                 \
		CHECK_INT(heard.at, (where));                                  \
	} while (0)

/* Checks that the peer hears a frame of that type next, with that text. */
#define CHECK_TOLD(talk, what, text)                                           \
	do {                                                                   \
		const unsigned char *told;                                     \
		struct frame heard = { 0 };                                    \
                                                                               \
		CHECK(talk_hear((talk), &heard, &told));                       \
		CHECK_INT(heard.type, (what));                                 \
		if (!CHECK(heard.length == strlen(text) &&                     \
			   memcmp(told, (text), heard.length) == 0))           \
			printf("# told: %.*s\n", (int)heard.length, told);     \
	} while (0)

/* Fills a payload with a pattern. */
static inline void talk_fill(unsigned char *block, unsigned seed, size_t length)
{
	for (size_t i = 0; i < length; i++)
		block[i] = (unsigned char)ends_pattern(seed, i);
}

/* How many bytes are not as the pattern has them. */
static inline size_t talk_wrong(
    const unsigned char *block, unsigned seed, size_t length)
{
	size_t wrong = 0;

	for (size_t i = 0; i < length; i++)
		wrong += block[i] != (unsigned char)ends_pattern(seed, i);
	return wrong;
}

/* A block with a pattern; for good. */
static inline unsigned char *talk_block(unsigned seed)
{
	unsigned char *block = malloc(FRAME_BLOCK);

	ends_must(block != NULL ? 0 : -1, "memory");
	talk_fill(block, seed, FRAME_BLOCK);
	return block;
}

#endif
