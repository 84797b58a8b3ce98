#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <linux/major.h>
#include <linux/sockios.h>
#include <unistd.h>

#include "fd.h"
#include "outbox.h"

/* A pipe's capacity as it is by default, and the most that everyone may ask
 * for, pipe(7). */
#define PIPE_USUAL 65536
#define PIPE_LARGE 1048576

/* What goes through before a pipe is enlarged: not for a few lines. */
#define PIPE_TRAFFIC 262144

int stream_from_socket(struct stream *stream, int fd, size_t message_size)
{
	bool messages = fd_socket_number(fd, SO_TYPE) == SOCK_SEQPACKET;
	const int on = 1;

	*stream = (struct stream){
		.in = fd,
		.out = fd,
		.socket = true,
		.in_socket = true,
		.out_socket = true,
		.messages = messages,
		.empties =
		    messages && fd_socket_number(fd, SO_DOMAIN) == AF_UNIX,
		.ending = STREAM_SHUTDOWN,
	};
	if (!messages)
		return 0;
	/* the sender's credentials come with each message, and not at the end
	 */
	if (stream->empties &&
	    setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0)
		return -1;
	stream->outbox = outbox_open(fd, message_size);
	return stream->outbox != NULL ? 0 : -1;
}

/*
 * Makes an inherited descriptor one that does not block, without a change
 * that its other users would see. Returns whether it still may block.
 */
static bool inherit(int fd, bool *is_socket)
{
	struct stat st;

	*is_socket = false;
	if (fstat(fd, &st) < 0)
		return false;
	*is_socket = S_ISSOCK(st.st_mode);
	/* a file's place is in its description: another would begin anew */
	if (*is_socket || S_ISREG(st.st_mode) || S_ISBLK(st.st_mode))
		return false;
	if (S_ISFIFO(st.st_mode) || isatty(fd))
		return fd_reopen_nonblocking(fd) < 0;
	/* /dev/null and its kin never wait */
	return major(st.st_rdev) != MEM_MAJOR;
}

/* As under inetd(8): what we close of it, the other side of it must see. */
static bool is_one_socket(void)
{
	struct stat in;
	struct stat out;

	return fstat(STDIN_FILENO, &in) == 0 && S_ISSOCK(in.st_mode) &&
	       fstat(STDOUT_FILENO, &out) == 0 && in.st_dev == out.st_dev &&
	       in.st_ino == out.st_ino;
}

/*
 * A FIFO that had no writer when it was opened without waiting never reports a
 * hang-up, only an end to whoever reads. An EAGAIN shows that it has a writer,
 * and poll(2) tells when that one has gone.
 */
static bool is_fifo(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
}

static size_t small_pipe(int fd)
{
	return fcntl(fd, F_GETPIPE_SZ) == PIPE_USUAL ? PIPE_TRAFFIC : 0;
}

void stream_from_stdio(struct stream *stream, bool keep)
{
	*stream = (struct stream){
		.in = STDIN_FILENO,
		.out = STDOUT_FILENO,
		.ending = keep ? STREAM_KEEP : STREAM_CLOSE,
	};
	if (!keep && is_one_socket())
		stream->ending = STREAM_SHUTDOWN;
	stream->in_blocks = inherit(stream->in, &stream->in_socket);
	stream->out_blocks = inherit(stream->out, &stream->out_socket);
	stream->in_eager = !stream->in_blocks && is_fifo(stream->in);
	stream->in_small = small_pipe(stream->in);
	stream->out_small = small_pipe(stream->out);
}

void stream_discarding(struct stream *stream)
{
	*stream = (struct stream){ .in = -1, .out = -1, .ending = STREAM_KEEP };
}

static ssize_t read_socket(
    struct stream *stream, const struct iovec *piece, int n)
{
	char control[CMSG_SPACE(sizeof(struct ucred))];
	struct msghdr message = {
		.msg_iov = (struct iovec *)piece,
		.msg_iovlen = (size_t)n,
		.msg_control = stream->empties ? control : NULL,
		.msg_controllen = stream->empties ? sizeof control : 0,
	};
	ssize_t got = recvmsg(stream->in, &message, MSG_DONTWAIT);

	if (got >= 0 && (message.msg_flags & MSG_TRUNC) != 0) {
		errno = EMSGSIZE;
		return -1;
	}
	if (got == 0 && message.msg_controllen > 0) {
		errno = EAGAIN; /* an empty message: nothing to pass on */
		return -1;
	}
	return got;
}

/*
 * Counts down what goes through a pipe of the usual size. When that is much,
 * its other side could do with more room, and we with fewer calls.
 */
static void note_traffic(int fd, size_t *small, ssize_t n)
{
	if (*small == 0 || n <= 0)
		return;
	if ((size_t)n < *small) {
		*small -= (size_t)n;
		return;
	}
	*small = 0;
	fcntl(fd, F_SETPIPE_SZ, PIPE_LARGE);
}

ssize_t stream_read(struct stream *stream, const struct iovec *piece, int n)
{
	ssize_t got;

	do {
		got = stream->in_socket ? read_socket(stream, piece, n)
					: readv(stream->in, piece, n);
	} while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN)
		stream->in_eager = false;
	note_traffic(stream->in, &stream->in_small, got);
	return got;
}

/*
 * A blocking pipe that poll(2) calls writable takes PIPE_BUF bytes at once,
 * pipe(7); of more, a part could wait for room.
 */
static ssize_t write_cautiously(struct stream *stream, struct iovec piece)
{
	if (piece.iov_len > PIPE_BUF)
		piece.iov_len = PIPE_BUF;
	return write(stream->out, piece.iov_base, piece.iov_len);
}

static ssize_t write_once(
    struct stream *stream, const struct iovec *piece, int n)
{
	struct msghdr message = {
		.msg_iov = (struct iovec *)piece,
		.msg_iovlen = (size_t)n,
	};

	if (stream->outbox != NULL)
		return outbox_send(stream->outbox, piece, n);
	if (stream->out_socket)
		return sendmsg(
		    stream->out, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (stream->out_blocks)
		return write_cautiously(stream, piece[0]);
	return writev(stream->out, piece, n);
}

static ssize_t discard(const struct iovec *piece, int n)
{
	size_t total = 0;

	for (int i = 0; i < n; i++)
		total += piece[i].iov_len;
	return (ssize_t)total;
}

ssize_t stream_write(struct stream *stream, const struct iovec *piece, int n)
{
	ssize_t put;

	if (stream->out < 0)
		return discard(piece, n);
	do {
		put = write_once(stream, piece, n);
	} while (put < 0 && errno == EINTR);
	note_traffic(stream->out, &stream->out_small, put);
	return put;
}

int stream_finish(struct stream *stream)
{
	int fd = stream->out;

	if (stream->outbox != NULL && outbox_flushed(stream->outbox) < 0)
		return -1;
	switch (stream->ending) {
	case STREAM_KEEP:
		return 0;
	case STREAM_CLOSE:
		stream->out = -1;
		return fd_close(fd);
	case STREAM_SHUTDOWN:
		break;
	}
	stream->finished = true;
	/* the peer has left already: nothing is lost by that, and if bytes
	   were on their way to it, writing or reading will tell */
	if (shutdown(fd, SHUT_WR) < 0 && errno != ENOTCONN)
		return -1;
	return 0;
}

size_t stream_message_most(const struct stream *stream)
{
	/* unix_dgram_sendmsg(): what sendmsg(2) takes is bounded by SO_SNDBUF,
	   and that by net.core.wmem_max, less 32 */
	int buffer =
	    stream->empties ? fd_socket_number(stream->out, SO_SNDBUF) - 32 : 0;

	return buffer > 0 ? (size_t)buffer : SIZE_MAX;
}

bool stream_in_flight(const struct stream *stream)
{
	return stream->outbox != NULL && outbox_flushed(stream->outbox) < 0;
}

void stream_stop_reading(struct stream *stream)
{
	switch (stream->ending) {
	case STREAM_KEEP:
		break;
	case STREAM_CLOSE:
		if (stream->in >= 0)
			fd_close(stream->in);
		stream->in = -1;
		break;
	case STREAM_SHUTDOWN:
		shutdown(stream->in, SHUT_RD);
		break;
	}
}

/* The domain of a socket that splice(2) does not wait for, or -1. */
static int splice_domain(const struct stream *stream)
{
	int flags;

	if (!stream->socket || stream->messages)
		return -1;
	flags = fcntl(stream->in, F_GETFL);
	if (flags < 0 || (flags & O_NONBLOCK) == 0)
		return -1;
	return fd_socket_number(stream->in, SO_DOMAIN);
}

static bool is_tcp(int domain)
{
	return domain == AF_INET || domain == AF_INET6;
}

bool stream_splices(const struct stream *from, const struct stream *to)
{
	int source = splice_domain(from);
	int target = splice_domain(to);

	return (is_tcp(source) && (is_tcp(target) || target == AF_UNIX)) ||
	       (source == AF_UNIX && target == AF_UNIX);
}

int stream_writable_fd(const struct stream *stream)
{
	return stream->outbox != NULL ? outbox_fd(stream->outbox) : stream->out;
}

bool stream_peer_closed(const struct stream *stream)
{
	if ((fd_poll(stream->out, 0, 0) & (POLLHUP | POLLERR)) != 0)
		return true;
	/* where a message can be empty, a hang-up shows */
	return !stream->empties &&
	       send(stream->out, "", 0, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
	       errno != EAGAIN;
}

static bool is_tcp_socket(const struct stream *stream)
{
	return stream->socket &&
	       fd_socket_number(stream->out, SO_PROTOCOL) == IPPROTO_TCP;
}

/* TCP alone tells a reset from an end, and loses by it what is on its way. */
static bool is_broken_tcp(const struct stream *stream)
{
	return stream->broken && is_tcp_socket(stream);
}

bool stream_unsent(const struct stream *stream)
{
	int bytes;

	return is_tcp_socket(stream) &&
	       ioctl(stream->out, SIOCOUTQ, &bytes) == 0 && bytes > 0;
}

bool stream_in_transit(const struct stream *stream)
{
	return stream->broken && stream_unsent(stream);
}

void stream_close(struct stream *stream)
{
	if (is_broken_tcp(stream))
		fd_reset_at_close(stream->out);
	if (stream->outbox != NULL)
		outbox_close(stream->outbox);
	if (stream->socket)
		close(stream->in);
	stream->outbox = NULL;
	stream->in = -1;
	stream->out = -1;
}
