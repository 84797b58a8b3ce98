/*
 * What arrives on a socket, frame by frame, in a buffer that holds the longest.
 */
#ifndef VCAT_INTAKE_H
#define VCAT_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"

struct intake {
	unsigned char *bytes;
	size_t from, have; /* in it: `have` bytes from `from` on */
	size_t taken;      /* of these, the frame that was handed out */
	uint32_t number;   /* of the next frame */
	bool framed;       /* what has come is at least like a frame */
	char why[96];      /* after a failure */
};

/* Returns 0, or -1 with errno. */
int intake_open(struct intake *intake);
void intake_close(struct intake *intake);

/* Whether intake_fill() can read anything. */
bool intake_has_room(const struct intake *intake);

/*
 * Reads from a non-blocking socket what is there. Returns 1, 0 at the end, or
 * -1 with errno. What was handed out stays where it is.
 */
int intake_fill(struct intake *intake, int fd);

/*
 * Hands out the next frame if all of it is there, with its payload; both are
 * good until the next call. Returns 1; 0 if more must come; or -1, and `why`
 * says what is wrong with it.
 */
int intake_take(
    struct intake *intake, struct frame *frame, const unsigned char **payload);

/* How many bytes are there that were not handed out. */
size_t intake_left(const struct intake *intake);

/* Throws away all that is there. */
void intake_forget(struct intake *intake);

#endif
