/* Short exchanges through a forwarder: their rate and their delay. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "echo.h"
#include "load.h"
#include "timing.h"

struct client {
	const struct load *load;
	double end;
	long done, failures;
	pthread_t thread;
};

/* Connects, asks once, closes. */
static bool visit(const struct load *load)
{
	int fd = place_connect(&load->near, SOCK_STREAM, VMADDR_PORT_ANY);
	bool ok;

	if (fd < 0)
		return false;
	ok = echo_ask(fd, (size_t)load->message);
	close(fd);
	return ok;
}

/* A forwarder ends its side after ours; its CPU time shortly after is seen. */
bool rounds_visits(const struct load *load)
{
	uint64_t before = command_cpu(&load->first);
	double began = timing_now(), took;
	long done = 0;

	while (timing_now() < began + load->duration) {
		if (!visit(load))
			return false;
		done++;
	}
	took = timing_now() - began;
	timing_pause(0.01);
	load_say("visits", (double)done);
	load_say("visit_us", took / (double)done * 1e6);
	load_say("visit_cpu_us",
	    (double)(command_cpu(&load->first) - before) / 1e3 / (double)done);
	return true;
}

static void *run_client(void *argument)
{
	struct client *client = argument;

	while (timing_now() < client->end) {
		if (visit(client->load))
			client->done++;
		else
			client->failures++;
	}
	return NULL;
}

/* 256 KiB of stack hold the client's message. */
static bool start_client(struct client *client)
{
	pthread_attr_t attributes;
	bool ok;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 256 * 1024);
	ok = pthread_create(&client->thread, &attributes, run_client, client) ==
	     0;
	pthread_attr_destroy(&attributes);
	return ok;
}

const char *rounds_rate(struct load *load)
{
	int listener = load_open(load), started = 0;
	struct client *clients = calloc((size_t)load->count, sizeof(*clients));
	long done = 0, failures = 0;
	double began = timing_now();

	if (listener < 0 || clients == NULL)
		return "failed";
	echo_start(listener);
	for (; started < load->count; started++) {
		clients[started].load = load;
		clients[started].end = began + load->duration;
		if (!start_client(&clients[started]))
			break;
	}
	for (int i = 0; i < started; i++) {
		pthread_join(clients[i].thread, NULL);
		done += clients[i].done;
		failures += clients[i].failures;
	}
	free(clients);
	/* the last exchanges end after the time, so measure again */
	load_say("seconds", timing_now() - began);
	load_say("connections", (double)done);
	load_say("failures", (double)failures);
	return done > 0 && failures == 0 ? "ok" : "failed";
}

const char *rounds_delay(struct load *load)
{
	int listener = load_open(load), fd;
	double *seconds = calloc((size_t)load->rounds, sizeof(*seconds));
	double began = timing_now();
	bool ok;

	if (listener < 0 || seconds == NULL)
		return "failed";
	echo_start(listener);
	fd = place_connect(&load->near, SOCK_STREAM, VMADDR_PORT_ANY);
	/* the first ones wait for the forwarder to dial */
	ok = fd >= 0 &&
	     echo_time(fd, (size_t)load->message, seconds, load->rounds / 10) &&
	     echo_time(fd, (size_t)load->message, seconds, load->rounds);
	if (ok) {
		load_say("seconds", timing_now() - began);
		load_say("rounds", load->rounds + load->rounds / 10.0);
		load_say("p50_us", seconds[load->rounds / 2] * 1e6);
		load_say("p99_us", seconds[load->rounds / 100 * 99] * 1e6);
	}
	free(seconds);
	return ok ? "ok" : "failed";
}
