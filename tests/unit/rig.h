/*
 * A relay in a thread, between a user at two pipes and a peer at a socket:
 *
 *	keyboard -> near.in.fd   relay   far <-> peer
 *	screen  <- near.out.fd
 */
#ifndef VCAT_TEST_RIG_H
#define VCAT_TEST_RIG_H

#include "ends.h"
#include "relay.h"
#include "test.h"

#define RIG_BUFFER (64 * KIB)

struct rig {
	int keyboard, screen, peer; /* the test's; -1 once closed */
	struct stream near, far;
	struct relay relay;
	pthread_t thread;
	int result; /* 0, or poll(2)'s -1 */
	bool running;
};

/* The rules that vcat has without options. */
static inline struct relay_rules rig_rules(void)
{
	return (struct relay_rules){
		.buffer = RIG_BUFFER,
		.quit_after = -1,
	};
}

/* Opens the ends; the peer's socket is of that type. */
static inline void rig_open(struct rig *rig, int type)
{
	int in[2];
	int out[2];

	*rig = (struct rig){ .result = -1 };
	ends_pipe(in, 0);
	ends_pipe(out, 1);
	rig->near = (struct stream){
		.kind = &stream_plain,
		.in.fd = in[0],
		.out.fd = out[1],
		.ending = STREAM_CLOSE,
	};
	rig->keyboard = in[1];
	rig->screen = out[0];
	rig->peer = ends_stream(type, &rig->far, RIG_BUFFER);
}

static inline void *rig_run(void *arg)
{
	struct rig *rig = arg;
	struct relay *relay = &rig->relay;
	struct pollfd fds[RELAY_FDS] = { 0 };

	rig->result = 0;
	while (relay_advance(relay, fds) == RELAY_RUNNING) {
		relay_interest(relay, fds);
		rig->result = poll(
		    fds, RELAY_FDS, deadline_poll_ms(relay_deadline(relay)));
		if (rig->result < 0)
			return NULL;
	}
	rig->result = 0;
	return NULL;
}

/* Starts the relay; without rules, by those that vcat has without options. */
static inline void rig_start(struct rig *rig, const struct relay_rules *rules)
{
	struct relay_rules usual = rig_rules();

	relay_init(
	    &rig->relay, &rig->near, &rig->far, rules != NULL ? rules : &usual);
	rig->running = true;
	errno = pthread_create(&rig->thread, NULL, rig_run, rig);
	ends_must(errno == 0 ? 0 : -1, "pthread_create");
}

static inline void rig_begin(struct rig *rig, int type)
{
	rig_open(rig, type);
	rig_start(rig, NULL);
}

/* Whether the relay ends, within that time. */
static inline bool rig_ends(struct rig *rig, double seconds)
{
	struct timespec limit;
	int64_t ns;

	if (!rig->running)
		return true;
	clock_gettime(CLOCK_REALTIME, &limit);
	ns = limit.tv_nsec + (int64_t)(seconds * 1e9);
	limit.tv_sec += ns / 1000000000;
	limit.tv_nsec = ns % 1000000000;
	rig->running = pthread_timedjoin_np(rig->thread, NULL, &limit) != 0;
	return !rig->running;
}

/* Closes one of the test's ends. */
static inline void rig_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Closes all ends, which ends the relay if it has not ended; cleans up. */
static inline void rig_close(struct rig *rig)
{
	rig_end(&rig->keyboard);
	rig_end(&rig->screen);
	rig_end(&rig->peer);
	if (!rig_ends(rig, 3)) {
		printf("# all ends are closed, and the relay goes on\n");
		exit(1);
	}
	relay_free(&rig->relay);
	stream_close(&rig->far);
	rig_end(&rig->near.in.fd);
	rig_end(&rig->near.out.fd);
}

/* Seconds of CPU time that the relay has used. */
static inline double rig_cpu(const struct rig *rig)
{
	struct timespec used = { 0 };
	clockid_t clock;

	if (pthread_getcpuclockid(rig->thread, &clock) == 0)
		clock_gettime(clock, &used);
	return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

/* Whether the relay goes on, and uses hardly any CPU time, for a while. */
static inline bool rig_rests(struct rig *rig, double seconds)
{
	double before;
	double used;

	if (rig_ends(rig, 0.1)) /* what there is to do at once is done */
		return false;
	before = rig_cpu(rig);
	if (rig_ends(rig, seconds))
		return false;
	used = rig_cpu(rig) - before;
	if (used > seconds / 20)
		printf("# waiting %g s took %g s of CPU time\n", seconds, used);
	return used <= seconds / 20;
}

/* Checks that the relay ends now, and how. */
#define CHECK_ENDS(rig, how, out_fault, in_fault)                              \
	do {                                                                   \
		if (CHECK(rig_ends((rig), 3))) {                               \
			CHECK_INT((rig)->result, 0);                           \
			CHECK_INT((rig)->relay.state, (how));                  \
			CHECK_INT((rig)->relay.out.fault, (out_fault));        \
			CHECK_INT((rig)->relay.in.fault, (in_fault));          \
		}                                                              \
	} while (0)

/* Checks that the relay ends now, and well. */
#define CHECK_ENDS_WELL(rig)                                                   \
	CHECK_ENDS((rig), RELAY_ENDED, FLOW_SOUND, FLOW_SOUND)

#endif
