#include "pump.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

/* Firecracker's and vhost-device-vsock's, each way. */
enum { BUFFER_SIZE = 64 * 1024 };

struct pump_flow {
	int from;
	int to;
	size_t start;
	size_t used;
	bool ended; /* nothing more comes */
	bool done;  /* and its reader knows */
	char data[BUFFER_SIZE];
};

enum { HOST, GUEST };

struct pump {
	struct pump_flow up;   /* host to guest */
	struct pump_flow down; /* guest to host */
	struct pollfd fds[2];
	bool half_closes;
};

static bool would_block(void)
{
	return errno == EAGAIN || errno == EINTR;
}

static void flow_fill(struct pump_flow *flow)
{
	ssize_t n;

	if (flow->ended || flow->used > 0)
		return;
	n = recv(flow->from, flow->data, sizeof flow->data, MSG_DONTWAIT);
	if (n < 0 && would_block())
		return;
	flow->ended = n <= 0;
	flow->start = 0;
	flow->used = n > 0 ? (size_t)n : 0;
}

/* False when the reader has gone. */
static bool flow_drain(struct pump_flow *flow)
{
	ssize_t n;

	if (flow->used == 0)
		return true;
	n = send(flow->to, flow->data + flow->start, flow->used,
	    MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		return would_block();
	flow->start += (size_t)n;
	flow->used -= (size_t)n;
	return true;
}

static bool flow_is_over(const struct pump_flow *flow)
{
	return flow->ended && flow->used == 0;
}

static short events(const struct pump_flow *in, const struct pump_flow *out)
{
	short wanted = 0;

	if (!in->ended && in->used == 0)
		wanted |= POLLIN;
	if (out->used > 0)
		wanted |= POLLOUT;
	return wanted;
}

/* The side has closed, not only half-closed: AF_UNIX reports that. */
static bool is_gone(const struct pump *pump, int side)
{
	return (pump->fds[side].revents & (POLLHUP | POLLERR)) != 0;
}

static void half_close(struct pump_flow *flow)
{
	if (!flow->done && flow_is_over(flow)) {
		shutdown(flow->to, SHUT_WR);
		flow->done = true;
	}
}

/* Drops what the guest still sends, without resetting it. */
static void shut_guest(int guest)
{
	char dropped[4096];

	shutdown(guest, SHUT_RDWR);
	while (recv(guest, dropped, sizeof dropped, MSG_DONTWAIT) > 0)
		continue;
}

/* False when the connection is over. */
static bool pump_step(struct pump *pump)
{
	struct pump_flow *up = &pump->up;
	struct pump_flow *down = &pump->down;

	flow_fill(up);
	flow_fill(down);
	if (!flow_drain(down))
		return false;
	if (!flow_drain(up)) {
		up->used = 0; /* what the guest has sent still arrives */
		up->ended = true;
		up->done = true;
	}
	if (flow_is_over(down) && is_gone(pump, GUEST))
		return false;
	if (flow_is_over(up) && is_gone(pump, HOST))
		return false;
	if (!pump->half_closes)
		return !flow_is_over(up) || up->done;
	half_close(up);
	half_close(down);
	return !up->done || !down->done;
}

void pump_run(int host, int guest, bool half_closes)
{
	struct pump pump = { .half_closes = half_closes };

	pump.up.from = pump.down.to = pump.fds[HOST].fd = host;
	pump.down.from = pump.up.to = pump.fds[GUEST].fd = guest;
	do {
		pump.fds[HOST].events = events(&pump.up, &pump.down);
		pump.fds[GUEST].events = events(&pump.down, &pump.up);
		poll(pump.fds, 2, -1);
	} while (pump_step(&pump));
	shut_guest(guest);
}
