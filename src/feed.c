#include "feed.h"

#include <stdlib.h>
#include <string.h>
#include <sys/param.h>

#define PAYLOAD 65536
#define FRAME   (MEASURE_HEADER + PAYLOAD)

/* Bytes that no link compresses, the same each time. */
static void fill(unsigned char *bytes, size_t n)
{
	uint32_t number = 1;

	for (size_t i = 0; i < n; i++) {
		number = number * 1664525U + 1013904223U;
		bytes[i] = (unsigned char)(number >> 24);
	}
}

unsigned char *feed_data(void)
{
	unsigned char *data = malloc(FRAME);

	if (data == NULL)
		return NULL;
	measure_put(data, MEASURE_DATA, PAYLOAD);
	fill(data + MEASURE_HEADER, PAYLOAD);
	return data;
}

void feed_text(struct feed *feed, const char *text)
{
	size_t n = strlen(text);

	memcpy(feed->queue + feed->queued, text, n);
	feed->queued += n;
}

unsigned char *feed_put(
    struct feed *feed, enum measure_type type, uint32_t length)
{
	unsigned char *at = feed->queue + feed->queued;

	measure_put(at, type, length);
	feed->queued += MEASURE_HEADER + length;
	return at + MEASURE_HEADER;
}

bool feed_waits(const struct feed *feed)
{
	return feed->queued > 0 || feed->data_at > 0;
}

size_t feed_take(struct feed *feed, unsigned char *to, size_t room)
{
	size_t n;

	if (feed->data_at == 0 && feed->queued > 0) {
		n = MIN(room, feed->queued);
		memcpy(to, feed->queue, n);
		feed->queued -= n;
		memmove(feed->queue, feed->queue + n, feed->queued);
		return n;
	}
	n = MIN(room, FRAME - feed->data_at);
	memcpy(to, feed->data + feed->data_at, n);
	feed->data_at = (feed->data_at + n) % FRAME;
	return n;
}
