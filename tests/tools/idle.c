/*
 * The cost of open connections that are idle, of starting a command, and of
 * being ready.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "echo.h"
#include "load.h"
#include "timing.h"

enum { TIMED_ROUNDS = 200, FEW_FILES = 1024 };

/*
 * A connection takes two descriptors, here and in the forwarder, and in a
 * forwarder with pipes six.
 */
static void allow_files(int connections)
{
	rlim_t least = 2 * (rlim_t)connections + 100;
	rlim_t wanted = 6 * (rlim_t)connections + 100;
	struct rlimit limit;

	/* some peers are slow, or break, under a high limit */
	if (least < FEW_FILES)
		return;
	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < least)
		limit.rlim_max = least;
	limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		perror("RLIMIT_NOFILE");
}

/* A connection counts as open when its first answer has arrived. */
static bool open_all(const struct load *load, int *fds)
{
	for (int i = 0; i < load->count; i++) {
		fds[i] =
		    place_connect(&load->near, SOCK_STREAM, VMADDR_PORT_ANY);
		if (fds[i] < 0 || !echo_ask(fds[i], 1))
			return false;
	}
	return true;
}

/* False if another connection beside the open ones fails. */
static bool measure(const struct load *load, int fd)
{
	double seconds[TIMED_ROUNDS];
	uint64_t before;

	timing_pause(0.2); /* opening may still cause some work */
	before = command_cpu(&load->first);
	timing_pause(load->duration);
	load_say(
	    "idle_cpu_percent", (double)(command_cpu(&load->first) - before) /
				    1e7 / load->duration);
	load_say("memory_kib", (double)command_memory_kib(&load->first));
	if (echo_time(fd, 1, seconds, TIMED_ROUNDS))
		load_say("p50_us", seconds[TIMED_ROUNDS / 2] * 1e6);
	return rounds_visits(load);
}

const char *idle_run(struct load *load)
{
	int *fds = calloc((size_t)load->count, sizeof(*fds));
	double began;
	int listener;
	bool ok;

	allow_files(load->count);
	listener = load_open(load);
	if (fds == NULL || listener < 0)
		return "failed";
	echo_start(listener);
	began = timing_now();
	ok = open_all(load, fds);
	load_say("seconds", timing_now() - began);
	ok = ok && measure(load, fds[load->count - 1]);
	free(fds);
	return ok ? "ok" : "failed";
}

/* Returns a connection as soon as there is one, or -1 after some seconds. */
static int connect_soon(const struct load *load)
{
	double patience = timing_now() + 10;
	int fd;

	do {
		fd = place_connect(&load->near, SOCK_STREAM, VMADDR_PORT_ANY);
		if (fd < 0)
			timing_pause(0.0001);
	} while (fd < 0 && timing_now() < patience);
	return fd;
}

const char *ready_run(struct load *load)
{
	int listener = load_listen(load), fd;
	double began = timing_now();
	bool ok;

	if (listener < 0 || command_start(&load->first, -1, -1) < 0)
		return "failed";
	echo_start(listener);
	fd = connect_soon(load);
	ok = fd >= 0 && echo_ask(fd, 1);
	load_say("ready_ms", (timing_now() - began) * 1e3);
	load_say("memory_kib", (double)command_memory_kib(&load->first));
	ok = ok && rounds_visits(load);
	close(fd);
	return ok ? "ok" : "failed";
}

/* Closes each connection at once. */
static void *close_all(void *argument)
{
	int listener = *(int *)argument, fd;

	while ((fd = accept(listener, NULL, NULL)) >= 0 || errno == EINTR)
		close(fd);
	return NULL;
}

/* There is no forwarder here: the command itself connects. */
static bool start_closer(struct load *load)
{
	static int listener;
	pthread_t thread;

	listener = place_listen(&load->target, SOCK_STREAM);
	if (listener < 0 ||
	    pthread_create(&thread, NULL, close_all, &listener) != 0)
		return false;
	pthread_detach(thread);
	return true;
}

const char *spawn_run(struct load *load)
{
	double began;

	if (load->has_target && !start_closer(load))
		return "failed";
	began = timing_now();
	for (int i = 0; i < load->count; i++) {
		if (command_start(&load->first, -1, -1) < 0)
			return "failed";
		command_wait(&load->first, -1);
		command_forget(&load->first);
		if (load->first.status != 0)
			return "failed";
	}
	load_say("seconds", timing_now() - began);
	load_say("times", load->count);
	return "ok";
}
