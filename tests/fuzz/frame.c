/*
 * libFuzzer: a header and a payload as a peer may send them. Whatever is taken
 * for right must be exactly what writing it gives again.
 *
 * Hashes cannot be guessed: so the header is tried as it is, and once more with
 * its right hash.
 */
#include "beneath.h"
#include "content.h"
#include "frame.h"
#include "fuzz.h"

static void try_hello(const unsigned char *payload, size_t length)
{
	struct frame_hello hello;
	struct frame_hello again;
	unsigned char written[FRAME_HELLO_MAX];

	if (!frame_get_hello(payload, length, &hello))
		return;
	must(hello.role >= FRAME_SENDS && hello.role <= FRAME_STREAMS, "role");
	must(frame_get_hello(written, frame_put_hello(written, &hello), &again),
	    "hello");
	must(hello.role == again.role && hello.durable == again.durable &&
		 hello.total == again.total,
	    "hello differs");
}

static void try_entry(const unsigned char *payload, size_t length)
{
	static struct frame_entry entry;
	static unsigned char written[FRAME_ENTRY_MAX];

	if (!frame_get_entry(payload, length, &entry))
		return;
	must(entry.name[0] != '\0', "no name");
	must((entry.kind == FRAME_LINK) == (entry.target[0] != '\0'), "target");
	must(entry.size <= INT64_MAX, "size");
	must(frame_put_entry(written, &entry) == length, "length of an entry");
	must(memcmp(written, payload, length) == 0, "entry differs");
	beneath_check(entry.name, strlen(entry.name));
}

static void try_have(const unsigned char *payload, size_t length)
{
	struct content_blocks blocks = { 0 };
	const char *why = content_add_blocks(&blocks, payload, length);

	must(why != NULL || blocks.count == (length - 8) / 8, "blocks");
	for (size_t i = 0; i < blocks.count; i++) {
		must(blocks.list[i].index < UINT64_MAX / FRAME_BLOCK, "index");
		must(i == 0 ||
			 blocks.list[i].index == blocks.list[i - 1].index + 1,
		    "order");
	}
	content_forget_blocks(&blocks);
}

/* The payload is copied to where it ends with the memory. */
static void try_payload(
    enum frame_type type, const unsigned char *from, size_t length)
{
	unsigned char *payload = malloc(length > 0 ? length : 1);

	must(payload != NULL, "memory");
	memcpy(payload, from, length);
	if (type == FRAME_HELLO)
		try_hello(payload, length);
	if (type == FRAME_ENTRY)
		try_entry(payload, length);
	if (type == FRAME_HAVE && length >= 16)
		try_have(payload, length);
	free(payload);
}

/* Returns whether it is right; then it is what writing it gives. */
static bool try_header(const unsigned char *header, struct frame *frame)
{
	unsigned char written[FRAME_HEADER];
	uint32_t number = (uint32_t)(frame_get_number(header + 8) & UINT32_MAX);

	if (frame_get(header, number, frame) != NULL)
		return false;
	must(frame_may_begin(header, FRAME_HEADER), "may begin");
	must(frame->length <= FRAME_BLOCK, "length");
	must(frame_get(header, number + 1, frame) != NULL, "another number");
	must(frame_get(header, number, frame) == NULL, "the same number");
	frame_put(written, frame);
	must(memcmp(written, header, FRAME_HEADER) == 0, "header differs");
	return true;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	unsigned char header[FRAME_HEADER];
	struct frame frame;

	frame_may_begin(data, size);
	if (size < FRAME_HEADER)
		return 0;
	memcpy(header, data, FRAME_HEADER);
	try_header(header, &frame);
	frame_put_number(header + 32, frame_hash(header, 32));
	if (!try_header(header, &frame))
		return 0;
	size -= FRAME_HEADER;
	if (size <= FRAME_ENTRY_MAX)
		try_payload(frame.type, data + FRAME_HEADER, size);
	return 0;
}
