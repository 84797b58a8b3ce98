/*
 * crowd: many clients of an echo server. Each sends random bytes of its own,
 * half-closes, and compares what comes back until the end of stream.
 */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "number.h"
#include "place.h"
#include "prng.h"
#include "timing.h"

enum {
	EXIT_USAGE = 2,
	PIECE = 16 * 1024,
	MOST = 100000,
	QUEUE_MS = 5, /* a full backlog gives nothing to poll for */
};

enum state { QUEUING, CONNECTING, TALKING, OVER };

struct client {
	enum state state;
	int fd;
	struct prng out, back; /* the same stream, sent and expected */
	char piece[PIECE];     /* the next bytes to send, */
	size_t begin, end;     /* and the part that is left */
	unsigned long long sent, received;
	double began;
	const char *why; /* of a failure; NULL: none */
	int error;
};

struct crowd {
	union place place;
	unsigned long long bytes; /* of each */
	int total, at_once;
	int next; /* client to begin */
	struct client *clients;
	struct pollfd *fds;
	double *seconds; /* of the clients that got all their bytes */
	int whole, failed;
};

static const char usage_text[] =
    "usage: crowd [-c AT_ONCE] [-n TOTAL] [-b BYTES] [-w SECS] ADDR\n"
    "ADDR is vsock:CID:PORT, unix:PATH or tcp:ADDRESS:PORT. At the end, says\n"
    "how many clients had all their bytes echoed, and their median time:\n"
    "N whole\nmedian N us\n"
    "Exits 0 if that is all of them, 1 if not, 124 if SECS (60) were over.\n";

static void fail(struct client *c, const char *why, int error)
{
	c->why = why;
	c->error = error;
	c->state = OVER;
}

/* Each attempt uses a new socket. */
static void try_connect(struct client *c, const union place *place)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = socket(place->any.sa_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		err(1, "socket");
	c->state = TALKING;
	if (connect(c->fd, &place->any, place_size(place)) == 0)
		return;
	if (errno == EINPROGRESS)
		c->state = CONNECTING;
	else if (errno == EAGAIN)
		c->state = QUEUING;
	else
		fail(c, "connect", errno);
}

static void begin(struct crowd *crowd, struct client *c)
{
	*c = (struct client){ .fd = -1, .began = timing_now() };
	crowd->next++;
	prng_init(&c->out, (uint64_t)crowd->next);
	prng_init(&c->back, (uint64_t)crowd->next);
	try_connect(c, &crowd->place);
}

static void note_connected(struct client *c)
{
	int error = 0;
	socklen_t length = sizeof error;

	getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &length);
	c->state = TALKING;
	if (error != 0)
		fail(c, "connect", error);
}

static void send_some(struct client *c, unsigned long long bytes)
{
	ssize_t n;

	if (c->begin == c->end) {
		unsigned long long left = bytes - c->sent;

		c->begin = 0;
		c->end = left < PIECE ? (size_t)left : PIECE;
		prng_fill(&c->out, c->piece, c->end);
	}
	n = send(c->fd, c->piece + c->begin, c->end - c->begin, MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN)
		fail(c, "send", errno);
	if (n < 0)
		return;
	c->begin += (size_t)n;
	c->sent += (unsigned long long)n;
	if (c->sent == bytes && shutdown(c->fd, SHUT_WR) < 0)
		fail(c, "shutdown", errno);
}

static void receive_some(struct client *c, unsigned long long bytes)
{
	char got[PIECE], wanted[PIECE];
	ssize_t n = recv(c->fd, got, sizeof got, 0);

	if (n < 0 && errno != EAGAIN)
		fail(c, "receive", errno);
	if (n < 0)
		return;
	if (n == 0) {
		c->state = OVER;
		if (c->received != bytes)
			c->why = "the end came early";
		return;
	}
	prng_fill(&c->back, wanted, (size_t)n);
	c->received += (unsigned long long)n;
	if (c->received > bytes || memcmp(got, wanted, (size_t)n) != 0)
		fail(c, "other bytes came back", 0);
}

static void advance(struct crowd *crowd, struct client *c, short revents)
{
	if (c->state == QUEUING)
		try_connect(c, &crowd->place);
	else if (c->state == CONNECTING && revents != 0)
		note_connected(c);
	else if (c->state == TALKING && (revents & ~POLLOUT) != 0)
		receive_some(c, crowd->bytes);
	if (c->state == TALKING && (revents & POLLOUT) != 0 &&
	    c->sent < crowd->bytes)
		send_some(c, crowd->bytes);
}

static struct pollfd interest(const struct crowd *crowd, const struct client *c)
{
	struct pollfd p = { .fd = c->fd };

	if (c->state == QUEUING || c->state == OVER)
		p.fd = -1;
	else if (c->state == CONNECTING)
		p.events = POLLOUT;
	else
		p.events =
		    (short)(POLLIN | (c->sent < crowd->bytes ? POLLOUT : 0));
	return p;
}

/* Closes and counts a client that is over. */
static void end(struct crowd *crowd, struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	if (c->why == NULL) {
		crowd->seconds[crowd->whole++] = timing_now() - c->began;
		return;
	}
	crowd->failed++;
	fprintf(stderr, "crowd: %s%s%s after %llu sent, %llu back\n", c->why,
	    c->error != 0 ? ": " : "", c->error != 0 ? strerror(c->error) : "",
	    c->sent, c->received);
}

/* Advances every running client; false if none is left. */
static bool turn(struct crowd *crowd)
{
	int running = 0;
	int wait_ms = -1;

	for (int i = 0; i < crowd->at_once; i++) {
		struct client *c = &crowd->clients[i];

		while (c->state == OVER && crowd->next < crowd->total) {
			begin(crowd, c);
			if (c->state == OVER)
				end(crowd, c);
		}
		running += c->state != OVER;
		if (c->state == QUEUING)
			wait_ms = QUEUE_MS;
		crowd->fds[i] = interest(crowd, c);
	}
	if (poll(crowd->fds, (nfds_t)crowd->at_once, running ? wait_ms : 0) < 0)
		err(1, "poll");
	for (int i = 0; i < crowd->at_once; i++) {
		struct client *c = &crowd->clients[i];

		if (c->state == OVER)
			continue;
		advance(crowd, c, crowd->fds[i].revents);
		if (c->state == OVER)
			end(crowd, c);
	}
	return running > 0;
}

static int report(struct crowd *crowd)
{
	double *seconds = crowd->seconds;

	printf("%d whole\n", crowd->whole);
	timing_sort(seconds, crowd->whole);
	if (crowd->whole > 0)
		printf("median %.0f us\n", seconds[crowd->whole / 2] * 1e6);
	return crowd->whole == crowd->total ? 0 : 1;
}

static void out_of_time(int number)
{
	static const char text[] = "crowd: out of time\n";
	ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);

	(void)number;
	(void)ignored;
	_exit(124);
}

static void parse(struct crowd *crowd, int argc, char **argv)
{
	double limit = 60;
	int c;

	while ((c = getopt(argc, argv, "c:n:b:w:")) != -1) {
		if (c == 'c')
			crowd->at_once = (int)number_of(optarg, 1, 1000);
		else if (c == 'n')
			crowd->total = (int)number_of(optarg, 1, MOST);
		else if (c == 'b')
			crowd->bytes =
			    (unsigned long long)number_of(optarg, 1, 1 << 30);
		else if (c == 'w')
			limit = (double)number_of(optarg, 1, 3600);
		else
			errx(EXIT_USAGE, "%s", usage_text);
	}
	if (argc - optind != 1 || !place_parse(argv[optind], &crowd->place))
		errx(EXIT_USAGE, "%s", usage_text);
	if (crowd->at_once > crowd->total)
		crowd->at_once = crowd->total;
	timing_limit(limit, out_of_time);
}

int main(int argc, char **argv)
{
	struct crowd crowd = { .bytes = 100, .total = 1, .at_once = 1 };
	int result;

	parse(&crowd, argc, argv);
	crowd.clients = calloc((size_t)crowd.at_once, sizeof *crowd.clients);
	crowd.fds = calloc((size_t)crowd.at_once, sizeof *crowd.fds);
	crowd.seconds = calloc((size_t)crowd.total, sizeof *crowd.seconds);
	if (crowd.clients == NULL || crowd.fds == NULL || crowd.seconds == NULL)
		err(1, "memory");
	for (int i = 0; i < crowd.at_once; i++)
		crowd.clients[i].state = OVER;
	while (turn(&crowd))
		continue;
	result = report(&crowd);
	free(crowd.seconds);
	free(crowd.fds);
	free(crowd.clients);
	return result;
}
