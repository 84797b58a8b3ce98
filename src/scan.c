/*
 * Attempts end in any order, and are told of in that of their ports: results
 * wait in a ring until all before them are there. No attempt begins further
 * ahead of the first unknown port than the ring is long, so that memory stays
 * bounded however many ports there are.
 */
#include "scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
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

struct scanner;

/* One connection being made. */
struct attempt {
	struct scanner *scanner;
	struct loop_task task;
	struct dial_target target;
	struct dial dial;
	uint64_t index; /* of the port */
	int64_t began;
};

struct scanner {
	const struct scan *scan;
	struct loop loop;
	struct loop_task bell; /* signals */
	struct loop_task tick; /* for the line of progress */
	struct report report;
	struct attempt *attempts;
	struct attempt **idle; /* a stack of those that do nothing */
	int idles;
	struct report_entry ring[RING];
	uint64_t total, begun, told;
	int signal;
};

/* Tells of the results up to the first that is not known; or of all that are,
 * if there will be no more. */
static void tell(struct scanner *scanner, bool last)
{
	for (; scanner->told < scanner->begun; scanner->told++) {
		struct report_entry *entry =
		    &scanner->ring[scanner->told % RING];
		bool known = entry->outcome != OUTCOME_UNKNOWN;

		if (!known && !last)
			break;
		if (known)
			report_port(&scanner->report,
			    value_ports_at(
				&scanner->scan->ports, scanner->told),
			    entry);
	}
}

static void note_outcome(struct attempt *attempt)
{
	struct scanner *scanner = attempt->scanner;
	struct dial *dial = &attempt->dial;
	int error = dial->state == DIAL_CONNECTED ? 0 : dial->error;

	scanner->ring[attempt->index % RING] = (struct report_entry){
		.outcome = trouble_outcome(&attempt->target.address, error),
		.error = error,
		.step = dial->attempt.fault.step,
		.ms = (double)(deadline_now() - attempt->began) / NS_PER_MS,
	};
	loop_remove(&scanner->loop, &attempt->task);
	if (dial->state == DIAL_CONNECTED)
		close(dial->attempt.fd);
	scanner->idle[scanner->idles++] = attempt;
}

/* Waits for the attempt's next step, if there is one. */
static void watch(struct attempt *attempt)
{
	struct dial *dial = &attempt->dial;

	if (dial->state >= DIAL_CONNECTED) {
		note_outcome(attempt);
		return;
	}
	attempt->task.fds[0] = dial_interest(dial);
	attempt->task.wake = dial_deadline(dial);
	if (loop_update(&attempt->scanner->loop, &attempt->task) == 0)
		return;
	dial_abort(dial);
	dial->error = errno;
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
	struct attempt *attempt = scanner->idle[--scanner->idles];
	uint64_t index = scanner->begun++;

	scanner->ring[index % RING].outcome = OUTCOME_UNKNOWN;
	attempt->index = index;
	attempt->target.address.port =
	    value_ports_at(&scanner->scan->ports, index);
	attempt->began = deadline_now();
	dial_begin(&attempt->dial, &attempt->target);
	watch(attempt);
}

/* As many new attempts as there is room for. */
static void begin_more(struct scanner *scanner)
{
	while (scanner->idles > 0 && scanner->begun < scanner->total &&
	       scanner->begun < scanner->told + RING && scanner->signal == 0)
		begin_next(scanner);
}

static void run_bell(struct loop_task *task)
{
	loop_owner(task, struct scanner, bell)->signal = signals_next(task);
}

static void run_tick(struct loop_task *task)
{
	struct scanner *scanner = loop_owner(task, struct scanner, tick);

	report_progress(&scanner->report, scanner->told, scanner->total);
	task->wake = deadline_in(REPORT_PROGRESS_SECONDS);
	loop_update(&scanner->loop, task);
}

static int open_tasks(struct scanner *scanner)
{
	loop_task_init(&scanner->bell, run_bell);
	if (signals_watch(&scanner->loop, &scanner->bell, false) < 0)
		return -1;
	loop_task_init(&scanner->tick, run_tick);
	if (report_has_progress())
		scanner->tick.wake = deadline_in(REPORT_PROGRESS_FIRST);
	return loop_update(&scanner->loop, &scanner->tick);
}

static int attempts_at_once(const struct scanner *scanner)
{
	const struct address *address = &scanner->scan->target.address;
	int allowed = family_of(address->kind)->attempts;
	int most = allowed > 0 ? allowed : ATTEMPTS;
	int room = fd_room(scanner->loop.epoll, SPARE_DESCRIPTORS);

	if (room < most)
		most = room > 1 ? room : 1;
	if (scanner->total < (uint64_t)most)
		most = (int)scanner->total;
	return most > 0 ? most : 1;
}

static int open_attempts(struct scanner *scanner)
{
	size_t size = (size_t)attempts_at_once(scanner);

	scanner->attempts = calloc(size, sizeof *scanner->attempts);
	scanner->idle = calloc(size, sizeof(struct attempt *));
	if (scanner->attempts == NULL || scanner->idle == NULL)
		return -1;
	for (size_t i = size; i-- > 0;) {
		struct attempt *attempt = &scanner->attempts[i];

		attempt->scanner = scanner;
		attempt->target = scanner->scan->target;
		loop_task_init(&attempt->task, run_attempt);
		scanner->idle[scanner->idles++] = attempt;
	}
	return 0;
}

static int scan_all(struct scanner *scanner)
{
	while (scanner->told < scanner->total && scanner->signal == 0) {
		begin_more(scanner);
		tell(scanner, false);
		if (!report_flush(&scanner->report))
			break;
		if (scanner->told < scanner->total &&
		    loop_turn(&scanner->loop) < 0)
			return -1;
	}
	return 0;
}

static struct scanner *new_scanner(struct scan *scan)
{
	struct scanner *scanner = calloc(1, sizeof *scanner);

	if (scanner == NULL)
		return NULL;
	scanner->scan = scan;
	scanner->loop.epoll = -1;
	scanner->total = value_ports_count(&scan->ports);
	report_init(
	    &scanner->report, &scan->target.address, scan->verbose, scan->json);
	scanner->report.retried = scan->target.retry >= 0;
	return scanner;
}

static void free_scanner(struct scanner *scanner)
{
	if (scanner == NULL)
		return;
	loop_free(&scanner->loop);
	free(scanner->attempts);
	free(scanner->idle);
	free(scanner);
}

/* Returns 0, or -1 with errno and the step that failed. */
static int run(struct scanner *scanner, struct socket_fault *fault)
{
	fault->step = "epoll";
	if (loop_init(&scanner->loop) < 0 || open_tasks(scanner) < 0)
		return -1;
	fault->step = "memory";
	if (open_attempts(scanner) < 0)
		return -1;
	fault->step = "epoll";
	return scan_all(scanner);
}

enum status scan_run(struct scan *scan, int *signal)
{
	struct scanner *scanner = new_scanner(scan);
	struct socket_fault fault = { .step = "memory" };
	enum status status = STATUS_FAILED;

	*signal = 0;
	if (scanner == NULL || dial_resolve(&scan->target, &fault) < 0 ||
	    run(scanner, &fault) < 0) {
		trouble_report(&scan->target.address, &fault, errno);
	} else {
		*signal = scanner->signal;
		tell(scanner, true);
		status = report_end(&scanner->report);
	}
	free_scanner(scanner);
	return status;
}
