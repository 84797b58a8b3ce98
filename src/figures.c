#include "figures.h"

#include "json.h"
#include "progress.h"
#include "text.h"

#define NS_PER_S  1e9
#define MS_PER_S  1e3
#define MIB       (1024.0 * 1024.0)
#define GIB       (1024.0 * MIB)
#define KEY_SIZE  32
#define SIDE_SIZE 80

static bool is_echo(const struct gauge *gauge)
{
	return gauge->hail.greeting.kind == GREETING_ECHO;
}

/* A direction, or both of an echo. */
struct way {
	const char *word;
	const char *key;
	const char *how;
	const struct measure_report *report; /* NULL: nothing is known */
};

/* Fills in the ways, all that there may be. */
static void find_ways(const struct gauge *gauge, struct way ways[2])
{
	bool heard = gauge->heard.time > 0;
	bool counted =
	    gauge->tally.report.time > 0 && gauge->tally.report.bytes > 0;

	ways[0] = (struct way){ "to", "to", "counted by the receiver",
		heard ? &gauge->heard : NULL };
	ways[1] = (struct way){ "from", "from", "counted by the receiver",
		counted ? &gauge->tally.report : NULL };
	if (is_echo(gauge)) {
		ways[1].word = "to and back from";
		ways[1].key = "echo";
		ways[1].how = "counted when it was back";
	}
}

bool figures_known(const struct gauge *gauge)
{
	struct way ways[2];

	find_ways(gauge, ways);
	return ways[0].report != NULL || ways[1].report != NULL;
}

/*
 * CPU time of a process for each GiB that it has moved, in s; or -1. With both
 * directions that is what was moved in both.
 */
static double cpu_per_gib(const struct gauge *gauge, uint64_t cpu)
{
	double bytes =
	    (double)gauge->heard.bytes + (double)gauge->tally.report.bytes;

	return gauge->state == GAUGE_DONE && bytes > 0
		   ? (double)cpu / NS_PER_S / (bytes / GIB)
		   : -1;
}

static double cpu_here(const struct gauge *gauge)
{
	return cpu_per_gib(
	    gauge, gauge->receives ? gauge->tally.report.cpu : gauge->cpu);
}

static double cpu_there(const struct gauge *gauge)
{
	return is_echo(gauge) ? -1 : cpu_per_gib(gauge, gauge->heard.cpu);
}

static double rate(const struct measure_report *report)
{
	return (double)report->bytes / ((double)report->time / NS_PER_S);
}

static void print_cpu(const struct gauge *gauge, FILE *to)
{
	double here = cpu_here(gauge);
	double there = cpu_there(gauge);

	if (here < 0)
		return;
	fprintf(to, "CPU: %.3f s/GiB here", here);
	if (there >= 0)
		fprintf(to, ", %.3f s/GiB there", there);
	if (there >= 0 && gauge->heard.connections > 1)
		fprintf(to, " (with all of its %u connections)",
		    gauge->heard.connections);
	putc('\n', to);
}

/* A VM socket has only one buffer. */
static void print_buffers(
    const char *where, const struct measure_hello *side, FILE *to)
{
	char relay[PROGRESS_SIZE];
	char sending[PROGRESS_SIZE];
	char receiving[PROGRESS_SIZE];

	fprintf(to, "buffers %s: relay %s, socket %s", where,
	    progress_bytes(side->relay, relay),
	    progress_bytes(side->receiving, receiving));
	if (side->sending > 0)
		fprintf(to, " to receive, %s to send",
		    progress_bytes(side->sending, sending));
	putc('\n', to);
}

void figures_print(
    const struct gauge *gauge, const struct address *peer, FILE *to)
{
	const char *theirs = gauge->hail.greeting.kernel;
	char name[ADDRESS_TEXT_SIZE];
	struct way ways[2];

	address_format(peer, name);
	text_tame(name);
	find_ways(gauge, ways);
	for (int i = 0; i < 2; i++)
		if (ways[i].report != NULL)
			fprintf(to, "%s %s: %.1f MiB/s (%.2f s, %s)\n",
			    ways[i].word, name, rate(ways[i].report) / MIB,
			    (double)ways[i].report->time / NS_PER_S,
			    ways[i].how);
	print_cpu(gauge, to);
	print_buffers("here", &gauge->ours, to);
	if (!is_echo(gauge))
		print_buffers("there", &gauge->theirs, to);
	fprintf(to, "kernel: %s here, %s there\n", gauge->ours.kernel,
	    theirs[0] != '\0' ? theirs : "unknown");
}

static void put_number(
    struct json *json, const char *what, const char *which, double value)
{
	char key[KEY_SIZE];

	snprintf(key, sizeof key, "%s_%s", what, which);
	json_number(json, key, value);
}

static void put_way(struct json *json, const struct way *way)
{
	const struct measure_report *report = way->report;

	put_number(json, way->key, "bytes", (double)report->bytes);
	put_number(json, way->key, "seconds", (double)report->time / NS_PER_S);
	put_number(json, way->key, "bytes_per_second", rate(report));
}

static void put_side(
    struct json *json, const char *where, const struct measure_hello *side)
{
	put_number(json, "relay_buffer", where, (double)side->relay);
	put_number(json, "receive_buffer", where, (double)side->receiving);
	if (side->sending > 0)
		put_number(json, "send_buffer", where, (double)side->sending);
}

void figures_print_json(
    const struct gauge *gauge, const struct address *peer, FILE *to)
{
	char name[ADDRESS_TEXT_SIZE];
	struct way ways[2];
	struct json json;

	address_format(peer, name);
	find_ways(gauge, ways);
	json_open(&json, to);
	json_string(&json, "address", name);
	json_string(&json, "peer", is_echo(gauge) ? "echo" : "sink");
	json_bool(&json, "whole", gauge->state == GAUGE_DONE);
	json_number(&json, "warm_up", gauge->ours.warm_up / MS_PER_S);
	for (int i = 0; i < 2; i++)
		if (ways[i].report != NULL)
			put_way(&json, &ways[i]);
	if (cpu_here(gauge) >= 0)
		json_number(&json, "cpu_per_gib_here", cpu_here(gauge));
	if (cpu_there(gauge) >= 0) {
		json_number(&json, "cpu_per_gib_there", cpu_there(gauge));
		json_number(
		    &json, "connections_there", gauge->heard.connections);
	}
	put_side(&json, "here", &gauge->ours);
	if (!is_echo(gauge))
		put_side(&json, "there", &gauge->theirs);
	json_string(&json, "kernel_here", gauge->ours.kernel);
	json_string(&json, "kernel_there", gauge->hail.greeting.kernel);
	json_close(&json);
}
