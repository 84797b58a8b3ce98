#include "fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdalign.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/param.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <linux/vm_sockets.h>
#include <unistd.h>

/* tcp(7)'s own two hours are for connections that nobody waits for. */
#define PROBE_SECONDS 5

/* Where a filter of system calls lets nobody ask for the limit. */
#define DESCRIPTORS_USUAL 1024

int fd_fill_standard(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		int mode = fd == STDERR_FILENO ? O_WRONLY : O_RDONLY;

		/* open(2) takes the lowest free number: this one */
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", mode) < 0)
			return -1;
	}
	return 0;
}

int fd_reopen_nonblocking(int fd)
{
	char path[32];
	int flags = fcntl(fd, F_GETFL);
	int own;
	int number;
	int result;

	/* what lies behind a pseudoterminal's master is another one */
	if (flags < 0 || ioctl(fd, TIOCGPTN, &number) == 0)
		return -1;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	own =
	    open(path, (flags & O_ACCMODE) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (own < 0)
		return -1;
	result = dup2(own, fd) < 0 ? -1 : 0;
	close(own);
	return result;
}

int fd_close(int fd, int spare)
{
	int result = close(fd);
	int saved = errno;

	if (spare > 0)
		dup2(spare, fd);
	errno = saved;
	return result;
}

void fd_probe_peer(int fd)
{
	const int on = 1;
	const int seconds = PROBE_SECONDS;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &seconds, sizeof seconds);
}

/* tcp_inq_hint(): after a FIN it is never 0. */
bool fd_tcp_ended(int fd)
{
	alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = "";
	struct msghdr message = {
		.msg_control = control,
		.msg_controllen = sizeof control,
	};
	const int on = 1;
	const struct cmsghdr *header;
	int left = 0;

	setsockopt(fd, IPPROTO_TCP, TCP_INQ, &on, sizeof on);
	if (recvmsg(fd, &message, MSG_PEEK | MSG_DONTWAIT) < 0)
		return false;
	header = CMSG_FIRSTHDR(&message);
	if (header != NULL && header->cmsg_type == TCP_CM_INQ)
		memcpy(&left, CMSG_DATA(header), sizeof left);
	return left > 0;
}

int fd_room(int newest, int spare)
{
	struct rlimit limit = { .rlim_cur = DESCRIPTORS_USUAL };

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		struct rlimit most = { limit.rlim_max, limit.rlim_max };

		if (setrlimit(RLIMIT_NOFILE, &most) == 0)
			limit = most;
	}
	return (limit.rlim_cur < INT_MAX ? (int)limit.rlim_cur : INT_MAX) -
	       newest - 1 - spare;
}

int fd_pass(int over, int fd, const void *note, size_t size)
{
	alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof fd)] = "";
	struct iovec piece = { .iov_base = (void *)note, .iov_len = size };
	struct msghdr message = {
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof control,
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int domain = fd_socket_number(over, SO_DOMAIN);
	ssize_t n;

	if (domain >= 0 && domain != AF_UNIX)
		errno = EOPNOTSUPP;
	if (domain != AF_UNIX)
		return -1;
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(header), &fd, sizeof fd);
	do {
		n = sendmsg(over, &message, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -1 : 0;
}

int fd_receive(int over, void *note, size_t size)
{
	alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct iovec piece = { .iov_base = note, .iov_len = size };
	struct msghdr message = {
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = control,
		/* without the padding, which would hold another one */
		.msg_controllen = CMSG_LEN(sizeof(int)),
	};
	ssize_t n = recvmsg(over, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	const struct cmsghdr *header = n < 0 ? NULL : CMSG_FIRSTHDR(&message);
	int fd;

	if (n == 0)
		errno = EPIPE;
	else if (n > 0)
		errno = EMFILE;
	if (header == NULL || header->cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(&fd, CMSG_DATA(header), sizeof fd);
	if ((size_t)n == size)
		return fd;
	close(fd);
	return -1;
}

int fd_set_blocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}

/*
 * Until it takes PIPE_BUF bytes without waiting, pipe(7), or fails. A signal
 * that is kept for later ends us here, as nobody may ever read.
 */
static void wait_for_reader(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	sigset_t mask;

	sigprocmask(SIG_SETMASK, NULL, &mask);
	sigdelset(&mask, SIGHUP);
	sigdelset(&mask, SIGINT);
	sigdelset(&mask, SIGTERM);
	ppoll(&p, 1, NULL, &mask);
}

static ssize_t write_patiently(void *cookie, const char *text, size_t length)
{
	int fd = (int)(intptr_t)cookie;
	size_t done = 0;

	while (done < length) {
		ssize_t n;

		wait_for_reader(fd);
		n = write(fd, text + done, MIN(length - done, PIPE_BUF));
		if (n >= 0)
			done += (size_t)n;
		else if (errno != EAGAIN && errno != EINTR)
			return 0;
	}
	return (ssize_t)length;
}

FILE *fd_output(int fd)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): a number as a cookie */
	return fopencookie((void *)(intptr_t)fd, "w",
	    (cookie_io_functions_t){ .write = write_patiently });
}

int fd_socket_number(int fd, int option)
{
	int value;
	socklen_t length = sizeof value;

	return getsockopt(fd, SOL_SOCKET, option, &value, &length) < 0 ? -1
								       : value;
}

void fd_socket_buffers(int fd, uint64_t *sending, uint64_t *receiving)
{
	socklen_t length = sizeof *receiving;

	*sending = 0;
	*receiving = 0;
	if (fd_socket_number(fd, SO_DOMAIN) == AF_VSOCK) {
		getsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, receiving,
		    &length);
		return;
	}
	*sending = (uint64_t)fd_socket_number(fd, SO_SNDBUF);
	*receiving = (uint64_t)fd_socket_number(fd, SO_RCVBUF);
}

off_t fd_left(int fd)
{
	struct stat st;
	off_t at;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -1;
	at = lseek(fd, 0, SEEK_CUR);
	return at < st.st_size ? st.st_size - at : 0;
}

short fd_poll(int fd, short events, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = events };

	while (poll(&p, 1, timeout_ms) < 0 && errno == EINTR)
		continue;
	return p.revents;
}
