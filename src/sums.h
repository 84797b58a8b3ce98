/*
 * SHA-256 of files, in a thread that reads them again as they are moved: it
 * follows the transfer, and the transfer never waits for it. Files of a few KiB
 * are not worth waking it up: their sums are computed when they are taken.
 * All functions are for one thread, that of the user.
 */
#ifndef VCAT_SUMS_H
#define VCAT_SUMS_H

#include <stdbool.h>
#include <stdint.h>

/* In hexadecimal, with the '\0'. */
#define SUMS_TEXT_SIZE 65

struct sums;
struct sums_file;

/* Starts the thread. Returns NULL with errno. */
struct sums *sums_open(void);

/*
 * Begins the sum of a file, which is read through a copy of fd from offset 0
 * on, and not beyond what sums_reached() allows; fd must be open for reading.
 * Several may be begun: the thread computes the oldest whose bytes are there.
 * Returns NULL with errno.
 */
struct sums_file *sums_begin(struct sums *sums, int fd);

/* The first `bytes` of the file are there: not fewer than before. */
void sums_reached(struct sums_file *file, uint64_t bytes);

/* All are there: the file has that many bytes. */
void sums_complete(struct sums_file *file, uint64_t bytes);

/* Whether sums_take() would not wait, and has little to do. */
bool sums_ready(struct sums_file *file);

/*
 * Waits until the sum of a complete file is computed, writes it into text[] and
 * frees the file. If the thread is at another file, it is computed here.
 * Returns 0, or -1 with errno if the file could not be read: ENODATA if it was
 * shorter.
 */
int sums_take(struct sums_file *file, char text[SUMS_TEXT_SIZE]);

/* Frees a file whose sum nobody wants any more; it need not be complete. */
void sums_drop(struct sums_file *file);

/* Ends the thread. All files have been taken or dropped. */
void sums_close(struct sums *sums);

#endif
