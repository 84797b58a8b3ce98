/*
 * A bounded ring of bytes between one read and one write. Its memory is taken
 * at the first use and given back by buffer_free(), after which it may be used
 * again.
 */
#ifndef VCAT_BUFFER_H
#define VCAT_BUFFER_H

#include <stddef.h>
#include <sys/uio.h>

/* To begin with, the size is set and the rest is 0: it takes no memory yet. */
struct buffer {
	char *data;   /* NULL until the first buffer_space() */
	size_t size;  /* bytes it can hold */
	size_t start; /* offset of the oldest byte */
	size_t used;  /* bytes it holds */
};

/* Gives its memory back, and drops what it holds. */
void buffer_free(struct buffer *buffer);

size_t buffer_room(const struct buffer *buffer);

/*
 * The free space, in order, as one or two pieces. Returns how many, or -1
 * with errno ENOMEM. buffer_fill() then takes the first n bytes of it as read.
 */
int buffer_space(struct buffer *buffer, struct iovec piece[2]);
void buffer_fill(struct buffer *buffer, size_t n);

/*
 * The bytes held, oldest first, as one or two pieces. Returns how many;
 * buffer_drain() then drops the first n of them as written.
 */
int buffer_bytes(const struct buffer *buffer, struct iovec piece[2]);
void buffer_drain(struct buffer *buffer, size_t n);

#endif
