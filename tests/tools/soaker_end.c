#include "soaker_end.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAR_SECONDS 3600.0

static const struct soaker_way *way_out(const struct soaker_end *end)
{
	const struct soaker_plan *plan = &end->exchange->plan;

	return end->server ? &plan->back : &plan->forth;
}

static const struct soaker_way *way_in(const struct soaker_end *end)
{
	const struct soaker_plan *plan = &end->exchange->plan;

	return end->server ? &plan->forth : &plan->back;
}

static void begin_talking(struct soaker_end *end, double now)
{
	end->state = END_TALKING;
	end->receive_after = now + way_in(end)->late;
	end->pauses = way_out(end)->pauses;
	prng_init(&end->stream, way_out(end)->seed);
	prng_init(&end->wanted, way_in(end)->seed);
}

static struct soaker_end *new_end(double now)
{
	struct soaker_end *end = calloc(1, sizeof *end);

	if (end == NULL)
		return NULL;
	end->in = end->out = -1;
	end->began = now;
	return end;
}

struct soaker_end *end_client(
    struct soaker_exchange *exchange, const unsigned char *header, double now)
{
	struct soaker_end *end = new_end(now);

	if (end == NULL)
		return NULL;
	end->exchange = exchange;
	end->chain = exchange->plan.chain;
	memcpy(end->header, header, sizeof end->header);
	end->total = SOAKER_HEADER + exchange->plan.forth.bytes;
	begin_talking(end, now);
	return end;
}

struct soaker_end *end_server(int fd, int chain, double now)
{
	struct soaker_end *end = new_end(now);

	if (end == NULL)
		return NULL;
	end->server = true;
	end->state = END_NAMELESS;
	end->chain = chain;
	end->in = end->out = fd;
	return end;
}

void end_attach(struct soaker_end *end, struct soaker_exchange *exchange)
{
	end->exchange = exchange;
	end->total = exchange->plan.back.bytes;
	begin_talking(end, end->began);
}

static void close_out(struct soaker_end *end)
{
	if (end->out >= 0 && end->out != end->in)
		close(end->out);
	end->out = -1;
	end->out_over = true;
}

static void close_both(struct soaker_end *end)
{
	close_out(end);
	if (end->in >= 0)
		close(end->in);
	end->in = -1;
	end->in_over = true;
}

static void note_lost(struct soaker_end *end, int error)
{
	end->in_error = error;
	close_both(end);
}

void end_connect(struct soaker_end *end, const union place *place)
{
	close_both(end);
	end->in_over = end->out_over = false;
	end->state = END_TALKING;
	end->in = end->out = socket(place->any.sa_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (end->in >= 0 &&
	    connect(end->in, &place->any, place_size(place)) == 0)
		return;
	if (errno == EINPROGRESS)
		end->state = END_CONNECTING;
	else if (errno == EAGAIN)
		end->state = END_QUEUING;
	else
		note_lost(end, errno);
}

static void note_connected(struct soaker_end *end)
{
	int error = 0;
	socklen_t length = sizeof error;

	getsockopt(end->in, SOL_SOCKET, SO_ERROR, &error, &length);
	end->state = END_TALKING;
	if (error != 0)
		note_lost(end, error);
}

/* Whether it is this end that breaks the connection off. */
static bool is_leaver(const struct soaker_end *end)
{
	switch (end->exchange->plan.ending) {
	case SOAKER_CLIENT_CLOSES:
	case SOAKER_CLIENT_RESETS:
	case SOAKER_CLIENT_KILLED:
		return !end->server;
	case SOAKER_SERVER_CLOSES:
	case SOAKER_SERVER_RESETS:
		return end->server;
	default:
		return false;
	}
}

static void reset(struct soaker_end *end)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(end->in, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

static void leave_in_time(struct soaker_end *end)
{
	const struct soaker_plan *plan = &end->exchange->plan;

	if (end->left || !is_leaver(end) ||
	    end->sent + end->received < plan->leave_at)
		return;
	end->left = true;
	if (plan->ending == SOAKER_CLIENT_KILLED) {
		/* what it has written may still be read */
		kill(end->pid, SIGKILL);
		close_out(end);
		return;
	}
	if (plan->ending == SOAKER_CLIENT_RESETS ||
	    plan->ending == SOAKER_SERVER_RESETS)
		reset(end);
	close_both(end);
}

static bool waits_for_end(const struct soaker_end *end)
{
	enum soaker_order order = end->exchange->plan.order;

	if (end->in_over || (!end->server && end->sent < SOAKER_HEADER))
		return false;
	return order == (end->server ? SOAKER_QUESTION : SOAKER_ANSWER);
}

static bool may_send(const struct soaker_end *end, double now)
{
	return end->state == END_TALKING && !end->out_over &&
	       now >= end->send_after && !waits_for_end(end);
}

static bool may_receive(const struct soaker_end *end, double now)
{
	return (end->state == END_TALKING || end->state == END_NAMELESS) &&
	       !end->in_over && now >= end->receive_after;
}

/* The header is a chunk of its own. */
static bool prepare(struct soaker_end *end)
{
	uint64_t left = end->total - end->sent;
	size_t chunk = way_out(end)->chunk;

	if (end->piece == NULL)
		end->piece =
		    malloc(chunk > SOAKER_HEADER ? chunk : SOAKER_HEADER);
	if (end->piece == NULL)
		return false;
	end->begin = 0;
	if (!end->server && end->sent == 0) {
		end->end = SOAKER_HEADER;
		memcpy(end->piece, end->header, SOAKER_HEADER);
		return true;
	}
	end->end = left < chunk ? (size_t)left : chunk;
	prng_fill(&end->stream, end->piece, end->end);
	return true;
}

/* All is sent: the others must see an end. */
static void finish_sending(struct soaker_end *end)
{
	bool one_way = end->exchange->plan.order == SOAKER_ONE_WAY;

	end->out_over = true;
	if (end->pid > 0)
		close_out(end);
	else if (one_way && !end->server)
		close_both(end);
	else if (shutdown(end->out, SHUT_WR) < 0)
		end->out_error = errno;
}

static ssize_t put(const struct soaker_end *end)
{
	const char *from = end->piece + end->begin;
	size_t size = end->end - end->begin;

	if (end->pid > 0)
		return write(end->out, from, size);
	return send(end->out, from, size, MSG_NOSIGNAL);
}

static void send_some(struct soaker_end *end, double now)
{
	ssize_t n;

	if (end->sent < end->total) {
		if (end->begin == end->end && !prepare(end)) {
			end->why = "no memory";
			return;
		}
		n = put(end);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			end->out_error = errno;
			close_out(end);
			return;
		}
		end->begin += (size_t)n;
		end->sent += (uint64_t)n;
	}
	if (end->sent == end->total) {
		finish_sending(end);
	} else if (end->begin == end->end && end->pauses > 0) {
		end->pauses--;
		end->send_after = now + way_out(end)->pause;
	}
}

/* What is expected of a stream that has not been named yet is its header. */
static size_t receive_most(const struct soaker_end *end)
{
	if (end->exchange == NULL || end->server)
		if (end->received < SOAKER_HEADER)
			return (size_t)(SOAKER_HEADER - end->received);
	return way_in(end)->gulp;
}

static void check(struct soaker_end *end, const char *got, size_t size)
{
	static char wanted[SOAKER_PIECE];
	uint64_t header = end->server ? SOAKER_HEADER : 0;

	prng_fill(&end->wanted, wanted, size);
	if (end->received + size > header + way_in(end)->bytes)
		end->why = "more came than was sent";
	else if (memcmp(got, wanted, size) != 0)
		end->why = "other bytes came than were sent";
}

static void receive_some(struct soaker_end *end)
{
	static char got[SOAKER_PIECE];
	ssize_t n = read(end->in, got, receive_most(end));

	if (n < 0 && errno == EAGAIN)
		return;
	/* a VM socket forgets that its peer has closed when we half-close */
	if (n < 0 && errno == ENOTCONN && end->out_over)
		n = 0;
	if (n < 0) {
		note_lost(end, errno);
	} else if (n == 0) {
		end->in_over = true;
	} else if (end->server && end->received < SOAKER_HEADER) {
		memcpy(end->header + end->received, got, (size_t)n);
		end->received += (uint64_t)n;
	} else {
		check(end, got, (size_t)n);
		end->received += (uint64_t)n;
	}
}

/* When both ways are over, so is the end, and its process is to be. */
static void note_over(struct soaker_end *end)
{
	if (end->state == END_NAMELESS && end->in_over)
		close_both(end);
	if (!end->in_over || !end->out_over)
		return;
	close_both(end);
	end->state = END_OVER;
	if (end->pid > 0)
		end->state = waitpid(end->pid, &end->status, WNOHANG) == 0
				 ? END_DYING
				 : END_OVER;
	if (end->state == END_OVER)
		end->pid = 0;
}

void end_advance(struct soaker_end *end, const struct pollfd fds[2], double now)
{
	if (end->state == END_CONNECTING && fds[1].revents != 0)
		note_connected(end);
	if (end->state == END_TALKING)
		leave_in_time(end);
	if (may_receive(end, now) && fds[0].fd == end->in &&
	    fds[0].revents != 0)
		receive_some(end);
	if (may_send(end, now) && fds[1].fd == end->out && fds[1].revents != 0)
		send_some(end, now);
	if (end->state == END_TALKING)
		leave_in_time(end);
	note_over(end);
}

void end_interest(
    const struct soaker_end *end, struct pollfd fds[2], double now)
{
	bool writes = end->state == END_CONNECTING || may_send(end, now);

	fds[0] = (struct pollfd){
		.fd = may_receive(end, now) ? end->in : -1,
		.events = POLLIN,
	};
	fds[1] = (struct pollfd){
		.fd = writes ? end->out : -1,
		.events = POLLOUT,
	};
}

double end_wakes(const struct soaker_end *end, double now)
{
	const double retry = 0.005;
	double wakes = now + FAR_SECONDS;

	if (end->state == END_QUEUING || end->state == END_DYING)
		return now + retry;
	if (end->state != END_TALKING)
		return wakes;
	if (!end->out_over && end->send_after > now)
		wakes = end->send_after;
	if (!end->in_over && end->receive_after > now &&
	    end->receive_after < wakes)
		wakes = end->receive_after;
	return wakes;
}

void end_free(struct soaker_end *end)
{
	close_both(end);
	if (end->pid > 0) {
		kill(end->pid, SIGKILL);
		waitpid(end->pid, NULL, 0);
	}
	free(end->piece);
	free(end);
}
