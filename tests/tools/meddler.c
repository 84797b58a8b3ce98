/*
 * meddler: passes bytes on between two peers, and does one harm to them at one
 * byte of one direction. At the end it prints how many bytes came each way.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "place.h"
#include "timing.h"

enum { EXIT_USAGE = 2, EXIT_TIME = 124, LIFE = 110, PATIENCE = 10 };

static const char usage_text[] =
    "usage: meddler connect|listen ADDR connect|listen ADDR"
    " [forth|back HARM BYTE]\n"
    "forth is from the first to the second. BYTE counts from 0. HARM:\n"
    "  flip    one bit of this byte\n"
    "  drop    this byte\n"
    "  twice   this byte comes twice\n"
    "  cut     both ways end instead of it\n"
    "  halt    nothing is passed on any more, either way, from it on, and the"
    " line\n          'halted' is printed\n";

struct harm {
	const char *what; /* NULL: none */
	uint64_t at;
};

/* One direction. */
struct way {
	const char *name;
	int from, to;
	struct harm harm;
	uint64_t count;
	bool ended, dropped; /* no more comes; what comes goes nowhere */
};

enum { STEP = 65536 };

static bool harms(const struct way *w, const char *what)
{
	return w->harm.what != NULL && strcmp(w->harm.what, what) == 0;
}

static void finish(struct way *ways)
{
	int i;

	for (i = 0; i < 2; i++)
		printf("%s %llu\n", ways[i].name,
		    (unsigned long long)ways[i].count);
	exit(EXIT_SUCCESS);
}

/* Passes nothing on, and waits until both have given up. */
static void halt(struct way *ways)
{
	struct pollfd p[2] = { { .fd = ways[0].from }, { .fd = ways[1].from } };
	int i;

	puts("halted");
	fflush(stdout);
	while (p[0].fd >= 0 || p[1].fd >= 0) {
		poll(p, 2, -1);
		for (i = 0; i < 2; i++)
			if (p[i].revents & (POLLHUP | POLLERR))
				p[i].fd = -1;
	}
	finish(ways);
}

static void put(struct way *w, const unsigned char *data, size_t length)
{
	ssize_t sent;

	while (length > 0 && !w->dropped) {
		sent = write(w->to, data, length);
		if (sent < 0) {
			w->dropped = true;
			break;
		}
		data += sent;
		length -= (size_t)sent;
	}
}

/* Passes on what was received, one byte of which may be the one to be harmed.
 */
static void pass(struct way *w, unsigned char *data, size_t length)
{
	uint64_t at = w->harm.at - w->count;
	bool here = w->harm.at >= w->count && at < length;

	if (here && harms(w, "flip"))
		data[at] ^= (unsigned char)(1 << w->harm.at % 8);
	if (here && harms(w, "twice"))
		put(w, data, at + 1);
	if (here && harms(w, "drop"))
		put(w, data, at);
	if (here && (harms(w, "twice")))
		put(w, data + at, length - at);
	else if (here && harms(w, "drop"))
		put(w, data + at + 1, length - at - 1);
	else
		put(w, data, length);
	w->count += length;
}

/* Reads no further than to the byte before which the connection ends. */
static void step(struct way *ways, struct way *w)
{
	unsigned char data[STEP];
	size_t most = sizeof(data);
	bool ends = harms(w, "cut") || harms(w, "halt");
	ssize_t got;

	if (ends && w->count == w->harm.at) {
		if (harms(w, "halt"))
			halt(ways);
		finish(ways);
	}
	if (ends && w->harm.at - w->count < most)
		most = w->harm.at - w->count;
	got = read(w->from, data, most);
	if (got > 0) {
		pass(w, data, (size_t)got);
		return;
	}
	w->ended = true;
	shutdown(w->to, SHUT_WR);
}

static void run(struct way *ways)
{
	struct pollfd p[2];
	int i;

	while (!ways[0].ended || !ways[1].ended) {
		for (i = 0; i < 2; i++)
			p[i] = (struct pollfd){
				.fd = ways[i].ended ? -1 : ways[i].from,
				.events = POLLIN,
			};
		poll(p, 2, -1);
		for (i = 0; i < 2; i++)
			if (p[i].revents != 0)
				step(ways, &ways[i]);
	}
}

/* Waits for one that will listen; takes one that connects. */
static int meet(const char *how, const char *where)
{
	double end = timing_now() + PATIENCE;
	union place place;
	int fd = -1, listener;

	if (!place_parse(where, &place))
		return -1;
	if (strcmp(how, "listen") == 0) {
		listener = place_listen(&place, SOCK_STREAM);
		fd = accept(listener, NULL, NULL);
		close(listener);
		place_forget(&place);
		return fd;
	}
	while ((fd = place_connect(&place, SOCK_STREAM, VMADDR_PORT_ANY)) < 0 &&
	       timing_now() < end)
		timing_pause(0.003);
	return fd;
}

static void out_of_time(int number)
{
	(void)number;
	_exit(EXIT_TIME);
}

static bool parse(struct way *ways, char **words)
{
	static const char harms_known[] = " flip drop twice cut halt ";
	struct way *w = &ways[strcmp(words[0], "back") == 0];

	if (strcmp(words[0], w->name) != 0 ||
	    strstr(harms_known, words[1]) == NULL)
		return false;
	w->harm.what = words[1];
	w->harm.at = strtoull(words[2], NULL, 10);
	return true;
}

int main(int argc, char **argv)
{
	struct way ways[2] = { { .name = "forth" }, { .name = "back" } };

	if ((argc != 5 && argc != 8) || (argc == 8 && !parse(ways, argv + 5))) {
		fputs(usage_text, stderr);
		return EXIT_USAGE;
	}
	signal(SIGPIPE, SIG_IGN);
	timing_limit(LIFE, out_of_time);
	ways[0].from = ways[1].to = meet(argv[1], argv[2]);
	ways[0].to = ways[1].from = meet(argv[3], argv[4]);
	if (ways[0].from < 0 || ways[0].to < 0) {
		perror("meddler");
		return EXIT_FAILURE;
	}
	run(ways);
	finish(ways);
}
