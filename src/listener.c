#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "family.h"
#include "fd.h"
#include "log.h"
#include "text.h"
#include "trouble.h"
#include "unix.h"

/* SD_LISTEN_FDS_START */
#define PASSED_FD 3

int listener_open(struct listener *listener, const struct address *address,
    const struct socket_choice *choice)
{
	struct socket_attempt attempt = {
		.choice = choice, .fd = -1, .file = &listener->file
	};
	int result;

	*listener = (struct listener){
		.address = *address,
		.may_wait = address->kind == ADDRESS_VSOCK,
	};
	result = family_of(address->kind)->listen(&attempt, address);
	listener->fd = attempt.fd;
	/* nobody could come to a port that nobody knows */
	if (result == 0)
		result = family_local(listener->fd, &listener->address);
	if (result == 0)
		return 0;
	trouble_report(address, &attempt.fault, errno);
	listener_close(listener);
	return -1;
}

/* 0: the variable is not set, or no number. */
static pid_t number_of(const char *name)
{
	const char *text = getenv(name);
	uint32_t number;

	if (text == NULL || !text_number(text, 0, INT_MAX, &number))
		return 0;
	return (pid_t)number;
}

/* Whether it listens or is connected. */
static bool is_useful(int fd)
{
	struct sockaddr_storage peer;
	socklen_t length = sizeof peer;
	int type = fd_socket_number(fd, SO_TYPE);

	return (type == SOCK_STREAM || type == SOCK_SEQPACKET) &&
	       (fd_socket_number(fd, SO_ACCEPTCONN) == 1 ||
		   getpeername(fd, (struct sockaddr *)&peer, &length) == 0);
}

/* What is wrong with what was passed, or NULL. */
static const char *check_passed(enum address_kind kind)
{
	int count = number_of("LISTEN_FDS");

	if (count == 0)
		return "no socket was passed (LISTEN_FDS is not set)";
	if (number_of("LISTEN_PID") != getpid())
		return "the socket was passed to another process (LISTEN_PID)";
	if (count > 1)
		return "more than one socket was passed (LISTEN_FDS)";
	if (fd_socket_number(PASSED_FD, SO_TYPE) < 0)
		return "descriptor 3 is not a socket (LISTEN_FDS)";
	if (!is_useful(PASSED_FD))
		return "the passed socket is neither listening nor connected";
	if (kind == ADDRESS_STDIO)
		return "vcat does not know the passed socket's family";
	return NULL;
}

int listener_adopt(struct listener *listener)
{
	int domain = fd_socket_number(PASSED_FD, SO_DOMAIN);
	enum address_kind kind = family_of_domain(domain);
	const char *why = check_passed(kind);

	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDNAMES");
	if (why != NULL) {
		log_error("-: %s", why);
		log_hint("-l - takes a socket that systemd passes, as in "
			 "systemd-socket-activate -l PATH vcat -l -");
		return -1;
	}
	fcntl(PASSED_FD, F_SETFD, FD_CLOEXEC);
	*listener = (struct listener){
		.fd = PASSED_FD,
		.passed = true,
		.address = { .kind = kind },
		.may_wait = kind == ADDRESS_VSOCK ||
			    (fcntl(PASSED_FD, F_GETFL) & O_NONBLOCK) == 0,
	};
	family_local(PASSED_FD, &listener->address);
	return 0;
}

bool listener_is_connected(const struct listener *listener,
    const struct socket_choice *choice, struct address *peer)
{
	if (fd_socket_number(listener->fd, SO_ACCEPTCONN) != 0)
		return false;
	*peer = listener->address;
	family_accepted(listener->fd, choice, true, peer);
	return true;
}

/* Whether it is no failure of ours: there is just nobody to accept now. */
static bool is_nobody(int error)
{
	return error == EAGAIN || error == EINTR || error == ECONNABORTED ||
	       error == ENOTCONN;
}

/*
 * accept(2) waits for somebody on a socket that blocks. On a VM socket that
 * does not block, the one of Linux 6.1 sleeps until the next tick of the clock,
 * up to 4 ms, before it says EAGAIN: measured; 6.12 says it at once.
 */
int listener_accept(const struct listener *listener,
    const struct socket_choice *choice, struct address *peer)
{
	int fd;

	if (listener->may_wait &&
	    (fd_poll(listener->fd, POLLIN, 0) & POLLIN) == 0) {
		errno = EAGAIN;
		return -1;
	}
	fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	*peer = listener->address;
	if (fd >= 0 && family_accepted(fd, choice, listener->passed, peer) < 0)
		fd = socket_abandon(fd);
	if (fd < 0 && is_nobody(errno))
		errno = EAGAIN;
	return fd;
}

/*
 * A client may have looked up the file before we removed it, and come to our
 * socket after it: shutdown(2) makes Linux refuse it (unix_stream_connect()),
 * and leaves those alone who are in the backlog. A listening socket of TCP
 * would lose them by it, and one of vsock cannot be shut down.
 */
void listener_withdraw(struct listener *listener)
{
	unix_remove(&listener->file);
	listener->file.path[0] = '\0';
	listener->shut = !listener->passed &&
			 listener->address.kind == ADDRESS_UNIX &&
			 shutdown(listener->fd, SHUT_RD) == 0;
}

void listener_close(struct listener *listener)
{
	if (listener->fd < 0)
		return;
	listener_withdraw(listener);
	close(listener->fd);
	listener->fd = -1;
}
