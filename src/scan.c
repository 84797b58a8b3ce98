/*
 * Attempts end in any order, but ports are reported in ascending order: an
 * attempt that has ended waits in a queue until all before it have ended. The
 * queue's length is limited, so memory stays bounded however many ports there
 * are.
 */
#include "scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <unistd.h>

#include "banner.h"
#include "deadline.h"
#include "family.h"
#include "fd.h"
#include "loop.h"
#include "report.h"
#include "trouble.h"

/* Attempts in the queue, most of which have ended. */
#define QUEUE 16384

/* Attempts at once: more would not be faster, and a listener has a backlog. */
#define ATTEMPTS 512

#define SPARE_DESCRIPTORS 16
#define NS_PER_MS         1e6

/* When the first line of progress comes, and how often it changes. */
#define PROGRESS_FIRST_S 1.0
#define PROGRESS_EVERY_S 0.25

/* One connection, being made or at its end. */
struct attempt {
	struct scanner *scanner;
	struct loop_task task;
	struct dial_target target;
	struct dial dial;
	int64_t began, ended; /* deadline_now() then */
	struct banner banner; /* as far as one is wanted */
	STAILQ_ENTRY(attempt) next;
};

struct scanner {
	struct scan *scan; /* borrowed */
	struct loop loop;
	struct loop_task bell; /* signals, and the time to show progress */
	struct report report;
	STAILQ_HEAD(attempts, attempt) queue;
	uint64_t begun; /* ports; report.done of them have left the queue */
	int idle;       /* how many more attempts may be made at once */
};

static void begin_banner(
    struct dial_target *target, struct socket_attempt *attempt)
{
	banner_begin(
	    &loop_owner(target, struct attempt, target)->banner, attempt);
}

static int hear_banner(
    struct dial_target *target, struct socket_attempt *attempt)
{
	return banner_hear(
	    &loop_owner(target, struct attempt, target)->banner, attempt);
}

static const struct dial_greeting greeting = { begin_banner, hear_banner };

static void report_attempt(struct attempt *attempt)
{
	const struct dial *dial = &attempt->dial;
	char line[BANNER_SIZE];
	struct report_entry entry = {
		.address = attempt->target.address,
		.error = dial->state == DIAL_CONNECTED ? 0 : dial->error,
		.fault = dial->attempt.fault,
		.ms = (double)(attempt->ended - attempt->began) / NS_PER_MS,
	};

	/* of this attempt, not of one before it */
	if (attempt->banner.heard > 0 &&
	    strcmp(entry.fault.step, "banner") == 0) {
		entry.banner = banner_line(&attempt->banner, line);
		/* the rest of it did not come */
		if (entry.error == ETIMEDOUT)
			entry.error = EPROTO;
	}
	report_port(&attempt->scanner->report, &entry);
}

/*
 * Takes attempts out of the queue and reports them, up to the first that has
 * not ended; if the scan is over, takes them all.
 */
static void tell(struct scanner *scanner, bool over)
{
	struct attempt *attempt;

	while ((attempt = STAILQ_FIRST(&scanner->queue)) != NULL) {
		if (attempt->dial.state >= DIAL_CONNECTED)
			report_attempt(attempt);
		else if (!over)
			break;
		STAILQ_REMOVE_HEAD(&scanner->queue, next);
		free(attempt);
	}
}

static void end_attempt(struct attempt *attempt)
{
	struct scanner *scanner = attempt->scanner;

	attempt->ended = deadline_now();
	loop_remove(&scanner->loop, &attempt->task);
	if (attempt->dial.state == DIAL_CONNECTED)
		close(attempt->dial.attempt.fd);
	scanner->idle++;
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
	end_attempt(attempt);
}

static void run_attempt(struct loop_task *task)
{
	struct attempt *attempt = loop_owner(task, struct attempt, task);

	dial_advance(&attempt->dial, task->fds[0].revents);
	watch(attempt);
}

/* Returns 0, or -1 with errno. */
static int begin_next(struct scanner *scanner)
{
	const struct scan *scan = scanner->scan;
	struct attempt *attempt = malloc(sizeof *attempt);

	if (attempt == NULL)
		return -1;
	scanner->idle--;
	attempt->scanner = scanner;
	loop_task_init(&attempt->task, run_attempt);
	attempt->target = scan->target;
	attempt->banner = (struct banner){ .wanted = scan->banner };
	attempt->target.greeting = scan->banner != NULL ? &greeting : NULL;
	attempt->target.address.port =
	    value_ports_at(&scan->ports, scanner->begun++);
	attempt->began = deadline_now();
	STAILQ_INSERT_TAIL(&scanner->queue, attempt, next);
	dial_begin(&attempt->dial, &attempt->target);
	watch(attempt);
	return 0;
}

/* Begins as many attempts as there is room for. Returns 0, or -1 with errno. */
static int begin_more(struct scanner *scanner)
{
	const struct report *report = &scanner->report;

	while (scanner->idle > 0 && scanner->begun < report->total &&
	       scanner->begun < report->done + QUEUE)
		if (begin_next(scanner) < 0)
			return -1;
	return 0;
}

static void run_bell(struct loop_task *task)
{
	struct scanner *scanner = loop_owner(task, struct scanner, bell);

	scanner->scan->signal = loop_next_signal(task);
	if (!deadline_passed(task->wake))
		return;
	report_progress(&scanner->report);
	task->wake = deadline_in(PROGRESS_EVERY_S);
	loop_update(&scanner->loop, task);
}

static int attempts_at_once(const struct scanner *scanner)
{
	int allowed = family_of(scanner->scan->target.address.kind)->attempts;
	int most = allowed > 0 ? allowed : ATTEMPTS;
	int room = fd_room(scanner->loop.epoll, SPARE_DESCRIPTORS);

	return MAX(MIN(most, room), 1);
}

/* Returns 0, or -1 with errno. */
static int scan_all(struct scanner *scanner)
{
	struct report *report = &scanner->report;

	scanner->idle = attempts_at_once(scanner);
	while (scanner->scan->signal == 0) {
		if (begin_more(scanner) < 0)
			return -1;
		tell(scanner, false);
		if (!report_flush(report) || report->done == report->total)
			break;
		if (loop_turn(&scanner->loop) < 0)
			return -1;
	}
	return 0;
}

/* Returns 0, or -1 with errno. */
static int run(struct scanner *scanner)
{
	int result = -1;

	if (scanner->report.to == NULL || loop_init(&scanner->loop) < 0)
		return -1;
	loop_task_init(&scanner->bell, run_bell);
	if (isatty(STDERR_FILENO))
		scanner->bell.wake = deadline_in(PROGRESS_FIRST_S);
	if (loop_watch_signals(&scanner->loop, &scanner->bell, false) == 0)
		result = scan_all(scanner);
	tell(scanner, true);
	loop_free(&scanner->loop);
	return result;
}

enum status scan_run(struct scan *scan)
{
	struct scanner scanner = {
		.scan = scan,
		.report = {
			.verbose = scan->verbose,
			.json = scan->json,
			.total = value_ports_count(&scan->ports),
			.to = fd_output(STDOUT_FILENO),
		},
		.queue = STAILQ_HEAD_INITIALIZER(scanner.queue),
	};

	scan->signal = 0;
	if (run(&scanner) == 0)
		return report_end(&scanner.report);
	trouble_at(&scan->target.address, "scan", errno);
	return STATUS_FAILED;
}
