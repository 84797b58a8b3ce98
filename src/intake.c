#include "intake.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Read beyond the frame that is awaited; what is moved to the front for the
 * next frame is never more. */
#define AHEAD 32768

#define SIZE (FRAME_HEADER + FRAME_BLOCK + AHEAD)

int intake_open(struct intake *intake)
{
	intake->bytes = malloc(SIZE);
	return intake->bytes != NULL ? 0 : -1;
}

void intake_close(struct intake *intake)
{
	free(intake->bytes);
	intake->bytes = NULL;
}

size_t intake_left(const struct intake *intake)
{
	return intake->have - intake->taken;
}

void intake_forget(struct intake *intake)
{
	intake->from = intake->have = intake->taken = 0;
}

bool intake_has_room(const struct intake *intake)
{
	return intake->from + intake->have < SIZE;
}

/* The length of the frame that is to be taken next, as far as it is known. */
static size_t awaited(const struct intake *intake)
{
	const unsigned char *at = intake->bytes + intake->from + intake->taken;
	struct frame frame;

	if (intake_left(intake) < FRAME_HEADER ||
	    frame_get(at, intake->number, &frame) != NULL)
		return FRAME_HEADER;
	return FRAME_HEADER + frame.length;
}

int intake_fill(struct intake *intake, int fd)
{
	size_t used = intake->from + intake->have;
	size_t needed = awaited(intake);
	size_t left = intake_left(intake);
	size_t wanted = AHEAD + (needed > left ? needed - left : 0);
	ssize_t n;

	if (wanted > SIZE - used)
		wanted = SIZE - used;
	do {
		n = recv(fd, intake->bytes + used, wanted, MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return (int)n;
	intake->have += (size_t)n;
	return 1;
}

/* What was handed out is done with. The beginning of a frame that is not whole
 * goes to the front, so that the rest has room. */
static void let_go(struct intake *intake)
{
	intake->from += intake->taken;
	intake->have -= intake->taken;
	intake->taken = 0;
	if (intake->have >= awaited(intake))
		return;
	memmove(intake->bytes, intake->bytes + intake->from, intake->have);
	intake->from = 0;
}

static int fail(struct intake *intake, const char *why)
{
	strlcpy(intake->why, why, sizeof intake->why);
	return -1;
}

int intake_take(
    struct intake *intake, struct frame *frame, const unsigned char **payload)
{
	const unsigned char *at;
	const char *why;

	let_go(intake);
	at = intake->bytes + intake->from;
	if (!frame_may_begin(at, intake->have))
		return fail(intake, "the peer does not speak vcat's frames");
	if (intake->have < FRAME_HEADER)
		return 0;
	intake->framed = true;
	if (frame_version(at) != FRAME_VERSION) {
		snprintf(intake->why, sizeof intake->why,
		    "the peer speaks version %d of the frames, "
		    "this vcat version %d",
		    frame_version(at), FRAME_VERSION);
		return -1;
	}
	why = frame_get(at, intake->number, frame);
	if (why != NULL)
		return fail(intake, why);
	if (intake->have < FRAME_HEADER + frame->length)
		return 0;
	*payload = at + FRAME_HEADER;
	if (frame_hash(*payload, frame->length) != frame->hash)
		return fail(intake, "a frame arrived damaged");
	intake->number++;
	intake->taken = FRAME_HEADER + frame->length;
	return 1;
}
