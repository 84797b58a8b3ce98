/*
 * What a transfer of files tells its user: a line or a JSON object a file,
 * their sums, the meter, and what has come of all. On stdout is only what was
 * asked for; failures are on stderr in any case.
 */
#ifndef VCAT_RECEIPT_H
#define VCAT_RECEIPT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/queue.h>

#include "address.h"
#include "progress.h"
#include "status.h"
#include "sums.h"

struct receipt_line;

struct receipt {
	/* For the owner to set. */
	const struct address *peer; /* borrowed */
	bool sends;                 /* or else receives */
	bool json;
	bool wants_sums;
	bool verbose;
	bool meter; /* if stderr is a terminal */

	/* Counted here. */
	uint64_t stored, failed; /* entries */
	uint64_t bytes;          /* of the files that are stored */
	uint64_t unsent;         /* entries that the sender could not send: for
				    the owner to set */

	/* Its own. */
	FILE *out;
	int error;         /* errno's, once a line could not be written */
	bool lacks_sums;   /* some could not be computed */
	struct sums *sums; /* NULL: not wanted */
	struct progress progress;
	int64_t began;
	int behind;  /* sums that may be: nobody waits for them until then */
	int waiting; /* lines that wait for their sums */
	STAILQ_HEAD(receipt_lines, receipt_line) lines;
};

/* Returns 0, or -1 after a message. receipt_close() it in any case. */
int receipt_open(struct receipt *receipt, uint64_t total);

/* Begins the sum of a file, if sums are wanted; NULL otherwise. */
struct sums_file *receipt_sum(struct receipt *receipt, int fd);

/* So much of a content is done, of which so many bytes had to be moved. */
void receipt_moved(struct receipt *receipt, uint64_t done, uint64_t moved);

/* That entry is in its place. Takes over its sum, complete, or NULL. */
void receipt_stored(struct receipt *receipt, const char *name, uint64_t size,
    struct sums_file *sum);

/* The entry was not stored, and will not be. */
void receipt_failed(struct receipt *receipt, const char *name, const char *why);

/* The same of one whose path is of more use to our user than its name. */
void receipt_failed_at(struct receipt *receipt, const char *name,
    const char *path, const char *why);

/* What has come of that entry is not known: the connection is lost. */
void receipt_lost(struct receipt *receipt, const char *name);

/*
 * Waits for the last sums and says what has come of all. Returns the status:
 * that which is given, unless something else failed.
 */
enum status receipt_close(struct receipt *receipt, enum status status);

#endif
