#include "endpoint.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "fd.h"
#include "guard.h"
#include "hint.h"
#include "hybrid.h"
#include "log.h"
#include "tcp.h"
#include "vsock.h"

/* Who has waited with --retry is not told to. */
static void cut_advice(char *hint, bool retried)
{
	char *advice = strstr(hint, "; wait for it with --retry");

	if (retried && advice != NULL)
		*advice = '\0';
}

static void complain(const struct address *address,
    const struct socket_fault *fault, int error, bool retried)
{
	char name[ADDRESS_TEXT_SIZE];
	char hint[HINT_SIZE];

	log_error("%s: %s: %s", address_name(address, name), fault->step,
	    fault->said[0] != '\0' ? fault->said : strerror(error));
	if (hint_find(address, fault->step, error, hint) == NULL)
		return;
	cut_advice(hint, retried);
	log_hint("%s", hint);
}

void endpoint_complain(
    const struct address *address, const char *step, int error)
{
	struct socket_fault fault = { .step = step };

	complain(address, &fault, error, false);
}

/*
 * Firecracker, vhost-device-vsock, and Cloud Hypervisor before v53, turn the
 * host's half-close into a full close, and drop the guest's answer.
 */
static void choose_ending(const struct address *address, struct stream *stream)
{
	if (address->kind == ADDRESS_MUX)
		stream->ending = STREAM_KEEP;
}

/* A stream on the socket, which is closed if there can be none. */
static int open_stream(
    struct stream *stream, int fd, const struct address *peer, size_t buffer)
{
	if (stream_from_socket(stream, fd, buffer) < 0) {
		endpoint_complain(peer, "outbox", errno);
		return socket_abandon(fd);
	}
	choose_ending(peer, stream);
	return 0;
}

int endpoint_dialled(struct dial *dial, struct stream *stream)
{
	const struct dial_target *target = dial->target;
	bool retried = target->retry >= 0;

	if (dial->state == DIAL_CONNECTED)
		return open_stream(stream, dial->attempt.fd, &target->address,
		    target->choice.buffer);
	complain(&target->address, &dial->attempt.fault, dial->error, retried);
	/* whatever the last attempt met, it was the time that ran out */
	errno =
	    retried && dial_is_passing(dial->error) ? ETIMEDOUT : dial->error;
	return -1;
}

int endpoint_dial(struct dial_target *target, struct stream *stream)
{
	struct dial dial;

	dial_begin(&dial, target);
	dial_run(&dial);
	return endpoint_dialled(&dial, stream);
}

/* A socket file that a signal would leave behind is worse than none. */
static int guard_listener(
    struct endpoint_listener *listener, struct socket_fault *fault)
{
	if (listener->fd < 0 || listener->file.path[0] == '\0' ||
	    guard_file(&listener->file) == 0)
		return listener->fd;
	fault->step = "thread";
	unix_remove(&listener->file);
	return socket_abandon(listener->fd);
}

int endpoint_listen(const struct address *address,
    const struct socket_choice *choice, struct endpoint_listener *listener)
{
	struct address *bound = &listener->address;
	struct socket_fault fault = { .step = "listen" };

	*listener = (struct endpoint_listener){ .fd = -1, .address = *address };
	errno = EPROTONOSUPPORT;
	switch (address->kind) {
	case ADDRESS_VSOCK:
		listener->fd = vsock_listen(address, choice, bound, &fault);
		break;
	case ADDRESS_MUX:
		listener->fd =
		    hybrid_listen(address, choice, &listener->file, &fault);
		break;
	case ADDRESS_UNIX:
		listener->fd =
		    unix_listen(address->path, choice, &listener->file, &fault);
		break;
	case ADDRESS_TCP:
		listener->fd = tcp_listen(address, choice, bound, &fault);
		break;
	case ADDRESS_STDIO:
		break;
	}
	listener->fd = guard_listener(listener, &fault);
	if (listener->fd >= 0)
		return 0;
	complain(address, &fault, errno, false);
	return -1;
}

/* A connection whose client has given up again is no failure of ours. */
static int accept_next(int fd)
{
	for (;;) {
		int connection =
		    accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (connection >= 0)
			return connection;
		if (errno == EAGAIN)
			fd_poll(fd, POLLIN, -1);
		else if (errno != EINTR && errno != ECONNABORTED)
			return -1;
	}
}

/* What the kind of socket needs, and who is at its other end. */
static void prepare_accepted(int fd, const struct address *listener,
    const struct socket_choice *choice, struct address *peer)
{
	*peer = *listener;
	switch (listener->kind) {
	case ADDRESS_VSOCK:
		vsock_peer(fd, peer);
		break;
	case ADDRESS_MUX:
	case ADDRESS_UNIX:
		unix_set_buffer(fd, choice->buffer);
		break;
	case ADDRESS_TCP:
		tcp_accepted(fd, peer);
		break;
	case ADDRESS_STDIO:
		break;
	}
}

int endpoint_accept(const struct endpoint_listener *listener,
    const struct socket_choice *choice, struct stream *stream,
    struct address *peer)
{
	int fd = accept_next(listener->fd);

	if (fd < 0) {
		endpoint_complain(&listener->address, "accept", errno);
		return -1;
	}
	prepare_accepted(fd, &listener->address, choice, peer);
	return open_stream(stream, fd, peer, choice->buffer);
}

void endpoint_close(struct endpoint_listener *listener)
{
	if (listener->fd < 0)
		return;
	unix_remove(&listener->file);
	close(listener->fd);
	listener->fd = -1;
}
