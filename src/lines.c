#include "lines.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is held at first; it is doubled when that is not enough. */
#define HELD_LEAST 256

const char *lines_tag(
    const struct address *peer, uint64_t number, char tag[LINES_TAG_SIZE])
{
	char address[ADDRESS_TEXT_SIZE];

	address_format(peer, address);
	for (char *c = address; *c != '\0'; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f)
			*c = '?';
	if (address_has(peer->kind, ADDRESS_FILE))
		snprintf(
		    tag, LINES_TAG_SIZE, "%s#%" PRIu64 " ", address, number);
	else
		snprintf(tag, LINES_TAG_SIZE, "%s ", address);
	return tag;
}

/*
 * In the worst case each byte is a line with a tag of its own. A share adds the
 * newlines of at most two cuts, and the end adds one, with another tag.
 */
size_t lines_appetite(const struct lines *lines, const char *tag, size_t room)
{
	size_t length = strlen(tag);
	size_t taken = lines->used + length + 3;
	size_t most = room > taken ? (room - taken) / (length + 1) : 0;

	return most < LINES_SHARE ? most : LINES_SHARE;
}

/* There is room, by lines_appetite(). */
static int put(struct buffer *output, const char *bytes, size_t n)
{
	struct iovec piece[2];
	int pieces = n > 0 ? buffer_space(output, piece) : 0;
	size_t left = n;

	for (int i = 0; i < pieces && left > 0; i++) {
		size_t part = left < piece[i].iov_len ? left : piece[i].iov_len;

		memcpy(piece[i].iov_base, bytes + n - left, part);
		left -= part;
	}
	if (pieces > 0)
		buffer_fill(output, n - left);
	return pieces < 0 ? -1 : 0;
}

/* What is held, then these bytes, which end a line or have none. */
static int put_line(struct lines *lines, const struct iovec *bytes,
    const char *tag, struct buffer *output)
{
	if (put(output, tag, strlen(tag)) < 0 ||
	    put(output, lines->held, lines->used) < 0 ||
	    put(output, bytes->iov_base, bytes->iov_len) < 0)
		return -1;
	free(lines->held);
	lines->held = NULL;
	lines->used = lines->size = 0;
	return 0;
}

/* The same, with a newline that the sender has not sent. */
static int cut_line(struct lines *lines, const struct iovec *bytes,
    const char *tag, struct buffer *output)
{
	if (put_line(lines, bytes, tag, output) < 0)
		return -1;
	return put(output, "\n", 1);
}

static int hold(struct lines *lines, const char *bytes, size_t n)
{
	size_t size = lines->size > 0 ? lines->size : HELD_LEAST;
	char *held = lines->held;

	if (n == 0)
		return 0;
	while (size < lines->used + n)
		size *= 2;
	if (size > lines->size) {
		held = realloc(held, size);
		if (held == NULL)
			return -1;
		lines->held = held;
		lines->size = size;
	}
	memcpy(held + lines->used, bytes, n);
	lines->used += n;
	return 0;
}

/* The end of a line that begins there; of several if all go without a tag. */
static char *find_end(
    const struct lines *lines, char *at, size_t n, const char *tag)
{
	/* what is held and the next line may be too long */
	return *tag == '\0' && lines->used == 0 ? memrchr(at, '\n', n)
						: memchr(at, '\n', n);
}

int lines_take(struct lines *lines, const struct iovec *bytes, const char *tag,
    struct buffer *output)
{
	char *at = bytes->iov_base;
	size_t left = bytes->iov_len;
	int result = 0;

	lines->bytes += left;
	while (left > 0 && result == 0) {
		char *end = find_end(lines, at, left, tag);
		size_t text = end != NULL ? (size_t)(end - at) : left;
		struct iovec part = { at, text };

		if (lines->used + text > LINES_MOST) {
			part.iov_len = LINES_MOST - lines->used;
			result = cut_line(lines, &part, tag, output);
		} else if (end != NULL) {
			part.iov_len++;
			result = put_line(lines, &part, tag, output);
		} else {
			result = hold(lines, at, text);
		}
		at += part.iov_len;
		left -= part.iov_len;
	}
	return result;
}

int lines_end(struct lines *lines, const char *tag, struct buffer *output)
{
	const struct iovec nothing = { NULL, 0 };

	return lines->used > 0 ? cut_line(lines, &nothing, tag, output) : 0;
}
