/*
 * A meter on the terminal: one line on stderr that is written anew a few times
 * a second, and is gone at the end. Where stderr is no terminal it does nothing
 * at all, and neither does it while we are in the background.
 *
 *	disk.img  1.2 GiB of 4.0 GiB  30%  312 MiB/s  0:09 left
 *	disk.img  1.2 GiB  312 MiB/s  0:41
 *
 * On a narrow terminal the beginning of the name goes first, then the rate, the
 * time, the amount, the percentage.
 */
#ifndef VCAT_PROGRESS_H
#define VCAT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "deadline.h"

#define PROGRESS_UNKNOWN   UINT64_MAX
#define PROGRESS_NAME_SIZE 256

/* Of a line, in bytes: a name and a hundred columns. */
#define PROGRESS_LINE_SIZE (PROGRESS_NAME_SIZE + 100)

/* How far it was at a time. */
struct progress_mark {
	int64_t at;
	uint64_t moved;
};

struct progress {
	bool shown;     /* stderr is a terminal, and it is wanted */
	uint64_t bytes; /* so far */
	uint64_t total; /* PROGRESS_UNKNOWN; for the owner to set at any time */
	uint64_t kept;  /* of `bytes`: not moved but there already; they do not
			   count for the rate. For the owner to add to before it
			   calls progress_add() for them. */
	char name[PROGRESS_NAME_SIZE]; /* of what is moved now; "": no name */
	int64_t began;
	struct progress_mark marks[2]; /* the rate is that since the first */
	struct deadline next;          /* when to draw; never, if not shown */
};

/* Begins, at 0 bytes. Nothing is drawn yet: short transfers need no meter. */
void progress_begin(struct progress *progress, bool wanted, uint64_t total);

/* What is moved now has that name, which may hold any bytes. */
void progress_name(struct progress *progress, const char *name);

/* So many bytes more are there. Draws if it is time. */
void progress_add(struct progress *progress, uint64_t bytes);

/*
 * Takes the line off the terminal; it comes back at the next drawing. This is
 * for what goes to stdout: a message of log's takes the line off by itself.
 */
void progress_hide(struct progress *progress);

/*
 * Takes the line off for good. Returns whether to say how it went: if it is
 * shown, and somebody is there to read it.
 */
bool progress_end(struct progress *progress);

/*
 * The text of the line, which takes less than that many columns of a terminal.
 * `now` is of deadline_now(). Pure.
 */
void progress_format(const struct progress *progress, int64_t now, int columns,
    char text[PROGRESS_LINE_SIZE]);

/*
 * A number of bytes for people, rounded down: "999 B", "1.2 GiB", "312 MiB".
 * Returns text.
 */
#define PROGRESS_SIZE 16
char *progress_bytes(uint64_t bytes, char text[PROGRESS_SIZE]);

#endif
