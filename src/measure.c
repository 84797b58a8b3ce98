#include "measure.h"

#include <string.h>
#include <sys/param.h>

#include "text.h"
#include "wire.h"

/* Where the parts of a HELLO are. */
enum {
	BOTH,
	WARM_UP = 4,
	TIME = 8,
	RELAY = 16,
	SENDING = 24,
	RECEIVING = 32,
	KERNEL = 40
};

/* And of a REPORT. */
enum { BYTES, LASTED = 8, CPU = 16, CONNECTIONS = 24 };

/* No process has had more CPU time in a second, in seconds. */
#define PROCESSORS_MAX 65536

/* What a peer's clock and ours may differ by, and a timer be late: a fraction,
 * and ns. */
#define DRIFT     0.1
#define LATENESS  5e8
#define NS_PER_MS 1e6

static const struct {
	uint32_t least, most;
} lengths[] = {
	[MEASURE_HELLO] = { MEASURE_HELLO_SIZE, MEASURE_HELLO_SIZE },
	[MEASURE_DATA] = { 1, MEASURE_DATA_MAX },
	[MEASURE_BEGIN] = { 0, 0 },
	[MEASURE_REPORT] = { MEASURE_REPORT_SIZE, MEASURE_REPORT_SIZE },
};

void measure_put(unsigned char header[MEASURE_HEADER], enum measure_type type,
    uint32_t length)
{
	wire_put32(header, (uint32_t)type);
	wire_put32(header + 4, length);
}

bool measure_get(
    const unsigned char header[MEASURE_HEADER], struct measure_frame *frame)
{
	uint32_t type = wire_get32(header);

	if (type < MEASURE_HELLO || type > MEASURE_REPORT)
		return false;
	frame->type = (enum measure_type)type;
	frame->length = wire_get32(header + 4);
	return frame->length >= lengths[type].least &&
	       frame->length <= lengths[type].most;
}

void measure_put_hello(unsigned char payload[MEASURE_HELLO_SIZE],
    const struct measure_hello *hello)
{
	memset(payload, 0, MEASURE_HELLO_SIZE);
	wire_put32(payload + BOTH, hello->both);
	wire_put32(payload + WARM_UP, hello->warm_up);
	wire_put32(payload + TIME, hello->time);
	wire_put64(payload + RELAY, hello->relay);
	wire_put64(payload + SENDING, hello->sending);
	wire_put64(payload + RECEIVING, hello->receiving);
	memcpy(payload + KERNEL, hello->kernel,
	    strnlen(hello->kernel, MEASURE_KERNEL_SIZE));
}

bool measure_get_hello(const unsigned char payload[MEASURE_HELLO_SIZE],
    struct measure_hello *hello)
{
	*hello = (struct measure_hello){
		.both = wire_get32(payload + BOTH) == 1,
		.warm_up = wire_get32(payload + WARM_UP),
		.time = wire_get32(payload + TIME),
		.relay = wire_get64(payload + RELAY),
		.sending = wire_get64(payload + SENDING),
		.receiving = wire_get64(payload + RECEIVING),
	};
	memcpy(hello->kernel, payload + KERNEL, MEASURE_KERNEL_SIZE);
	text_tame(hello->kernel);
	return wire_get32(payload + BOTH) <= 1 &&
	       hello->warm_up <= MEASURE_WARM_UP_MAX && hello->time >= 1 &&
	       hello->time <= MEASURE_TIME_MAX;
}

void measure_put_report(unsigned char payload[MEASURE_REPORT_SIZE],
    const struct measure_report *report)
{
	memset(payload, 0, MEASURE_REPORT_SIZE);
	wire_put64(payload + BYTES, report->bytes);
	wire_put64(payload + LASTED, report->time);
	wire_put64(payload + CPU, report->cpu);
	wire_put32(payload + CONNECTIONS, report->connections);
}

bool measure_get_report(const unsigned char payload[MEASURE_REPORT_SIZE],
    struct measure_report *report)
{
	*report = (struct measure_report){
		.bytes = wire_get64(payload + BYTES),
		.time = wire_get64(payload + LASTED),
		.cpu = wire_get64(payload + CPU),
		.connections = wire_get32(payload + CONNECTIONS),
	};
	return report->time > 0 && report->connections > 0 &&
	       report->cpu / PROCESSORS_MAX <= report->time;
}

bool measure_is_timely(
    const struct measure_report *report, uint32_t asked, uint64_t known)
{
	double least = (double)asked * NS_PER_MS * (1 - DRIFT);
	double most = (double)known * (1 + DRIFT) + LATENESS;

	return (double)report->time >= least && (double)report->time <= most;
}

/* Adds to the part that is there until it has `wanted` bytes. */
static size_t gather(struct measure_reader *reader, const unsigned char *bytes,
    size_t n, size_t wanted)
{
	size_t more = reader->have < wanted ? MIN(n, wanted - reader->have) : 0;

	memcpy(reader->part + reader->have, bytes, more);
	reader->have += more;
	return more;
}

ssize_t measure_read(struct measure_reader *reader, const void *bytes, size_t n,
    struct measure_frame *frame)
{
	size_t used = MIN(n, reader->skip);
	size_t whole;

	frame->type = (enum measure_type)0;
	reader->skip -= used;
	if (used > 0)
		return (ssize_t)used;
	used = gather(reader, bytes, n, MEASURE_HEADER);
	if (reader->have < MEASURE_HEADER)
		return (ssize_t)used;
	if (!measure_get(reader->part, frame))
		return -1;
	whole = MEASURE_HEADER;
	if (frame->type == MEASURE_DATA)
		reader->skip = frame->length;
	else
		whole += frame->length;
	used += gather(
	    reader, (const unsigned char *)bytes + used, n - used, whole);
	if (reader->have < whole)
		frame->type = (enum measure_type)0;
	else
		reader->have = 0;
	return (ssize_t)used;
}

const unsigned char *measure_payload(const struct measure_reader *reader)
{
	return reader->part + MEASURE_HEADER;
}
