#include "muxer.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "place.h"
#include "prng.h"
#include "pump.h"

enum {
	REQUEST_MAX = 8192,  /* vhost-device-vsock's buffer */
	REQUEST_SHORT = 32,  /* the others' */
	FIRST_PORT = 1 << 30 /* Firecracker's, on the host's side */
};

static const struct muxer_style styles[] = {
	{ "firecracker", "the request whole and in 32 bytes; no half-close",
	    .whole_request = true, .short_request = true, .more_words = true },
	{ "ch", "Cloud Hypervisor 49 to 52: 32 bytes; no half-close",
	    .short_request = true },
	{ "ch53", "Cloud Hypervisor 53: the same, but half-closes are kept",
	    .short_request = true, .half_closes = true },
	{ "vdv",
	    "vhost-device-vsock 0.3: the request whole; payload right behind "
	    "it is lost;\n"
	    "                OK says the guest's port; no half-close; guests "
	    "are not refused",
	    .whole_request = true, .more_words = true, .loses_payload = true,
	    .says_port = true, .keeps_silent = true },
};

static const struct {
	const char *name;
	const char *help;
} faults[] = {
	[FAULT_NONE] = { "none", "the style as it is" },
	[FAULT_NO_OK] = { "no-ok", "connect through without the answer" },
	[FAULT_SPLIT_OK] = { "split-ok", "the answer a byte at a time" },
	[FAULT_JOINED_OK] = { "joined-ok",
	    "the answer and the guest's first bytes in one write" },
	[FAULT_LONG_OK] = { "long-ok", "an answer of 100 digits" },
	[FAULT_REFUSE] = { "refuse", "read the request and close" },
	[FAULT_RESET] = { "reset", "close with the request unread" },
	[FAULT_SILENCE] = { "silence", "read the request, then nothing" },
	[FAULT_FULL_CLOSE] = { "full-close",
	    "a half-close closes all, whatever the style" },
	[FAULT_BACKLOG] = { "backlog", "accept nobody, backlog 0" },
	[FAULT_GARBAGE] = { "garbage", "100 kB of noise for an answer" },
};

enum { FAULTS = sizeof faults / sizeof faults[0] };
enum { STYLES = sizeof styles / sizeof styles[0] };

const struct muxer_style *muxer_style(const char *name)
{
	for (int i = 0; i < STYLES; i++)
		if (strcmp(styles[i].name, name) == 0)
			return &styles[i];
	return NULL;
}

int muxer_fault(const char *name)
{
	for (int i = 0; i < FAULTS; i++)
		if (strcmp(faults[i].name, name) == 0)
			return i;
	return -1;
}

void muxer_help(void)
{
	puts("STYLE, how the VMM reads, answers and ends:");
	for (int i = 0; i < STYLES; i++)
		printf("  %-12s  %s\n", styles[i].name, styles[i].help);
	puts("FAULT, what it does wrong:");
	for (int i = 0; i < FAULTS; i++)
		printf("  %-12s  %s\n", faults[i].name, faults[i].help);
}

static bool wait_for(int fd, short events)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };

	return poll(&poll_fd, 1, -1) == 1 && (poll_fd.revents & events) != 0;
}

/*
 * Reads a byte at a time, so that the payload after the newline stays in the
 * socket. With whole_request only what is there at once counts.
 */
static bool read_line(
    const struct muxer_style *style, int host, char *line, size_t size)
{
	size_t used = 0;

	while (used < size - 1) {
		if ((used == 0 || !style->whole_request) &&
		    !wait_for(host, POLLIN))
			return false;
		if (recv(host, line + used, 1, MSG_DONTWAIT) != 1)
			return false;
		line[++used] = '\0';
		if (line[used - 1] == '\n')
			return true;
	}
	return false;
}

/* Reads once; bytes after the newline are lost with the buffer. */
static bool read_buffer(int host, char *line, size_t size)
{
	ssize_t n = recv(host, line, size - 1, 0);
	char *end;

	if (n <= 0)
		return false;
	line[n] = '\0';
	end = strchr(line, '\n');
	if (end == NULL)
		return false;
	*end = '\0';
	return true;
}

static bool read_request(
    const struct muxer_style *style, int host, uint32_t *port)
{
	static const char space[] = " \t\r\n\v\f";
	char line[REQUEST_MAX];
	size_t size = style->short_request ? REQUEST_SHORT + 1 : sizeof line;
	const char *word;
	const char *why;
	char *rest;

	if (style->loses_payload ? !read_buffer(host, line, size)
				 : !read_line(style, host, line, size))
		return false;
	word = strtok_r(line, space, &rest);
	if (word == NULL || strcasecmp(word, "connect") != 0)
		return false;
	word = strtok_r(NULL, space, &rest);
	if (word == NULL)
		return false;
	*port = (uint32_t)strtonum(word, 0, UINT32_MAX, &why);
	return why == NULL &&
	       (style->more_words || strtok_r(NULL, space, &rest) == NULL);
}

/* Connects to PATH_PORT. Returns the socket, or -1. */
static int dial(const char *path, uint32_t port)
{
	char text[sizeof(struct sockaddr_un) + 32];
	union place place;

	snprintf(text, sizeof text, "unix:%s_%u", path, port);
	if (!place_parse(text, &place))
		return -1;
	return place_connect(&place, SOCK_STREAM, VMADDR_PORT_ANY);
}

static bool send_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = send(fd, data, size, MSG_NOSIGNAL);

		if (n < 0)
			return false;
		data += n;
		size -= (size_t)n;
	}
	return true;
}

static bool send_slowly(int fd, const char *text)
{
	for (; *text != '\0'; text++) {
		if (!send_all(fd, text, 1))
			return false;
		usleep(5000);
	}
	return true;
}

/* Sends it in one piece, so that one large read gets it all. */
static bool send_joined(int host, int guest, const char *answer)
{
	char data[4096];
	size_t used = strlcpy(data, answer, sizeof data);
	ssize_t n = recv(guest, data + used, sizeof data - used, 0);

	return n >= 0 && send_all(host, data, used + (size_t)n);
}

static bool send_answer(
    const struct muxer *muxer, int host, int guest, uint32_t port)
{
	char answer[128];

	snprintf(answer, sizeof answer, "OK %u\n",
	    muxer->style->says_port ? port : FIRST_PORT + (uint32_t)getpid());
	switch (muxer->fault) {
	case FAULT_NO_OK:
		return true;
	case FAULT_SPLIT_OK:
		return send_slowly(host, answer);
	case FAULT_JOINED_OK:
		return send_joined(host, guest, answer);
	case FAULT_LONG_OK:
		snprintf(answer, sizeof answer, "OK %0100u\n", port);
		break;
	default:
		break;
	}
	return send_all(host, answer, strlen(answer));
}

static void send_garbage(int host)
{
	static char noise[100 * 1000];
	struct prng prng;

	prng_init(&prng, 1);
	prng_fill(&prng, noise, sizeof noise);
	send_all(host, noise, sizeof noise);
}

/* Waits until the other side closes, and ignores what it sends. */
static void hold(int fd)
{
	char data[4096];

	while (recv(fd, data, sizeof data, 0) > 0)
		continue;
}

/* True if the fault ends the connection here. */
static bool fails(const struct muxer *muxer, int host)
{
	switch (muxer->fault) {
	case FAULT_SILENCE:
		hold(host);
		return true;
	case FAULT_GARBAGE:
		send_garbage(host);
		return true;
	case FAULT_REFUSE:
		return true;
	default:
		return false;
	}
}

static void connect_through(const struct muxer *muxer, int host, uint32_t port)
{
	char path[sizeof(struct sockaddr_un)];
	bool half_closes =
	    muxer->style->half_closes && muxer->fault != FAULT_FULL_CLOSE;
	int guest;

	snprintf(path, sizeof path, "%s/guest", muxer->guest);
	guest = dial(path, port);
	if (guest < 0)
		return;
	if (send_answer(muxer, host, guest, port))
		pump_run(host, guest, half_closes);
	close(guest);
}

void muxer_from_host(const struct muxer *muxer, int host)
{
	uint32_t port;

	if (muxer->fault == FAULT_RESET)
		wait_for(host, POLLIN);
	else if (read_request(muxer->style, host, &port) && !fails(muxer, host))
		connect_through(muxer, host, port);
	close(host);
}

void muxer_from_guest(const struct muxer *muxer, int guest, uint32_t port)
{
	bool half_closes =
	    muxer->style->half_closes && muxer->fault != FAULT_FULL_CLOSE;
	int host = dial(muxer->uds, port);

	if (host >= 0) {
		pump_run(host, guest, half_closes);
		close(host);
	} else if (muxer->style->keeps_silent) {
		hold(guest);
	}
	close(guest);
}
