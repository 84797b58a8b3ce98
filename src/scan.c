/*
 * Attempts end in any order, but ports are reported in ascending order: results
 * wait in a ring until all results before them are known. No attempt begins
 * further ahead of the first unknown result than the ring is long, so memory
 * stays bounded however many ports there are.
 */
#include "scan.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <unistd.h>

#include "deadline.h"
#include "family.h"
#include "fd.h"
#include "loop.h"
#include "report.h"
#include "signals.h"
#include "trouble.h"

/* Results that wait for those before them. */
#define RING 16384

/* Attempts at once: more would not be faster, and a listener has a backlog. */
#define ATTEMPTS 512

#define SPARE_DESCRIPTORS 16
#define NS_PER_MS         1e6

/* When the first line of progress comes, and how often it changes. */
#define PROGRESS_FIRST_S 1.0
#define PROGRESS_EVERY_S 0.25

/* One connection being made. */
struct attempt {
	struct scanner *scanner;
	struct loop_task task;
	struct dial_target target;
	struct dial dial;
	struct report_entry *entry; /* in the ring */
	int64_t began;
	SLIST_ENTRY(attempt) next_idle;
};

struct scanner {
	struct scan *scan; /* borrowed */
	struct loop loop;
	struct loop_task bell; /* signals, and the time to show progress */
	struct report report;
	struct attempt attempts[ATTEMPTS];
	SLIST_HEAD(idle_attempts, attempt) idle;
	struct report_entry ring[RING];
	uint64_t begun; /* ports; report.done of them are out of the ring */
};

/*
 * Reports the results up to the first unknown one; if no more will come, skips
 * those that are unknown.
 */
static void tell(struct scanner *scanner, bool last)
{
	for (uint64_t i = scanner->report.done; i < scanner->begun; i++) {
		const struct report_entry *entry = &scanner->ring[i % RING];

		if (entry->outcome != OUTCOME_UNKNOWN)
			report_port(&scanner->report, entry);
		else if (!last)
			break;
	}
}

static void note_outcome(struct attempt *attempt)
{
	struct scanner *scanner = attempt->scanner;
	struct report_entry *entry = attempt->entry;
	struct dial *dial = &attempt->dial;

	loop_remove(&scanner->loop, &attempt->task);
	if (dial->state == DIAL_CONNECTED)
		close(dial->attempt.fd);
	else
		entry->error = dial->error;
	entry->outcome =
	    trouble_outcome(&attempt->target.address, entry->error);
	entry->fault = dial->attempt.fault;
	entry->ms = (double)(deadline_now() - attempt->began) / NS_PER_MS;
	SLIST_INSERT_HEAD(&scanner->idle, attempt, next_idle);
}

/* Waits for the attempt's next step, if there is one. */
static void watch(struct attempt *attempt)
{
	struct dial *dial = &attempt->dial;

	if (dial->state < DIAL_CONNECTED) {
		attempt->task.fds[0] = dial_interest(dial);
		attempt->task.wake = dial_deadline(dial);
		if (loop_update(&attempt->scanner->loop, &attempt->task) == 0)
			return;
		dial_abort(dial);
		dial->error = errno;
	}
	note_outcome(attempt);
}

static void run_attempt(struct loop_task *task)
{
	struct attempt *attempt = loop_owner(task, struct attempt, task);

	dial_advance(&attempt->dial, task->fds[0].revents);
	watch(attempt);
}

static void begin_next(struct scanner *scanner)
{
	struct attempt *attempt = SLIST_FIRST(&scanner->idle);
	uint64_t index = scanner->begun++;
	uint32_t port = value_ports_at(&scanner->scan->ports, index);

	SLIST_REMOVE_HEAD(&scanner->idle, next_idle);
	attempt->entry = &scanner->ring[index % RING];
	*attempt->entry = (struct report_entry){ .port = port };
	attempt->target.address.port = port;
	attempt->began = deadline_now();
	dial_begin(&attempt->dial, &attempt->target);
	watch(attempt);
}

/* Begins as many attempts as there is room for. */
static void begin_more(struct scanner *scanner)
{
	const struct report *report = &scanner->report;

	while (!SLIST_EMPTY(&scanner->idle) && scanner->begun < report->total &&
	       scanner->begun < report->done + RING)
		begin_next(scanner);
}

static void run_bell(struct loop_task *task)
{
	struct scanner *scanner = loop_owner(task, struct scanner, bell);

	scanner->scan->signal = signals_next(task);
	if (!deadline_passed(task->wake))
		return;
	report_progress(&scanner->report);
	task->wake = deadline_in(PROGRESS_EVERY_S);
	loop_update(&scanner->loop, task);
}

static int open_bell(struct scanner *scanner)
{
	loop_task_init(&scanner->bell, run_bell);
	if (isatty(STDERR_FILENO))
		scanner->bell.wake = deadline_in(PROGRESS_FIRST_S);
	return signals_watch(&scanner->loop, &scanner->bell, false);
}

static int attempts_at_once(const struct scanner *scanner)
{
	enum address_kind kind = scanner->scan->target.address.kind;
	int allowed = family_of(kind)->attempts;
	int most = allowed > 0 ? allowed : ATTEMPTS;
	int room = fd_room(scanner->loop.epoll, SPARE_DESCRIPTORS);

	if (room < most)
		most = room;
	return most > 1 ? most : 1;
}

static void open_attempts(struct scanner *scanner)
{
	int most = attempts_at_once(scanner);

	for (int i = 0; i < most && (uint64_t)i < scanner->report.total; i++) {
		struct attempt *attempt = &scanner->attempts[i];

		attempt->scanner = scanner;
		attempt->target = scanner->scan->target;
		loop_task_init(&attempt->task, run_attempt);
		SLIST_INSERT_HEAD(&scanner->idle, attempt, next_idle);
	}
}

/* Returns 0, or -1 with errno. */
static int scan_all(struct scanner *scanner)
{
	struct report *report = &scanner->report;

	while (scanner->scan->signal == 0) {
		begin_more(scanner);
		tell(scanner, false);
		if (!report_flush(report) || report->done == report->total)
			break;
		if (loop_turn(&scanner->loop) < 0)
			return -1;
	}
	tell(scanner, true);
	return 0;
}

/* Returns 0, or -1 with errno and the step that failed. */
static int run(struct scanner *scanner, struct socket_fault *fault)
{
	int result = -1;

	if (scanner->report.to == NULL ||
	    dial_resolve(&scanner->scan->target, fault) < 0)
		return -1;
	fault->step = "epoll";
	if (loop_init(&scanner->loop) < 0)
		return -1;
	open_attempts(scanner);
	if (open_bell(scanner) == 0)
		result = scan_all(scanner);
	loop_free(&scanner->loop);
	return result;
}

/* Returns NULL with errno. */
static struct scanner *new_scanner(struct scan *scan)
{
	struct scanner *scanner = calloc(1, sizeof *scanner);

	if (scanner == NULL)
		return NULL;
	scanner->scan = scan;
	scanner->report = (struct report){
		.address = scan->target.address,
		.verbose = scan->verbose,
		.json = scan->json,
		.total = value_ports_count(&scan->ports),
		.to = fd_output(STDOUT_FILENO),
	};
	return scanner;
}

enum status scan_run(struct scan *scan)
{
	struct socket_fault fault = { .step = "memory" };
	struct scanner *scanner = new_scanner(scan);
	enum status status = STATUS_FAILED;

	scan->signal = 0;
	if (scanner != NULL && run(scanner, &fault) == 0)
		status = report_end(&scanner->report);
	else
		trouble_report(&scan->target.address, &fault, errno);
	free(scanner);
	return status;
}
