#include "endpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "fd.h"
#include "hint.h"
#include "hybrid.h"
#include "log.h"
#include "tcp.h"
#include "vsock.h"

/* Who has waited with --retry is not told to; a question before it stays. */
static void cut_advice(char *hint, bool retried)
{
	char *advice = strstr(hint, " wait for it with --retry");

	if (!retried || advice == NULL)
		return;
	if (advice[-1] == ';')
		advice--;
	*advice = '\0';
}

void endpoint_hint(
    const struct address *address, const char *step, int error, bool retried)
{
	char hint[HINT_SIZE];

	if (hint_find(address, step, error, hint) == NULL)
		return;
	cut_advice(hint, retried);
	log_hint("%s", hint);
}

void endpoint_complain_of(const struct address *address,
    const struct socket_fault *fault, int error, bool retried)
{
	char name[ADDRESS_TEXT_SIZE];

	log_error("%s: %s: %s", address_name(address, name), fault->step,
	    fault->said[0] != '\0' ? fault->said : strerror(error));
	endpoint_hint(address, fault->step, error, retried);
}

void endpoint_complain(
    const struct address *address, const char *step, int error)
{
	struct socket_fault fault = { .step = step };

	endpoint_complain_of(address, &fault, error, false);
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

int endpoint_open(struct stream *stream, int fd, const struct address *peer,
    size_t message_size)
{
	if (stream_from_socket(stream, fd, message_size) < 0) {
		endpoint_complain(peer, "outbox", errno);
		return socket_abandon(fd);
	}
	choose_ending(peer, stream);
	return 0;
}

int endpoint_dialled(const struct dial *dial)
{
	const struct dial_target *target = dial->target;
	bool retried = target->retry >= 0;

	if (dial->state == DIAL_CONNECTED)
		return dial->attempt.fd;
	endpoint_complain_of(
	    &target->address, &dial->attempt.fault, dial->error, retried);
	/* whatever the last attempt met, it was the time that ran out */
	errno =
	    retried && dial_is_passing(dial->error) ? ETIMEDOUT : dial->error;
	return -1;
}

int endpoint_dial(struct dial_target *target)
{
	struct dial dial;

	dial_begin(&dial, target);
	dial_run(&dial);
	return endpoint_dialled(&dial);
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
	if (listener->fd >= 0)
		return 0;
	endpoint_complain_of(address, &fault, errno, false);
	return -1;
}

/* What the kind of socket needs, and who is at its other end. Returns 0, or -1
 * with errno when nobody is any more. */
static int prepare_accepted(int fd, const struct address *listener,
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
		return tcp_accepted(fd, peer);
	case ADDRESS_STDIO:
		break;
	}
	return 0;
}

/* Whether it is no failure of ours: there is just nobody to accept now. */
static bool is_nobody(int error)
{
	return error == EAGAIN || error == EINTR || error == ECONNABORTED ||
	       error == ENOTCONN;
}

int endpoint_accept_now(const struct endpoint_listener *listener,
    const struct socket_choice *choice, struct address *peer)
{
	int fd =
	    accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0 &&
	    prepare_accepted(fd, &listener->address, choice, peer) < 0)
		fd = socket_abandon(fd);
	if (fd < 0 && is_nobody(errno))
		errno = EAGAIN;
	return fd;
}

int endpoint_accept(const struct endpoint_listener *listener,
    const struct socket_choice *choice, struct address *peer)
{
	int fd;

	while ((fd = endpoint_accept_now(listener, choice, peer)) < 0) {
		if (errno != EAGAIN) {
			endpoint_complain(&listener->address, "accept", errno);
			return -1;
		}
		fd_poll(listener->fd, POLLIN, -1);
	}
	return fd;
}

void endpoint_local(int fd, const struct address *known, struct address *local)
{
	*local = *known;
	if (known->kind == ADDRESS_VSOCK)
		vsock_local(fd, local);
	else if (known->kind == ADDRESS_TCP)
		tcp_local(fd, local);
}

static int adopt(struct endpoint_listener *listener, int fd)
{
	struct address *address = &listener->address;
	int domain = fd_socket_number(fd, SO_DOMAIN);
	int flags = fcntl(fd, F_GETFL);

	listener->fd = fd;
	listener->blocks = flags < 0 || (flags & O_NONBLOCK) == 0;
	switch (domain) {
	case AF_VSOCK:
		vsock_local(fd, address);
		return 0;
	case AF_UNIX:
		unix_local(fd, address);
		return 0;
	case AF_INET:
	case AF_INET6:
		tcp_local(fd, address);
		return 0;
	default:
		errno = EAFNOSUPPORT;
		return -1;
	}
}

int endpoint_adopt(struct endpoint_listener *listener, int fd)
{
	*listener = (struct endpoint_listener){
		.fd = -1,
		.address = { .kind = ADDRESS_STDIO },
	};
	if (adopt(listener, fd) == 0)
		return 0;
	endpoint_complain(&listener->address, "passed socket", errno);
	return -1;
}

bool endpoint_is_connected(const struct endpoint_listener *listener,
    const struct socket_choice *choice, struct address *peer)
{
	if (fd_socket_number(listener->fd, SO_ACCEPTCONN) != 0)
		return false;
	prepare_accepted(listener->fd, &listener->address, choice, peer);
	return true;
}

void endpoint_close(struct endpoint_listener *listener)
{
	if (listener->fd < 0)
		return;
	unix_remove(&listener->file);
	close(listener->fd);
	listener->fd = -1;
}
