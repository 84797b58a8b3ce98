/* A courier's connection: bytes and frames, both ways. */
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "courier.h"
#include "timing.h"

enum { STEP = 65536, INBOX_MOST = 64 * 1024 * 1024 };

void bytes_add(struct bytes *bytes, const void *data, size_t length)
{
	if (bytes->room - bytes->length < length) {
		bytes->room = 2 * (bytes->length + length);
		bytes->data = realloc(bytes->data, bytes->room);
		if (bytes->data == NULL)
			abort();
	}
	if (length > 0)
		memcpy(bytes->data + bytes->length, data, length);
	bytes->length += length;
}

/* What the inbox has that was not looked at yet. */
static size_t waiting(const struct courier *c)
{
	return c->inbox.length - c->read;
}

/* That has been looked at. Moving the rest each time would take too long. */
static void inbox_pass(struct courier *c, size_t length)
{
	c->read += length;
	if (c->read < c->inbox.length / 2)
		return;
	c->inbox.length -= c->read;
	memmove(c->inbox.data, c->inbox.data + c->read, c->inbox.length);
	c->read = 0;
}

/* Receives what is there. */
static void take(struct courier *c)
{
	static const size_t step = STEP;
	unsigned char data[STEP];
	ssize_t got = recv(c->fd, data, step, MSG_DONTWAIT);

	if (got > 0)
		bytes_add(&c->inbox, data, (size_t)got);
	else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
		c->ended = true;
		c->reset = got < 0;
	}
}

/* Waits until the end of the patience for these events, and takes what comes.
 */
static bool await(struct courier *c, short events, double end)
{
	struct pollfd p = { .fd = c->fd, .events = events };
	double left = end - timing_now();

	if (left <= 0)
		return false;
	if (!c->ended && !c->ignores && waiting(c) < INBOX_MOST)
		p.events |= POLLIN;
	poll(&p, 1, (int)(left * 1000) + 1);
	if (p.events & POLLIN && p.revents & (POLLIN | POLLHUP | POLLERR))
		take(c);
	return true;
}

bool courier_send(struct courier *c, const void *data, size_t length)
{
	const unsigned char *next = data;
	double end = timing_now() + c->patience;
	ssize_t sent;

	while (length > 0 && !c->deaf) {
		sent = send(c->fd, next, length, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent > 0) {
			next += sent;
			length -= (size_t)sent;
		} else if (errno != EAGAIN && errno != EINTR) {
			c->deaf = true;
		} else if (!await(c, POLLOUT, end)) {
			fputs("courier: the peer does not take it\n", stderr);
			return false;
		}
	}
	return true;
}

bool courier_fill(struct courier *c, size_t wanted)
{
	double end = timing_now() + c->patience;

	while (waiting(c) < wanted && !c->ended)
		if (!await(c, POLLIN, end))
			return false;
	return true;
}

static bool spoils(const struct spoil *spoil, const char *what)
{
	return spoil->what != NULL && strlen(what) == spoil->name &&
	       memcmp(spoil->what, what, spoil->name) == 0;
}

/* What is wrong before the header's hash is computed. */
static void spoil_header(const struct spoil *spoil, struct wire_header *h)
{
	if (spoils(spoil, "magic"))
		h->magic[0] ^= 0x20;
	if (spoils(spoil, "version"))
		h->version = (uint8_t)spoil->value;
	if (spoils(spoil, "type"))
		h->type = (uint8_t)spoil->value;
	if (spoils(spoil, "zero"))
		h->zero = (uint16_t)spoil->value;
	if (spoils(spoil, "length"))
		h->length = (uint32_t)spoil->value;
	if (spoils(spoil, "number"))
		h->number = (uint32_t)spoil->value;
	if (spoils(spoil, "at"))
		h->at = spoil->value;
	if (spoils(spoil, "payload-hash"))
		h->payload_hash ^= 1;
}

bool courier_frame(struct courier *c, int type, uint64_t at, struct bytes load)
{
	struct wire_header h =
	    wire_header(type, load.data, (uint32_t)load.length);
	struct bytes whole = { 0 };
	unsigned char header[WIRE_HEADER];
	bool taken;

	h.at = at;
	h.number = c->sent++;
	spoil_header(&c->spoil, &h);
	wire_encode(&h, header);
	if (spoils(&c->spoil, "header-hash"))
		header[WIRE_HEADER - 1] ^= 1;
	c->spoil.what = NULL;
	bytes_add(&whole, header, sizeof(header));
	bytes_add(&whole, load.data, load.length);
	taken = courier_send(c, whole.data, whole.length);
	free(whole.data);
	return taken;
}

static enum courier_heard broken(const char *why)
{
	fprintf(stderr, "courier: the peer sent: %s\n", why);
	return COURIER_BROKEN;
}

/* Follows the digest of what the peer sends. */
static const char *digest(struct courier *c, const struct courier_frame *f)
{
	const struct wire_header *h = &f->header;

	switch (h->type) {
	case WIRE_BEGIN:
		memset(c->heard_digest, 0, WIRE_DIGEST);
		c->same = false;
		break;
	case WIRE_DATA:
		wire_digest(c->heard_digest, h->at, h->length, h->payload_hash);
		break;
	case WIRE_SAME:
		c->same = true;
		break;
	case WIRE_END:
		if (h->length != WIRE_DIGEST)
			return "an END without a digest";
		if (!c->same &&
		    memcmp(f->payload, c->heard_digest, WIRE_DIGEST) != 0)
			return "a wrong digest";
	}
	return NULL;
}

/* The payload, which is in the inbox, is moved out of it. */
static const char *open_frame(struct courier *c, struct courier_frame *f)
{
	const char *why = wire_check(&f->header, c->inbox.data + c->read);

	if (why != NULL)
		return why;
	if (f->header.number != c->heard++)
		return "a wrong number";
	c->seen |= 1UL << f->header.type;
	f->payload = realloc(f->payload, f->header.length + 1);
	if (f->payload == NULL)
		abort();
	memcpy(f->payload, c->inbox.data + c->read, f->header.length);
	f->payload[f->header.length] = '\0';
	inbox_pass(c, f->header.length);
	return digest(c, f);
}

enum courier_heard courier_hear(struct courier *c, struct courier_frame *f)
{
	const char *why;

	if (!courier_fill(c, WIRE_HEADER))
		return COURIER_SILENT;
	if (waiting(c) == 0)
		return COURIER_CLOSED;
	if (waiting(c) < WIRE_HEADER)
		return broken("part of a header");
	why = wire_decode(&f->header, c->inbox.data + c->read);
	if (why != NULL)
		return broken(why);
	inbox_pass(c, WIRE_HEADER);
	if (!courier_fill(c, f->header.length))
		return COURIER_SILENT;
	if (waiting(c) < f->header.length)
		return broken("part of a payload");
	why = open_frame(c, f);
	return why == NULL ? COURIER_FRAME : broken(why);
}

void courier_print(const struct courier_frame *f)
{
	uint32_t i, shown = f->header.length < 600 ? f->header.length : 600;

	printf("%s %llu %u ", wire_name(f->header.type),
	    (unsigned long long)f->header.at, f->header.length);
	for (i = 0; i < shown; i++) {
		if (isprint(f->payload[i]) && f->payload[i] != '\\')
			putchar(f->payload[i]);
		else
			printf("\\x%02x", f->payload[i]);
	}
	putchar('\n');
	fflush(stdout);
}
