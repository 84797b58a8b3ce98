#include "receipt.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fd.h"
#include "json.h"
#include "log.h"
#include "trouble.h"

#define NS_PER_S 1e9

/* Sums may be so far behind that each has a descriptor, and some are left. */
#define SPARE_DESCRIPTORS 1500
#define SUMS_BEHIND       16 /* at least */

struct receipt_line {
	char *name;
	uint64_t size;
	struct sums_file *sum; /* NULL: none */
	STAILQ_ENTRY(receipt_line) next;
};

int receipt_open(struct receipt *receipt, uint64_t total)
{
	receipt->began = deadline_now();
	receipt->behind = fd_room(STDERR_FILENO, SPARE_DESCRIPTORS);
	if (receipt->behind < SUMS_BEHIND)
		receipt->behind = SUMS_BEHIND;
	STAILQ_INIT(&receipt->lines);
	progress_begin(&receipt->progress, receipt->meter, total);
	receipt->out = fd_output(STDOUT_FILENO);
	if (receipt->out != NULL && receipt->wants_sums)
		receipt->sums = sums_open();
	if (receipt->out != NULL &&
	    (receipt->sums != NULL || !receipt->wants_sums))
		return 0;
	trouble_at(receipt->peer, "memory", errno);
	return -1;
}

struct sums_file *receipt_sum(struct receipt *receipt, int fd)
{
	struct sums_file *sum;

	if (receipt->sums == NULL)
		return NULL;
	sum = sums_begin(receipt->sums, fd);
	if (sum == NULL && !receipt->lacks_sums)
		trouble_at(receipt->peer, "sum", errno);
	receipt->lacks_sums = receipt->lacks_sums || sum == NULL;
	return sum;
}

void receipt_moved(struct receipt *receipt, uint64_t done, uint64_t moved)
{
	receipt->progress.kept += done - moved;
	progress_add(&receipt->progress, done);
}

/* As sha256sum(1) prints it, so that its -c takes it. */
static void print_sum(FILE *out, const char *sum, const char *name)
{
	static const char special[] = "\\\n\r";
	static const char letters[] = "\\nr";

	if (strpbrk(name, special) != NULL)
		fputc('\\', out);
	fprintf(out, "%s  ", sum);
	for (; *name != '\0'; name++) {
		const char *found = strchr(special, *name);

		if (found != NULL)
			fputc('\\', out);
		fputc(found != NULL ? letters[found - special] : *name, out);
	}
	fputc('\n', out);
}

/* Each line by itself, since other processes may have the same stdout. */
static void flush(struct receipt *receipt)
{
	if (receipt->json || receipt->wants_sums)
		progress_hide(&receipt->progress); /* the same terminal? */
	fflush(receipt->out);
	if (ferror(receipt->out) != 0 && receipt->error == 0)
		receipt->error = errno;
}

static void print_line(struct receipt *receipt, const struct receipt_line *line)
{
	char sum[SUMS_TEXT_SIZE] = "";
	char peer[ADDRESS_TEXT_SIZE];
	struct json json;

	if (line->sum != NULL && sums_take(line->sum, sum) < 0) {
		log_error("%s: no sum: %s", line->name, strerror(errno));
		receipt->lacks_sums = true;
		sum[0] = '\0';
	}
	if (receipt->json) {
		json_open(&json, receipt->out);
		json_string(&json, "name", line->name);
		json_bool(&json, "stored", true);
		json_number(&json, "bytes", (double)line->size);
		if (sum[0] != '\0')
			json_string(&json, "sha256", sum);
		json_close(&json);
	} else if (sum[0] != '\0') {
		print_sum(receipt->out, sum, line->name);
	}
	if (receipt->verbose)
		log_error("%s: %s: stored, %" PRIu64 " bytes",
		    address_name(receipt->peer, peer), line->name, line->size);
	flush(receipt);
}

/* Prints the lines whose turn it is, and waits for sums if that many are behind
 * or more. */
static void print_lines(struct receipt *receipt, int behind)
{
	struct receipt_line *line;

	while ((line = STAILQ_FIRST(&receipt->lines)) != NULL &&
	       (receipt->waiting >= behind || line->sum == NULL ||
		   sums_ready(line->sum))) {
		print_line(receipt, line);
		STAILQ_REMOVE_HEAD(&receipt->lines, next);
		receipt->waiting--;
		free(line->name);
		free(line);
	}
}

void receipt_stored(struct receipt *receipt, const char *name, uint64_t size,
    struct sums_file *sum)
{
	struct receipt_line *line = calloc(1, sizeof *line);
	char *copy = strdup(name);

	receipt->stored++;
	receipt->bytes += size;
	if (line == NULL || copy == NULL) {
		trouble_at(receipt->peer, "memory", errno);
		receipt->failed++;
		free(line);
		free(copy);
		return;
	}
	*line = (struct receipt_line){ copy, size, sum, { 0 } };
	STAILQ_INSERT_TAIL(&receipt->lines, line, next);
	receipt->waiting++;
	print_lines(receipt, receipt->behind);
}

static void print_failed(
    struct receipt *receipt, const char *name, const char *why)
{
	struct json json;

	receipt->failed++;
	if (!receipt->json)
		return;
	json_open(&json, receipt->out);
	json_string(&json, "name", name);
	json_bool(&json, "stored", false);
	json_string(&json, "error", why);
	json_close(&json);
	flush(receipt);
}

void receipt_failed_at(struct receipt *receipt, const char *name,
    const char *path, const char *why)
{
	char peer[ADDRESS_TEXT_SIZE];

	log_error("%s: %s: %s", address_name(receipt->peer, peer), path, why);
	print_failed(receipt, name, why);
}

void receipt_failed(struct receipt *receipt, const char *name, const char *why)
{
	receipt_failed_at(receipt, name, name, why);
}

void receipt_lost(struct receipt *receipt, const char *name)
{
	print_failed(receipt, name, "not confirmed: the connection was lost");
}

static double seconds_of(const struct receipt *receipt)
{
	return (double)(deadline_now() - receipt->began) / NS_PER_S;
}

static void print_json_total(const struct receipt *receipt, enum status status)
{
	struct json json;

	json_open(&json, receipt->out);
	json_number(&json, "stored", (double)receipt->stored);
	json_number(
	    &json, "failed", (double)receipt->failed + (double)receipt->unsent);
	json_number(&json, "bytes", (double)receipt->bytes);
	json_number(&json, "seconds", seconds_of(receipt));
	json_number(&json, "status", status);
	json_close(&json);
}

static void summarize(const struct receipt *receipt)
{
	double seconds = seconds_of(receipt);
	double rate = seconds > 0 ? (double)receipt->bytes / seconds : 0;
	char size[PROGRESS_SIZE];
	char speed[PROGRESS_SIZE];
	char peer[ADDRESS_TEXT_SIZE];

	log_error("%s: %s %" PRIu64 " file%s, %s in %.2f s (%s/s)",
	    address_name(receipt->peer, peer),
	    receipt->sends ? "sent" : "received", receipt->stored,
	    receipt->stored == 1 ? "" : "s",
	    progress_bytes(receipt->bytes, size), seconds,
	    progress_bytes((uint64_t)rate, speed));
}

enum status receipt_close(struct receipt *receipt, enum status status)
{
	bool shown = progress_end(&receipt->progress);
	char peer[ADDRESS_TEXT_SIZE];

	if (receipt->out == NULL)
		return STATUS_FAILED;
	if (receipt->unsent > 0)
		log_error("%s: the sender left out %" PRIu64
			  " of its files: see its messages",
		    address_name(receipt->peer, peer), receipt->unsent);
	print_lines(receipt, 0);
	if (status == STATUS_OK &&
	    (receipt->lacks_sums || receipt->failed + receipt->unsent > 0))
		status = STATUS_FAILED;
	if (receipt->json)
		print_json_total(receipt, status);
	if (shown || receipt->verbose)
		summarize(receipt);
	if (receipt->sums != NULL)
		sums_close(receipt->sums);
	flush(receipt);
	fclose(receipt->out);
	if (receipt->error == 0)
		return status;
	log_error("stdout: write: %s", strerror(receipt->error));
	return STATUS_FAILED;
}
