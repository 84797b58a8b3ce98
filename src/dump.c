#include "dump.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "text.h"

#define ROW      16 /* bytes */
#define ROW_SIZE 88 /* as text, with a NUL */
#define SPACE    16 /* the digit of a byte that is not there */

/* A pipe takes so much at once or not at all, pipe(7): no line is cut. */
#define CHUNK 4096

struct dump {
	int fd;                    /* -1: stderr, by way of log.h */
	const char *file;          /* borrowed; "" for stderr */
	bool failed;               /* it is not complete, and has ended */
	unsigned long connections; /* that have begun */
	size_t used;               /* bytes of text */
	char text[CHUNK + 1];      /* whole lines that are to be written */
};

/* One direction. */
struct way {
	struct flow_tap tap;
	struct dump *dump;         /* borrowed */
	const struct address *who; /* borrowed */
	unsigned long number;      /* of the connection */
	char sign;
	uint64_t offset;
};

struct dump_pair {
	struct way to, from; /* the far peer */
};

int dump_open(struct dump **opened, const char *file)
{
	struct dump *dump = NULL;

	*opened = NULL;
	if (file == NULL)
		return 0;
	dump = calloc(1, sizeof *dump);
	if (dump == NULL)
		goto fail;
	dump->fd = -1;
	dump->file = file;
	/* a FIFO that nobody reads must not stop us */
	if (file[0] != '\0')
		dump->fd = open(file,
		    O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_NOCTTY |
			O_CLOEXEC,
		    0600);
	if (file[0] != '\0' && dump->fd < 0)
		goto fail;
	*opened = dump;
	return 0;
fail:
	log_error("%s: open: %s", file, strerror(errno));
	free(dump);
	return -1;
}

/* Once: nothing more is written. */
static void fail(struct dump *dump, const char *step)
{
	log_error("%s: %s: %s; the dump ends here",
	    dump->file[0] != '\0' ? dump->file : "-x", step, strerror(errno));
	dump->failed = true;
}

static void flush(struct dump *dump)
{
	const char *rest = dump->text;

	dump->text[dump->used] = '\0';
	if (dump->fd < 0 && dump->used > 0)
		log_lines(dump->text);
	while (dump->fd >= 0 && dump->used > 0 && !dump->failed) {
		ssize_t n = write(dump->fd, rest, dump->used);

		if (n >= 0) {
			rest += n;
			dump->used -= (size_t)n;
		} else if (errno != EINTR) {
			fail(dump, "write");
		}
	}
	dump->used = 0;
}

enum status dump_close(struct dump *dump, enum status status)
{
	if (dump == NULL)
		return status;
	if (dump->fd >= 0 && close(dump->fd) < 0 && !dump->failed)
		fail(dump, "close");
	if (dump->failed && status == STATUS_OK)
		status = STATUS_FAILED;
	free(dump);
	return status;
}

static void put(struct dump *dump, const char *line)
{
	size_t length = strlen(line);

	if (dump->used + length > CHUNK)
		flush(dump);
	memcpy(dump->text + dump->used, line, length);
	dump->used += length;
}

/* No calendar: localtime(3) would want to read files. */
static void put_head(const struct way *way, size_t n)
{
	char name[ADDRESS_TEXT_SIZE];
	char line[ADDRESS_TEXT_SIZE + 96];
	struct timespec now;
	unsigned second;

	clock_gettime(CLOCK_REALTIME, &now);
	second = (unsigned)(now.tv_sec % (24L * 60 * 60));
	address_format(way->who, name);
	text_tame(name);
	snprintf(line, sizeof line, "%c %s #%lu %02u:%02u:%02u.%06ldZ %zu %s\n",
	    way->sign, name, way->number, second / 3600, second / 60 % 60,
	    second % 60, now.tv_nsec / 1000, n, n == 1 ? "byte" : "bytes");
	put(way->dump, line);
}

/* Up to ROW bytes at that offset, as xxd(1) has them. */
static void put_row(
    struct dump *dump, uint64_t offset, const unsigned char *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef ";
	char line[ROW_SIZE];
	char *at =
	    line + snprintf(line, sizeof line, "%08" PRIx64 ": ", offset);

	for (size_t i = 0; i < ROW; i++) {
		*at++ = digits[i < n ? bytes[i] >> 4 : SPACE];
		*at++ = digits[i < n ? bytes[i] & 15 : SPACE];
		if (i % 2 == 1)
			*at++ = ' ';
	}
	*at++ = ' ';
	for (size_t i = 0; i < n; i++)
		*at++ = (char)(bytes[i] >= 0x20 && bytes[i] < 0x7f ? bytes[i]
								   : '.');
	*at++ = '\n';
	*at = '\0';
	put(dump, line);
}

static void note(struct flow_tap *tap, const struct iovec piece[2], size_t n)
{
	struct way *way = (struct way *)(void *)tap; /* its first member */
	unsigned char row[ROW];
	size_t used = 0;

	if (way->dump->failed)
		return;
	put_head(way, n);
	for (size_t i = 0; i < n; i++) {
		bool first = i < piece[0].iov_len;

		row[used++] = ((const unsigned char *)piece[!first]
				   .iov_base)[first ? i : i - piece[0].iov_len];
		if (used < ROW && i + 1 < n)
			continue;
		put_row(way->dump, way->offset, row, used);
		way->offset += used;
		used = 0;
	}
	flush(way->dump);
}

static struct way way_of(
    struct dump *dump, const struct address *who, char sign)
{
	return (struct way){
		.tap.note = note,
		.dump = dump,
		.who = who,
		.number = dump->connections,
		.sign = sign,
	};
}

struct dump_pair *dump_begin(struct dump *dump, const struct address *far)
{
	struct dump_pair *pair;

	if (dump == NULL || dump->failed)
		return NULL;
	pair = malloc(sizeof *pair);
	if (pair == NULL) {
		fail(dump, "memory");
		return NULL;
	}
	dump->connections++;
	pair->to = way_of(dump, far, '>');
	pair->from = way_of(dump, far, '<');
	return pair;
}

static void note_text(struct way *way, char *text, size_t n)
{
	const struct iovec piece[2] = { { text, n } };

	if (n > 0)
		note(&way->tap, piece, n);
}

void dump_dial(struct dump_pair *pair, const struct dial *dial, bool far)
{
	const struct socket_attempt *attempt = &dial->attempt;
	const struct address *with = &dial->target->address;
	struct dump_pair near;
	char request[SOCKET_REQUEST_SIZE];
	char answer[SOCKET_ANSWER_SIZE + 1];

	if (pair == NULL || dial->state < DIAL_CONNECTED ||
	    strcmp(attempt->fault.step, "handshake") != 0)
		return;
	if (!far) {
		near = *pair;
		near.to.who = near.from.who = with;
		near.to.offset = near.from.offset = 0;
		pair = &near;
	}
	memcpy(answer, attempt->answer, attempt->answered);
	answer[attempt->answered] = '\n';
	strlcpy(request, attempt->request, sizeof request);
	note_text(&pair->to, request, strlen(request));
	note_text(&pair->from, answer,
	    attempt->answered + (dial->state == DIAL_CONNECTED));
}

void dump_watch(struct dump_pair *pair, struct relay *relay)
{
	if (pair == NULL)
		return;
	relay->out.tap = &pair->to.tap;
	relay->in.tap = &pair->from.tap;
}
