#include "gauge.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "deadline.h"
#include "fd.h"

#define NS_PER_S 1000000000

/* What the timer is set to if stream_read() has something to give. */
#define AT_ONCE 1

static struct gauge *gauge_of(struct stream *stream)
{
	return (struct gauge *)(void *)((char *)stream -
					offsetof(struct gauge, stream));
}

/* With an echo nobody is there who reports, or wants to know. */
static bool reports(const struct gauge *gauge)
{
	return gauge->hail.greeting.kind != GREETING_ECHO;
}

/* Whether it is known how much of what we send has arrived. */
static bool has_heard(const struct gauge *gauge)
{
	return reports(gauge) ? gauge->heard.time > 0
			      : gauge->tally.state == TALLY_DONE;
}

/* Whether all is known. */
static bool has_measured(const struct gauge *gauge)
{
	return gauge->state >= GAUGE_MEASURING &&
	       (!gauge->sends || has_heard(gauge)) &&
	       (!gauge->receives || gauge->tally.state == TALLY_DONE);
}

/* Whether it has something to send. */
static bool has_output(const struct gauge *gauge)
{
	return feed_waits(&gauge->feed) ||
	       (gauge->state == GAUGE_MEASURING && gauge->sends &&
		   !has_heard(gauge));
}

/* Has in.fd be readable when stream_read() should be called next. */
static void set_timer(struct gauge *gauge)
{
	bool counts = gauge->tally.state == TALLY_WARMING ||
		      gauge->tally.state == TALLY_COUNTING;
	struct itimerspec time = { 0 };
	int64_t at = 0;

	if (has_output(gauge) || gauge->state >= GAUGE_DONE)
		at = AT_ONCE;
	else if (counts)
		at = gauge->tally.next;
	if (at == gauge->armed)
		return;
	gauge->armed = at;
	time.it_value.tv_sec = at / NS_PER_S;
	time.it_value.tv_nsec = at % NS_PER_S;
	timerfd_settime(gauge->stream.in.fd, TFD_TIMER_ABSTIME, &time, NULL);
}

/* Returns -1 with errno. */
__attribute__((format(printf, 2, 3))) static int fail(
    struct gauge *gauge, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(gauge->why, sizeof gauge->why, format, args);
	va_end(args);
	gauge->state = GAUGE_FAILED;
	gauge->stream.why = gauge->why;
	gauge->feed.queued = 0;
	set_timer(gauge);
	errno = EPROTO;
	return -1;
}

static void put_hello(struct gauge *gauge)
{
	measure_put_hello(
	    feed_put(&gauge->feed, MEASURE_HELLO, MEASURE_HELLO_SIZE),
	    &gauge->ours);
}

static void begin_to_measure(struct gauge *gauge)
{
	gauge->state = GAUGE_MEASURING;
	gauge->since = deadline_now();
	gauge->joined = true;
	gauge->common->house.running++;
	gauge->common->house.began++;
}

/*
 * What it is time for; reading and writing begin with it. `some`: bytes have
 * come. Returns 0, or -1 with errno.
 */
static int note_time(struct gauge *gauge, bool some)
{
	const struct measure_report *report = &gauge->tally.report;
	const struct tally_house *house = &gauge->common->house;

	if (gauge->state == GAUGE_FAILED) {
		errno = EPROTO;
		return -1;
	}
	if (!tally_turn(&gauge->tally, house, gauge->ours.time, some))
		return 0;
	if (gauge->tally.state == TALLY_DONE && report->bytes == 0)
		return fail(gauge, "no byte came in %g s",
		    (double)report->time / NS_PER_S);
	if (!reports(gauge))
		return 0;
	if (gauge->tally.state == TALLY_COUNTING)
		feed_put(&gauge->feed, MEASURE_BEGIN, 0);
	else
		measure_put_report(
		    feed_put(&gauge->feed, MEASURE_REPORT, MEASURE_REPORT_SIZE),
		    report);
	return 0;
}

static void note_done(struct gauge *gauge)
{
	if (gauge->state == GAUGE_MEASURING && has_measured(gauge) &&
	    !has_output(gauge))
		gauge->state = GAUGE_DONE;
}

/* Whether a frame of that type may come now. */
static bool is_expected(const struct gauge *gauge, enum measure_type type)
{
	bool from_receiver = gauge->sends && reports(gauge);

	switch (type) {
	case MEASURE_HELLO:
		return gauge->state == GAUGE_HELLO;
	case MEASURE_DATA:
		return gauge->state > GAUGE_HELLO && gauge->receives;
	case MEASURE_BEGIN:
		return gauge->state > GAUGE_HELLO && from_receiver &&
		       !gauge->begun;
	case MEASURE_REPORT:
		return gauge->begun && gauge->heard.time == 0;
	}
	return false;
}

static int take_hello(struct gauge *gauge, const unsigned char *payload)
{
	struct measure_hello *ours = &gauge->ours;
	struct measure_hello *theirs = &gauge->theirs;

	if (!measure_get_hello(payload, theirs))
		return fail(gauge, "its HELLO wants what cannot be");
	if (!gauge->client) {
		ours->warm_up = theirs->warm_up;
		ours->time = theirs->time;
		gauge->sends = theirs->both;
		put_hello(gauge);
	}
	begin_to_measure(gauge);
	return 0;
}

static int take_report(struct gauge *gauge, const unsigned char *payload)
{
	uint64_t lasted = (uint64_t)(deadline_now() - gauge->since);
	struct measure_report *report = &gauge->heard;

	if (!measure_get_report(payload, report) ||
	    report->bytes > gauge->sent ||
	    !measure_is_timely(report, gauge->ours.time, lasted))
		return fail(gauge,
		    "its report cannot be: %" PRIu64 " bytes in %g s",
		    report->bytes, (double)report->time / NS_PER_S);
	if (report->bytes == 0)
		return fail(gauge, "no byte arrived there in %g s",
		    (double)report->time / NS_PER_S);
	gauge->cpu = tally_since(gauge->cpu);
	return 0;
}

/* A frame is there; of DATA, its header. */
static int take(struct gauge *gauge, enum measure_type type)
{
	const unsigned char *payload = measure_payload(&gauge->reader);

	switch (type) {
	case MEASURE_HELLO:
		return take_hello(gauge, payload);
	case MEASURE_DATA:
		if (gauge->tally.state == TALLY_NOTHING)
			tally_begin(&gauge->tally, gauge->ours.warm_up);
		return 0;
	case MEASURE_BEGIN:
		gauge->begun = true;
		gauge->cpu = tally_cpu();
		return 0;
	case MEASURE_REPORT:
		return take_report(gauge, payload);
	}
	return 0;
}

/* Returns how many bytes it has used, or -1 with errno. */
static ssize_t take_some(struct gauge *gauge, const char *bytes, size_t n)
{
	struct measure_frame frame;
	ssize_t used = measure_read(&gauge->reader, bytes, n, &frame);

	if (used < 0 || (frame.type != 0 && !is_expected(gauge, frame.type)))
		return fail(gauge, gauge->client
				       ? "it sent what is no frame of --bench"
				       : "not a vcat --bench: "
					 "it sent what is no frame");
	if (frame.type != 0 && take(gauge, frame.type) < 0)
		return -1;
	return used;
}

/* The same for the greeting. */
static ssize_t take_greeting(struct gauge *gauge, const char *bytes, size_t n)
{
	ssize_t used = hail_take(&gauge->hail, bytes, n);

	if (used < 0)
		return fail(gauge,
		    "not a vcat with --sink or --echo: it said \"%s\"",
		    gauge->hail.line);
	if (gauge->hail.greeting.kind == GREETING_NONE)
		return used;
	gauge->sends = true;
	gauge->receives = gauge->ours.both || !reports(gauge);
	gauge->state = GAUGE_HELLO;
	if (reports(gauge))
		put_hello(gauge);
	else
		begin_to_measure(gauge);
	return used;
}

static int consume(struct gauge *gauge, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t used = gauge->state == GAUGE_GREETING
				   ? take_greeting(gauge, bytes, n)
				   : take_some(gauge, bytes, n);

		if (used < 0)
			return -1;
		bytes += used;
		n -= (size_t)used;
	}
	return 0;
}

static ssize_t gauge_write(struct stream *stream, struct msghdr *pieces)
{
	struct gauge *gauge = gauge_of(stream);
	ssize_t total = 0;

	if (note_time(gauge, true) < 0)
		return -1;
	for (size_t i = 0; i < pieces->msg_iovlen; i++) {
		const struct iovec *piece = &pieces->msg_iov[i];

		if (consume(gauge, piece->iov_base, piece->iov_len) < 0)
			return -1;
		total += (ssize_t)piece->iov_len;
	}
	tally_add(&gauge->tally, (uint64_t)total);
	note_done(gauge);
	set_timer(gauge);
	return total;
}

static ssize_t gauge_read(struct stream *stream, struct msghdr *pieces)
{
	struct gauge *gauge = gauge_of(stream);
	size_t total = 0;

	if (note_time(gauge, false) < 0)
		return -1;
	for (size_t i = 0; i < pieces->msg_iovlen; i++) {
		const struct iovec *piece = &pieces->msg_iov[i];
		size_t done = 0;

		while (done < piece->iov_len && has_output(gauge))
			done += feed_take(&gauge->feed,
			    (unsigned char *)piece->iov_base + done,
			    piece->iov_len - done);
		total += done;
	}
	gauge->sent += total;
	note_done(gauge);
	set_timer(gauge);
	if (total > 0 || gauge->state == GAUGE_DONE)
		return (ssize_t)total;
	errno = EAGAIN;
	return -1;
}

/* The peer's end has come. */
static int gauge_finish(struct stream *stream)
{
	struct gauge *gauge = gauge_of(stream);

	if (gauge->state == GAUGE_FAILED) {
		errno = EPROTO;
		return -1;
	}
	/* what is left to be sent is of no use to a peer that has all */
	if (has_measured(gauge)) {
		gauge->state = GAUGE_DONE;
		return 0;
	}
	if (gauge->state == GAUGE_GREETING)
		return fail(gauge, "not a vcat with --sink or --echo: "
				   "it closed without a greeting");
	return fail(gauge, "it closed before all was measured");
}

static const struct stream_kind measuring = {
	.read = gauge_read,
	.write = gauge_write,
	.finish = gauge_finish,
};

void gauge_prepare(struct gauge_common *common)
{
	*common = (struct gauge_common){ .data = feed_data() };
	greeting_write(common->greeting, GREETING_SINK);
}

void gauge_forget(struct gauge_common *common)
{
	free(common->data);
	common->data = NULL;
}

int gauge_open(struct gauge *gauge, struct gauge_common *common,
    const struct measure_hello *ours, int far)
{
	int timer;

	if (common->data == NULL) {
		errno = ENOMEM;
		return -1;
	}
	timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (timer < 0)
		return -1;
	*gauge = (struct gauge){
		.stream = { .kind = &measuring,
		    .in.fd = timer,
		    .out.fd = -1,
		    .ending = STREAM_KEEP },
		.common = common,
		.feed.data = common->data,
		.ours = *ours,
		.client = ours->time > 0,
	};
	strlcpy(gauge->ours.kernel, greeting_read(common->greeting).kernel,
	    sizeof gauge->ours.kernel);
	fd_socket_buffers(far, &gauge->ours.sending, &gauge->ours.receiving);
	if (!gauge->client) {
		gauge->receives = true;
		gauge->state = GAUGE_HELLO;
		feed_text(&gauge->feed, common->greeting);
	}
	set_timer(gauge);
	return 0;
}

void gauge_close(struct gauge *gauge)
{
	if (gauge->joined)
		gauge->common->house.running--;
	close(gauge->stream.in.fd);
}
