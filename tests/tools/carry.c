/*
 * Sends bytes through two commands that are connected to each other: into the
 * stdin of the second and out of the stdout of the first; with both ways at
 * once also the other way round. The bytes are lent and dropped as pages
 * (vmsplice, splice), so that the CPU time goes to the commands; pieces of a
 * given size are written.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "load.h"
#include "timing.h"

static const double grace = 2; /* a command may take this long to end */

/* One direction: our ends of the two pipes, or -1. */
struct way {
	int feed, drain;
	uint64_t left, counted;
	size_t piece;
	double began, ended; /* when its first byte and its end arrived */
	pthread_t feeder, drainer;
};

static ssize_t give(const struct way *way, char *block)
{
	struct iovec part = { block, way->piece > 0 ? way->piece : LOAD_BLOCK };

	if (way->left < part.iov_len)
		part.iov_len = (size_t)way->left;
	if (way->piece > 0)
		return write(way->feed, block, part.iov_len);
	return vmsplice(way->feed, &part, 1, 0);
}

static void *feed(void *argument)
{
	static char block[LOAD_PIECE_MOST];
	struct way *way = argument;

	while (way->left > 0) {
		ssize_t given = give(way, block);

		if (given < 0)
			break;
		way->left -= (uint64_t)given;
	}
	close(way->feed);
	return NULL;
}

static void *drain(void *argument)
{
	struct way *way = argument;
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct pollfd first = { .fd = way->drain, .events = POLLIN };
	ssize_t got;

	poll(&first, 1, -1);
	way->began = timing_now();
	while ((got = splice(way->drain, NULL, null, NULL, 1 << 20, 0)) > 0)
		way->counted += (uint64_t)got;
	way->ended = timing_now();
	close(null);
	close(way->drain);
	return NULL;
}

/* A pipe or the file, for a command's stdin; *ours is the pipe's other end. */
static int make_input(const struct load *load, int *ours)
{
	int ends[2];

	*ours = -1;
	if (load->in_file != NULL)
		return open(load->in_file, O_RDONLY | O_CLOEXEC);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	*ours = ends[1];
	return ends[0];
}

static int make_output(const struct load *load, bool second, int *ours)
{
	char name[4096];
	int ends[2];

	*ours = -1;
	if (load->out_file != NULL) {
		/* both directions share a device */
		bool device = strncmp(load->out_file, "/dev/null", 9) == 0;

		snprintf(name, sizeof(name), "%s%s", load->out_file,
		    second && !device ? ".2" : "");
		return open(
		    name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	}
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	*ours = ends[0];
	return ends[1];
}

static void begin(struct way *way)
{
	if (way->feed >= 0)
		pthread_create(&way->feeder, NULL, feed, way);
	if (way->drain >= 0)
		pthread_create(&way->drainer, NULL, drain, way);
}

static void join(struct way *way)
{
	if (way->drain >= 0)
		pthread_join(way->drainer, NULL);
	if (way->feed >= 0)
		pthread_join(way->feeder, NULL);
}

static uint64_t written_to(
    const struct load *load, const struct command *command, bool second)
{
	char name[4096];
	struct stat st;

	snprintf(
	    name, sizeof(name), "%s%s", load->out_file, second ? ".2" : "");
	if (stat(name, &st) == 0 && S_ISREG(st.st_mode))
		return (uint64_t)st.st_size;
	return command_written(command);
}

/*
 * A device does not tell how much was written to it. The command's count does,
 * but it includes the bytes written to the socket.
 */
static uint64_t at_most(uint64_t written, uint64_t wanted)
{
	return written < wanted ? written : wanted;
}

/* The clock stops when the commands end, with pipes at the last byte. */
static double finish(struct load *load, struct way *there, struct way *back)
{
	double ended;

	join(there);
	join(back);
	ended = there->ended > back->ended ? there->ended : back->ended;
	if (load->out_file == NULL) {
		command_wait(&load->first, grace);
		command_wait(&load->second, grace);
		return ended;
	}
	command_wait(&load->first, -1);
	if (load->both_ways)
		command_wait(&load->second, -1);
	ended = timing_now();
	there->counted =
	    at_most(written_to(load, &load->first, false), load->bytes);
	if (load->both_ways)
		back->counted =
		    at_most(written_to(load, &load->second, true), load->bytes);
	return ended;
}

/* Starts both commands; false if one does not start. */
static bool start(struct load *load, struct way *there, struct way *back)
{
	int in = -1, out = make_output(load, false, &there->drain);

	if (load->both_ways)
		in = make_input(load, &back->feed);
	if (command_start(&load->first, in, out) < 0 ||
	    !command_await_listening(&load->first))
		return false;
	in = make_input(load, &there->feed);
	out = load->both_ways ? make_output(load, true, &back->drain) : -1;
	return command_start(&load->second, in, out) == 0;
}

const char *carry_run(struct load *load)
{
	struct way there = { .feed = -1,
		.drain = -1,
		.left = load->bytes,
		.piece = load->piece };
	struct way back = there;
	uint64_t wanted = load->bytes * (load->both_ways ? 2 : 1);
	double began, ended;

	if (!start(load, &there, &back))
		return "failed";
	began = timing_now();
	begin(&there);
	begin(&back);
	ended = finish(load, &there, &back);
	/* with pipes the clock starts at the first byte */
	if (load->out_file == NULL)
		began = there.began;
	load_say("seconds", ended - began);
	load_say("bytes", (double)(there.counted + back.counted));
	load_say("first_status", load->first.status);
	load_say("second_status", load->second.status);
	return there.counted + back.counted < wanted ? "lost" : "ok";
}

/*
 * Without -i and -o they have no stdin and stdout. What has arrived is compared
 * by those who know where it is.
 */
const char *transfer_run(struct load *load)
{
	struct command *listener = &load->first, *dialer = &load->second;
	int in = -1, out = -1, ours;
	double began;

	if (load->out_file != NULL)
		out = make_output(load, false, &ours);
	if (command_start(listener, -1, out) < 0 ||
	    !command_await_listening(listener))
		return "failed";
	if (load->in_file != NULL)
		in = make_input(load, &ours);
	began = timing_now();
	if (command_start(dialer, in, -1) < 0)
		return "failed";
	command_wait(dialer, -1);
	if (!load->stays)
		command_wait(listener, -1);
	load_say("seconds", timing_now() - began);
	load_say("bytes", (double)load->bytes);
	load_say("files", load->count);
	if (dialer->status == 0 && (load->stays || listener->status == 0))
		return "ok";
	return "failed";
}
