/*
 * The frames by which --bench and --sink measure, between bytes and structs.
 * Pure. What a peer says is checked here as far as that needs no other frame.
 * This protocol, version 1, is vcat's own; the version is in the greeting.
 *
 * Over one connection, all numbers big-endian:
 *
 *	the sink	the greeting's line, greeting.h
 *	the client	HELLO, then DATA without a pause
 *	the sink	HELLO; BEGIN when the warm-up has passed; REPORT when
 *			the time has. Then, if it is done, it half-closes.
 *	the client	hears the REPORT, ends its last DATA, and half-closes
 *
 * If the client's HELLO says `both`, the sink sends DATA, too, and the client
 * BEGIN and REPORT. A side is done when it has sent and heard all REPORTs. The
 * warm-up of a receiver begins with its first byte of DATA; between BEGIN and
 * REPORT it counts what it reads, headers included.
 *
 * A frame is a header of 8 bytes and a payload:
 *
 *	0	4	type: 1 HELLO, 2 DATA, 3 BEGIN, 4 REPORT
 *	4	4	length of the payload in bytes
 *
 *	HELLO	0 4	1: both directions; else 0, and so in the sink's
 *		4 4	warm-up in ms, at most a minute
 *		8 4	time to measure in ms, 1 to a day
 *		12 4	0
 *		16 8	bytes that the sender's relay holds in a direction
 *		24 8	its socket's buffer for sending, in bytes
 *		32 8	the same for receiving
 *		40 64	its kernel's release, padded with null bytes
 *	DATA	1 to 1 MiB of any bytes
 *	BEGIN	nothing
 *	REPORT	0 8	bytes that were counted
 *		8 8	time in which they came, in ns
 *		16 8	CPU time of the whole process in that time, in ns
 *		24 4	connections that it measured in that time, 1 or more
 *		28 4	0
 */
#ifndef VCAT_MEASURE_H
#define VCAT_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MEASURE_HEADER      8
#define MEASURE_HELLO_SIZE  104
#define MEASURE_REPORT_SIZE 32
#define MEASURE_KERNEL_SIZE 64
#define MEASURE_DATA_MAX    1048576

/* The longest payload but for that of DATA. */
#define MEASURE_PAYLOAD_MAX MEASURE_HELLO_SIZE

/* The longest time to measure, and the longest warm-up, in ms. */
#define MEASURE_TIME_MAX    86400000
#define MEASURE_WARM_UP_MAX 60000

enum measure_type {
	MEASURE_HELLO = 1,
	MEASURE_DATA,
	MEASURE_BEGIN,
	MEASURE_REPORT,
};

struct measure_frame {
	enum measure_type type; /* or 0: none */
	uint32_t length;        /* of the payload */
};

/* What one side is, and what the client wants. */
struct measure_hello {
	bool both;
	uint32_t warm_up, time; /* in ms */
	uint64_t relay, sending, receiving;
	char kernel[MEASURE_KERNEL_SIZE + 1];
};

struct measure_report {
	uint64_t bytes, time, cpu; /* times in ns */
	uint32_t connections;
};

/* Writes the header. */
void measure_put(unsigned char header[MEASURE_HEADER], enum measure_type type,
    uint32_t length);

/* Reads it. Returns whether its type and length are valid. */
bool measure_get(
    const unsigned char header[MEASURE_HEADER], struct measure_frame *frame);

/* Write the payload; a kernel's name that is too long is cut. */
void measure_put_hello(unsigned char payload[MEASURE_HELLO_SIZE],
    const struct measure_hello *hello);
void measure_put_report(unsigned char payload[MEASURE_REPORT_SIZE],
    const struct measure_report *report);

/*
 * Read it. Return whether all of its numbers are possible. The kernel's name
 * is tame: it is one line, fit for a terminal.
 */
bool measure_get_hello(const unsigned char payload[MEASURE_HELLO_SIZE],
    struct measure_hello *hello);
bool measure_get_report(const unsigned char payload[MEASURE_REPORT_SIZE],
    struct measure_report *report);

/*
 * Whether a report's time can be that of a receiver which was asked for so many
 * ms, and of which we have known for so many ns.
 */
bool measure_is_timely(
    const struct measure_report *report, uint32_t asked, uint64_t known);

/* Frames as they come, in pieces of any size. To begin with, all zeros. */
struct measure_reader {
	unsigned char part[MEASURE_HEADER + MEASURE_PAYLOAD_MAX];
	size_t have; /* bytes in it, of a frame that is not whole yet */
	size_t skip; /* bytes of DATA that are yet to come */
};

/*
 * Takes some of these bytes, one at least. Returns how many, or -1: they are
 * no frame. When one has become whole, or the header of DATA, whose payload
 * the reader skips, frame->type says so; else it is 0. Its payload, if it is
 * not DATA, is valid until the next call.
 */
ssize_t measure_read(struct measure_reader *reader, const void *bytes, size_t n,
    struct measure_frame *frame);
const unsigned char *measure_payload(const struct measure_reader *reader);

#endif
