#include "buffer.h"

#include <stdlib.h>

void buffer_init(struct buffer *buffer, size_t size)
{
	*buffer = (struct buffer){ .size = size };
}

void buffer_free(struct buffer *buffer)
{
	free(buffer->data);
	buffer_init(buffer, buffer->size);
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

	if (length == 0)
		return 0;
	piece[0].iov_base = buffer->data + offset;
	piece[0].iov_len = length < first ? length : first;
	if (length <= first)
		return 1;
	piece[1].iov_base = buffer->data;
	piece[1].iov_len = length - first;
	return 2;
}

int buffer_space(struct buffer *buffer, struct iovec piece[2])
{
	size_t end = buffer->start + buffer->used;

	if (buffer->data == NULL) {
		buffer->data = malloc(buffer->size);
		if (buffer->data == NULL)
			return -1;
	}
	if (end >= buffer->size)
		end -= buffer->size;
	return ring_pieces(buffer, end, buffer_room(buffer), piece);
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
	buffer->start += n;
	if (buffer->start >= buffer->size)
		buffer->start -= buffer->size;
	if (buffer->used == 0)
		buffer->start = 0; /* the next read is in one piece */
}
