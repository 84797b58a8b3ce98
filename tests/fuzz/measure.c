/*
 * libFuzzer: what a peer of --bench may send, in pieces, to a sink and to a
 * client. The first byte says which, and how long the pieces are. Whatever
 * comes, what is sent back are whole frames, in their order, and a failure has
 * its words.
 */
#include <sys/socket.h>

#include "fuzz.h"
#include "gauge.h"

#define PIECES_MOST 64

/* What the gauge has sent is a greeting, if it is a sink's, and frames. */
struct heard {
	struct measure_reader reader;
	bool sink, greeted;
	int count[MEASURE_REPORT + 1];
};

static void check_output(
    struct heard *heard, const unsigned char *bytes, size_t n)
{
	struct measure_frame frame;
	const unsigned char *end = bytes + n;

	while (bytes < end && heard->sink && !heard->greeted)
		heard->greeted = *bytes++ == '\n';
	while (bytes < end) {
		ssize_t used = measure_read(
		    &heard->reader, bytes, (size_t)(end - bytes), &frame);

		must(used > 0, "no frame");
		must(frame.type == 0 || frame.type == MEASURE_DATA ||
			 ++heard->count[frame.type] == 1,
		    "a frame that comes twice");
		bytes += used;
	}
}

/* Reads what it gives until it has none, or much. */
static void listen_to(struct gauge *gauge, struct heard *heard)
{
	static unsigned char block[300000];
	const struct iovec piece = { block, sizeof block };
	ssize_t n = stream_read(&gauge->stream, &piece, 1);

	if (n > 0)
		check_output(heard, block, (size_t)n);
	else if (n < 0 && gauge->state == GAUGE_FAILED)
		must(gauge->stream.why != NULL && gauge->why[0] != '\0',
		    "a failure without words");
}

static void talk(struct gauge *gauge, struct heard *heard,
    const unsigned char *bytes, size_t n)
{
	size_t most = n / PIECES_MOST + 1 + heard->sink;
	size_t at = 0;

	while (at < n) {
		size_t length = n - at < most ? n - at : most;
		const struct iovec piece = { (void *)(bytes + at), length };
		ssize_t taken = stream_write(&gauge->stream, &piece, 1);

		must(taken == (ssize_t)length || taken == -1, "taken");
		must((taken < 0) == (gauge->state == GAUGE_FAILED), "state");
		listen_to(gauge, heard);
		at += length;
	}
	must((stream_finish(&gauge->stream) == 0) ==
		 (gauge->state == GAUGE_DONE),
	    "end");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct gauge_common common;
	static int far = -1;
	struct measure_hello ours = { .relay = 1048576 };
	struct heard heard = { .sink = n > 0 && (bytes[0] & 1) != 0 };
	struct gauge gauge;

	if (far < 0) {
		gauge_prepare(&common);
		far = socket(AF_UNIX, SOCK_STREAM, 0);
	}
	if (n == 0)
		return 0;
	if (!heard.sink)
		ours.time = 1;
	ours.both = !heard.sink && (bytes[0] & 2) != 0;
	must(gauge_open(&gauge, &common, &ours, far) == 0, "no gauge");
	talk(&gauge, &heard, bytes + 1, n - 1);
	gauge_close(&gauge);
	must(common.house.running == 0, "one runs yet");
	return 0;
}
