/*
 * The bytes of one sender as whole lines, for an output that many share. Pure:
 * no descriptors.
 *
 * A line goes to the output when it is complete, after a tag that says whose
 * it is. What has come of an unfinished line is held, and nothing else. A line
 * longer than LINES_MOST is cut into pieces, and each becomes a line. All bytes
 * but the newline are alike.
 */
#ifndef VCAT_LINES_H
#define VCAT_LINES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "address.h"
#include "buffer.h"

/* Bytes of a line, without its tag and its newline. */
#define LINES_MOST 65536

/* As many as are taken at once. */
#define LINES_SHARE 65536

/* The text of an address, '#', a number, and a space. */
#define LINES_TAG_SIZE (ADDRESS_TEXT_SIZE + 24)

/* An output of this size, when it is half full, takes a byte of anybody. */
#define LINES_OUTPUT_LEAST 262144

/* To begin with, all is 0. */
struct lines {
	char *held; /* of the unfinished line; NULL: nothing */
	size_t used, size;
	uint64_t bytes; /* taken */
};

/*
 * The tag of a sender: its address, and a space. Who comes through a socket
 * file has no address; the tag then has that of the file with '#' and the
 * number of the connection. Other spaces, and control characters, become '?'.
 * Returns tag.
 */
const char *lines_tag(
    const struct address *peer, uint64_t number, char tag[LINES_TAG_SIZE]);

/*
 * How many bytes lines_take() may be given: what becomes of them, and of the
 * line that is then unfinished, certainly fits in the output. LINES_SHARE at
 * most.
 */
size_t lines_appetite(const struct lines *lines, const char *tag, size_t room);

/*
 * Takes the next bytes, no more than lines_appetite(), and adds the lines
 * that they complete to the output, each behind the tag, which may be "".
 * Returns 0, or -1 with errno ENOMEM.
 */
int lines_take(struct lines *lines, const struct iovec *bytes, const char *tag,
    struct buffer *output);

/*
 * No more will come: completes a line that is unfinished, and gives the memory
 * back. Returns 0, or -1 with errno ENOMEM.
 */
int lines_end(struct lines *lines, const char *tag, struct buffer *output);

#endif
