/*
 * fake-vmm: the hybrid socket of a VM that does not exist. It reads
 * requests, answers, copies and ends connections as Firecracker, Cloud
 * Hypervisor or vhost-device-vsock would, or with one fault. -h says more.
 */
#include <err.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "muxer.h"
#include "number.h"
#include "place.h"

enum { EXIT_USAGE = 2, PORTS_MAX = 8, BACKLOG = 128 };

struct options {
	struct muxer muxer;
	unsigned int life;
	long faulty; /* how many connections have the fault; -1: all */
	uint32_t ports[PORTS_MAX];
	int port_count;
};

static const char usage_text[] =
    "usage: fake-vmm [-s STYLE] [-f FAULT [-n N]] [-g PORT]... [-w SECS]"
    " UDS DIR\n"
    "Serves UDS, a VMM's hybrid vsock socket. DIR is the guest: connections\n"
    "to its PORT go to the AF_UNIX socket DIR/guest_PORT. Prints ready.\n"
    "  -s STYLE  the VMM (firecracker)\n"
    "  -f FAULT  what goes wrong (none)\n"
    "  -n N      only for the first N connections\n"
    "  -g PORT   the guest may connect to this port of the host: from\n"
    "            DIR/host_PORT to UDS_PORT; may be repeated\n"
    "  -w SECS   end after so long (60)\n";

static void usage_error(void)
{
	fputs(usage_text, stderr);
	exit(EXIT_USAGE);
}

static void add_port(struct options *o, const char *text)
{
	if (o->port_count == PORTS_MAX)
		errx(EXIT_USAGE, "-g: at most %d of them", PORTS_MAX);
	o->ports[o->port_count++] = (uint32_t)number_of(text, 0, UINT32_MAX);
}

static void set_style(struct options *o, const char *name)
{
	o->muxer.style = muxer_style(name);
	if (o->muxer.style == NULL)
		errx(EXIT_USAGE, "-s %s: no such style", name);
}

static void set_fault(struct options *o, const char *name)
{
	int fault = muxer_fault(name);

	if (fault < 0)
		errx(EXIT_USAGE, "-f %s: no such fault", name);
	o->muxer.fault = (enum muxer_fault)fault;
}

static void help(void)
{
	fputs(usage_text, stdout);
	muxer_help();
	exit(0);
}

static void parse_options(struct options *o, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "hs:f:n:g:w:")) != -1) {
		if (c == 'h')
			help();
		else if (c == 's')
			set_style(o, optarg);
		else if (c == 'f')
			set_fault(o, optarg);
		else if (c == 'n')
			o->faulty = (long)number_of(optarg, 0, UINT32_MAX);
		else if (c == 'g')
			add_port(o, optarg);
		else if (c == 'w')
			o->life =
			    (unsigned int)number_of(optarg, 0, UINT32_MAX);
		else
			usage_error();
	}
	if (argc - optind != 2)
		usage_error();
	o->muxer.uds = argv[optind];
	o->muxer.guest = argv[optind + 1];
}

static int listen_at(const char *path, int backlog)
{
	char text[sizeof(struct sockaddr_un) + 8];
	union place place;
	int fd = -1;

	snprintf(text, sizeof text, "unix:%s", path);
	if (place_parse(text, &place))
		fd = place_listen(&place, SOCK_STREAM);
	/* a second listen(2) changes the backlog */
	if (fd < 0 || listen(fd, backlog) < 0)
		err(1, "%s", path);
	return fd;
}

static int listen_for_guest(const struct options *o, uint32_t port)
{
	char path[sizeof(struct sockaddr_un)];

	snprintf(path, sizeof path, "%s/host_%u", o->muxer.guest, port);
	return listen_at(path, BACKLOG);
}

/* Each connection has its own process, so none waits for another. */
static void serve(struct options *o, int listener, const uint32_t *guest_port)
{
	struct muxer muxer = o->muxer;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		err(1, "accept");
	if (guest_port == NULL && o->faulty == 0)
		muxer.fault = FAULT_NONE;
	else if (guest_port == NULL && o->faulty > 0)
		o->faulty--;
	switch (fork()) {
	case -1:
		err(1, "fork");
	case 0:
		alarm(o->life);
		if (guest_port == NULL)
			muxer_from_host(&muxer, fd);
		else
			muxer_from_guest(&muxer, fd, *guest_port);
		_exit(0);
	default:
		close(fd);
	}
}

static void run(struct options *o)
{
	struct pollfd fds[PORTS_MAX + 1] = { { .events = POLLIN } };
	bool deaf = o->muxer.fault == FAULT_BACKLOG;

	fds[0].fd = listen_at(o->muxer.uds, deaf ? 0 : BACKLOG);
	for (int i = 0; i < o->port_count; i++) {
		fds[i + 1].fd = listen_for_guest(o, o->ports[i]);
		fds[i + 1].events = POLLIN;
	}
	puts("ready");
	fflush(stdout);
	if (deaf)
		fds[0].fd = ~fds[0].fd; /* open, and passed over by poll */
	for (;;) {
		if (poll(fds, (nfds_t)o->port_count + 1, -1) < 0)
			err(1, "poll");
		for (int i = 0; i <= o->port_count; i++)
			if (fds[i].revents != 0)
				serve(o, fds[i].fd,
				    i == 0 ? NULL : &o->ports[i - 1]);
	}
}

int main(int argc, char **argv)
{
	struct options o = {
		.muxer = { .style = muxer_style("firecracker") },
		.life = 60,
		.faulty = -1,
	};

	parse_options(&o, argc, argv);
	signal(SIGCHLD, SIG_IGN);
	alarm(o.life);
	run(&o);
}
