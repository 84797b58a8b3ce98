#include "buffer.h"

#include <stdlib.h>

void buffer_free(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){ .size = buffer->size };
}

size_t buffer_room(const struct buffer *buffer)
{
	return buffer->size - buffer->used;
}

/* The length bytes of the ring from offset on, cut where it wraps. */
static int ring_pieces(const struct buffer *buffer, size_t offset,
    size_t length, struct iovec piece[2])
{
	size_t first = buffer->size - offset;

	if (length < first)
		first = length;
	piece[0] = (struct iovec){ buffer->data + offset, first };
	piece[1] = (struct iovec){ buffer->data, length - first };
	return (length > 0) + (length > first);
}

int buffer_space(struct buffer *buffer, struct iovec piece[2])
{
	if (buffer->data == NULL) {
		buffer->data = malloc(buffer->size);
		if (buffer->data == NULL)
			return -1;
	}
	return ring_pieces(buffer,
	    (buffer->start + buffer->used) % buffer->size, buffer_room(buffer),
	    piece);
}

void buffer_fill(struct buffer *buffer, size_t n)
{
	buffer->used += n;
}

int buffer_bytes(const struct buffer *buffer, struct iovec piece[2])
{
	return ring_pieces(buffer, buffer->start, buffer->used, piece);
}

void buffer_drain(struct buffer *buffer, size_t n)
{
	buffer->used -= n;
	/* empty: from the front, so that the next read is in one piece */
	buffer->start =
	    buffer->used > 0 ? (buffer->start + n) % buffer->size : 0;
}
