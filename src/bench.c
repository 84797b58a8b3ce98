#include "bench.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/param.h>

#include "confine.h"
#include "connection.h"
#include "deadline.h"
#include "figures.h"
#include "gauge.h"
#include "log.h"
#include "loop.h"
#include "plan.h"
#include "prepare.h"
#include "trouble.h"

#define MS_PER_S 1000.0

/* The warm-up: a part of the time to measure, within these limits, in s. */
#define WARM_UP_PART  0.1
#define WARM_UP_LEAST 0.2
#define WARM_UP_MOST  1.0

/* How long a peer may take to close when all is known, in s. */
#define END_SECONDS 2.0

struct bench {
	const struct options *options;
	struct loop loop;
	struct loop_task bell;  /* signals */
	struct loop_task clock; /* the time limit of a state */
	struct dial_target far;
	struct connections connections;
	struct connection_maker maker;
	struct gauge_common gauges;
	struct gauge gauge;
	enum gauge_state state; /* the gauge's, when it was looked at last */
	double limit;           /* of that state, in s */
	bool over;
	bool expired;
	bool broken; /* the loop cannot go on */
	enum status status;
	int signal;
};

static void note_end(struct connections *all, const struct connection_end *end)
{
	struct bench *bench = loop_owner(all, struct bench, connections);

	bench->status = end->status;
	bench->over = true;
}

static void settle(struct connections *all)
{
	confine_relaying(loop_owner(all, struct bench, connections)->options);
}

/* The limit of the gauge's state begins. */
static void set_limit(struct bench *bench, enum gauge_state state)
{
	const struct measure_hello *wishes = &bench->gauge.ours;
	double timeout = bench->options->timeout;

	bench->state = state;
	if (state == GAUGE_HELLO)
		return; /* the limit of the greeting is that of both */
	bench->limit = timeout;
	if (state == GAUGE_MEASURING && timeout > 0)
		bench->limit += (wishes->warm_up + wishes->time) / MS_PER_S;
	if (state == GAUGE_DONE)
		bench->limit = END_SECONDS;
	bench->clock.wake = deadline_limit(bench->limit);
	if (loop_update(&bench->loop, &bench->clock) < 0) {
		trouble_at(&bench->options->address, "epoll", errno);
		bench->broken = true;
	}
}

static struct stream *make(struct connection_maker *maker, int far)
{
	struct bench *bench = loop_owner(maker, struct bench, maker);
	const struct options *options = bench->options;
	double time = options->bench_time;
	double warm_up = time * WARM_UP_PART;
	struct measure_hello wishes = { .both = options->both,
		.relay = options->buffer };

	warm_up = MIN(MAX(warm_up, WARM_UP_LEAST), WARM_UP_MOST);
	wishes.warm_up = (uint32_t)(warm_up * MS_PER_S);
	wishes.time = (uint32_t)(time * MS_PER_S + 0.5);
	if (gauge_open(&bench->gauge, &bench->gauges, &wishes, far) < 0)
		return NULL;
	set_limit(bench, GAUGE_GREETING);
	return &bench->gauge.stream;
}

static void unmake(struct connection_maker *maker, struct stream *near)
{
	struct bench *bench = loop_owner(maker, struct bench, maker);

	(void)near;
	gauge_close(&bench->gauge);
}

static void run_bell(struct loop_task *task)
{
	struct bench *bench = loop_owner(task, struct bench, bell);
	int number = loop_next_signal(task);

	if (number != 0 && number != SIGUSR1)
		bench->signal = number;
}

static void run_clock(struct loop_task *task)
{
	loop_owner(task, struct bench, clock)->expired = true;
}

/* Moves bytes until it is over or has failed, or a signal or a time limit ends
 * it. What a peer that has failed does not take is not waited for. */
static void move(struct bench *bench)
{
	connection_begin(&bench->connections, -1, &bench->options->address);
	while (!bench->over && !bench->expired && !bench->broken &&
	       bench->signal == 0 && bench->gauge.state != GAUGE_FAILED) {
		if (loop_turn(&bench->loop) < 0) {
			trouble_at(&bench->options->address, "poll", errno);
			bench->broken = true;
		}
		if (bench->gauge.state != bench->state)
			set_limit(bench, bench->gauge.state);
	}
	if (!bench->over)
		connections_end(&bench->connections);
}

/* What it is that did not happen within the time limit. */
static void complain_of_time(const struct bench *bench)
{
	static const char *const what[] = {
		[GAUGE_GREETING] = "greeting: none came",
		[GAUGE_HELLO] = "greeting: no whole answer came",
		[GAUGE_MEASURING] = "the measurement was not over",
	};
	char name[ADDRESS_TEXT_SIZE];

	log_error("%s: %s in %g s",
	    address_name(&bench->options->address, name), what[bench->state],
	    bench->limit);
}

/* For a peer that has never said that it is a vcat. */
static void advise(const struct bench *bench)
{
	const struct address *address = &bench->options->address;
	char at[ADDRESS_TEXT_SIZE];

	if (bench->gauge.hail.greeting.kind != GREETING_NONE)
		return;
	if (address->kind == ADDRESS_TCP || address->kind == ADDRESS_UNIX)
		address_format(address, at);
	else
		snprintf(at, sizeof at, "%u", address->port);
	log_hint("start `vcat -l -k --sink %s` there", at);
}

static void print(const struct bench *bench)
{
	const struct address *address = &bench->options->address;

	if (bench->options->json)
		figures_print_json(&bench->gauge, address, stdout);
	else
		figures_print(&bench->gauge, address, stdout);
}

/* How it went. `opened`: there was a connection. */
static enum status judge(struct bench *bench, bool opened)
{
	bool known = opened && figures_known(&bench->gauge);
	bool done = opened && bench->gauge.state == GAUGE_DONE;
	char name[ADDRESS_TEXT_SIZE];

	if (done || (bench->signal != 0 && known))
		print(bench);
	if (bench->broken)
		return STATUS_FAILED;
	if (done && !bench->over)
		return STATUS_OK; /* a peer that does not close */
	if (bench->signal != 0) {
		log_error("%s: interrupted: %s",
		    address_name(&bench->options->address, name),
		    known ? "the result is of a shorter time"
			  : "nothing was measured");
		return STATUS_FAILED;
	}
	if (bench->expired)
		complain_of_time(bench);
	if (opened && !done)
		advise(bench);
	return bench->expired ? STATUS_TIMEOUT : bench->status;
}

static enum status run(struct bench *bench)
{
	const struct address *address = &bench->options->address;

	loop_task_init(&bench->bell, run_bell);
	loop_task_init(&bench->clock, run_clock);
	if (loop_watch_signals(&bench->loop, &bench->bell, false) < 0) {
		trouble_at(address, "epoll", errno);
		return STATUS_FAILED;
	}
	gauge_prepare(&bench->gauges);
	bench->maker = (struct connection_maker){ make, unmake };
	bench->connections = plan_connections(bench->options);
	bench->connections.loop = &bench->loop;
	bench->connections.far = &bench->far;
	bench->connections.maker = &bench->maker;
	bench->connections.settle = settle;
	bench->connections.done = note_end;
	bench->far.again = true; /* --retry does not work here: no advice */
	bench->connections.rules.end_with_far = false;
	confine_opening(bench->options, "", -1);
	move(bench);
	gauge_forget(&bench->gauges);
	return judge(bench, bench->gauge.common != NULL);
}

enum status bench_run(const struct options *options, int *number)
{
	struct bench bench = {
		.options = options,
		.far = plan_target(options, &options->address),
		.status = STATUS_FAILED,
	};
	enum status status = STATUS_FAILED;

	signal(SIGPIPE, SIG_IGN);
	if (prepare_names(options, &bench.far, &bench.far) < 0)
		status = errno == ETIMEDOUT ? STATUS_TIMEOUT : STATUS_FAILED;
	else if (loop_init(&bench.loop) < 0)
		trouble_at(&options->address, "epoll", errno);
	else {
		status = run(&bench);
		loop_free(&bench.loop);
	}
	dial_forget(&bench.far);
	*number = bench.signal;
	return status;
}
