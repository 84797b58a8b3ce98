#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/ioctl.h>
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

static ssize_t plain_read(struct stream *stream, struct msghdr *pieces)
{
	return stream->in.socket ? recvmsg(stream->in.fd, pieces, MSG_DONTWAIT)
				 : readv(stream->in.fd, pieces->msg_iov,
				       (int)pieces->msg_iovlen);
}

/*
 * A blocking pipe that poll(2) calls writable takes PIPE_BUF bytes at once,
 * pipe(7); if there are more, a part could wait for room.
 */
static ssize_t plain_write(struct stream *stream, struct msghdr *pieces)
{
	const struct iovec *first = pieces->msg_iov;

	if (stream->out.socket)
		return sendmsg(
		    stream->out.fd, pieces, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (stream->out.blocks)
		return write(stream->out.fd, first->iov_base,
		    first->iov_len < PIPE_BUF ? first->iov_len : PIPE_BUF);
	return writev(stream->out.fd, first, (int)pieces->msg_iovlen);
}

const struct stream_kind stream_plain = { .read = plain_read,
	.write = plain_write };

static ssize_t message_read(struct stream *stream, struct msghdr *pieces)
{
	char control[CMSG_SPACE(sizeof(struct ucred))];
	ssize_t got;

	if (stream->empties) {
		pieces->msg_control = control;
		pieces->msg_controllen = sizeof control;
	}
	got = recvmsg(stream->in.fd, pieces, MSG_DONTWAIT);
	if (got >= 0 && (pieces->msg_flags & MSG_TRUNC) != 0)
		errno = EMSGSIZE;
	else if (got == 0 && pieces->msg_controllen > 0)
		errno = EAGAIN; /* an empty message: nothing to pass on */
	else
		return got;
	return -1;
}

static ssize_t message_write(struct stream *stream, struct msghdr *pieces)
{
	return outbox_send(
	    stream->outbox, pieces->msg_iov, (int)pieces->msg_iovlen);
}

static const struct stream_kind messages = {
	.read = message_read, .write = message_write, .messages = true
};

static ssize_t nowhere_write(struct stream *stream, struct msghdr *pieces)
{
	ssize_t total = 0;

	(void)stream;
	for (size_t i = 0; i < pieces->msg_iovlen; i++)
		total += (ssize_t)pieces->msg_iov[i].iov_len;
	return total;
}

static const struct stream_kind nowhere = { .write = nowhere_write };

const struct stream stream_nowhere = {
	.kind = &nowhere,
	.in.fd = -1,
	.out.fd = -1,
	.ending = STREAM_KEEP,
};

void stream_from_bytes(struct stream *stream, int fd)
{
	const struct stream_end end = { .fd = fd, .socket = true };

	*stream = (struct stream){
		.kind = &stream_plain,
		.in = end,
		.out = end,
		.socket = true,
		.ending = STREAM_SHUTDOWN,
	};
}

int stream_from_socket(struct stream *stream, int fd, size_t message_size)
{
	const int on = 1;

	stream_from_bytes(stream, fd);
	if (fd_socket_number(fd, SO_TYPE) != SOCK_SEQPACKET)
		return 0;
	stream->kind = &messages;
	stream->empties = fd_socket_number(fd, SO_DOMAIN) == AF_UNIX;
	/* the sender's credentials come with a message, and not with an end */
	if (stream->empties &&
	    setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0)
		return -1;
	stream->outbox = outbox_open(fd, message_size);
	return stream->outbox != NULL ? 0 : -1;
}

/*
 * One of stdin and stdout: made one that does not block, without a change that
 * its other users would see, or else noted as one that does.
 */
static struct stream_end inherit(int fd, const struct stat *st)
{
	struct stream_end end = { .fd = fd, .socket = S_ISSOCK(st->st_mode) };

	/* a file's place is in its description: another would begin anew */
	if (end.socket || S_ISREG(st->st_mode) || S_ISBLK(st->st_mode))
		return end;
	if (S_ISFIFO(st->st_mode) || isatty(fd))
		end.blocks = fd_reopen_nonblocking(fd) < 0;
	else /* /dev/null and its kin never wait */
		end.blocks = major(st->st_rdev) != MEM_MAJOR;
	/*
	 * A FIFO that had no writer when it was opened without waiting never
	 * reports a hang-up, only an end to whoever reads. An EAGAIN shows
	 * that it has a writer, and poll(2) tells when that one has gone.
	 */
	end.eager = S_ISFIFO(st->st_mode) && !end.blocks;
	end.small = fcntl(fd, F_GETPIPE_SZ) == PIPE_USUAL ? PIPE_TRAFFIC : 0;
	return end;
}

void stream_from_stdio(struct stream *stream, bool keep)
{
	struct stat in;
	struct stat out;

	fstat(STDIN_FILENO, &in);
	fstat(STDOUT_FILENO, &out);
	*stream = (struct stream){
		.kind = &stream_plain,
		.in = inherit(STDIN_FILENO, &in),
		.out = inherit(STDOUT_FILENO, &out),
		.ending = STREAM_CLOSE,
		.spare = open("/dev/null", O_RDONLY | O_CLOEXEC),
	};
	if (keep)
		stream->ending = STREAM_KEEP;
	else if (S_ISSOCK(in.st_mode) && in.st_dev == out.st_dev &&
		 in.st_ino == out.st_ino)
		stream->ending = STREAM_SHUTDOWN; /* one socket, as under
						     inetd(8): closing one of
						     the two shows nothing */
}

/*
 * Counts down what goes through a pipe of the usual size. When that is much,
 * its other side could do with more room, and we with fewer calls.
 */
static void note_traffic(struct stream_end *end, ssize_t n)
{
	if (end->small == 0 || n <= 0)
		return;
	end->small = (size_t)n < end->small ? end->small - (size_t)n : 0;
	if (end->small == 0)
		fcntl(end->fd, F_SETPIPE_SZ, PIPE_LARGE);
}

/* Does one read or write, whichever `way` does at that end. */
static ssize_t move(struct stream *stream, struct stream_end *end,
    ssize_t (*way)(struct stream *, struct msghdr *), struct msghdr pieces)
{
	ssize_t n;

	do {
		n = way(stream, &pieces);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		end->eager = false;
	note_traffic(end, n);
	return n;
}

ssize_t stream_read(struct stream *stream, const struct iovec *piece, int n)
{
	ssize_t got = move(stream, &stream->in, stream->kind->read,
	    (struct msghdr){
		.msg_iov = (struct iovec *)piece, .msg_iovlen = (size_t)n });

	/* an accepted VM socket forgets, when we half-close, that its peer had
	   closed */
	if (got < 0 && errno == ENOTCONN && stream->finished &&
	    fd_socket_number(stream->in.fd, SO_ERROR) == 0)
		return 0;
	return got;
}

ssize_t stream_write(struct stream *stream, const struct iovec *piece, int n)
{
	return move(stream, &stream->out, stream->kind->write,
	    (struct msghdr){
		.msg_iov = (struct iovec *)piece, .msg_iovlen = (size_t)n });
}

bool stream_is_reset(const struct stream *stream)
{
	return stream->reset && !fd_tcp_ended(stream->in.fd);
}

void stream_note_splice(struct stream *to)
{
	to->reset |= to->resets;
}

void stream_note_passed(struct stream *from, struct stream *to, ssize_t n)
{
	note_traffic(&from->in, n);
	note_traffic(&to->out, n);
}

static int close_end(struct stream *stream, struct stream_end *end)
{
	int fd = end->fd;

	end->fd = -1;
	return fd_close(fd, stream->spare);
}

int stream_finish(struct stream *stream)
{
	if (stream_in_flight(stream))
		return -1;
	if (stream->kind->finish != NULL)
		return stream->kind->finish(stream);
	if (stream->ending == STREAM_KEEP)
		return 0;
	if (stream->ending == STREAM_CLOSE)
		return close_end(stream, &stream->out);
	stream->finished = true;
	/* ENOTCONN: the peer has left already. Nothing is lost by that; if
	   bytes were on their way to it, writing or reading will tell. */
	return shutdown(stream->out.fd, SHUT_WR) < 0 && errno != ENOTCONN ? -1
									  : 0;
}

bool stream_in_flight(const struct stream *stream)
{
	return stream->outbox != NULL && outbox_flushed(stream->outbox) < 0;
}

void stream_stop_reading(struct stream *stream)
{
	if (stream->ending == STREAM_SHUTDOWN)
		shutdown(stream->in.fd, SHUT_RD);
	else if (stream->ending == STREAM_CLOSE)
		close_end(stream, &stream->in);
}

int stream_writable_fd(const struct stream *stream)
{
	return stream->outbox != NULL ? outbox_fd(stream->outbox)
				      : stream->out.fd;
}

bool stream_peer_closed(const struct stream *stream)
{
	if ((fd_poll(stream->out.fd, 0, 0) & (POLLHUP | POLLERR)) != 0)
		return true;
	/* TCP, and what has empty messages, show a hang-up; a kernel without
	   memory has no word of the peer */
	return !stream->resets && !stream->empties &&
	       send(stream->out.fd, "", 0, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
	       errno != EAGAIN && errno != EINTR && errno != ENOMEM &&
	       errno != ENOBUFS;
}

bool stream_has_unread(const struct stream *stream)
{
	char byte;
	ssize_t n = recv(stream->in.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	/* Linux 6.1 cannot peek at a VM socket's message: there may be one */
	return n > 0 || (n < 0 && errno == ENOMEM);
}

size_t stream_message_most(const struct stream *stream, size_t size)
{
	size_t most;

	if (!stream->empties)
		return size;
	/* unix_dgram_sendmsg(): what sendmsg(2) takes is bounded by SO_SNDBUF,
	   and that by net.core.wmem_max, less 32 */
	most = (size_t)fd_socket_number(stream->out.fd, SO_SNDBUF) - 32;
	return most < size ? most : size;
}

bool stream_unsent(const struct stream *stream)
{
	int bytes;

	return stream->resets && ioctl(stream->out.fd, SIOCOUTQ, &bytes) == 0 &&
	       bytes > 0;
}

bool stream_in_transit(const struct stream *stream)
{
	return stream->broken && stream_unsent(stream);
}

void stream_close(struct stream *stream)
{
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	/* what is not yet delivered is lost by that */
	if (stream->broken && stream->resets)
		setsockopt(stream->out.fd, SOL_SOCKET, SO_LINGER, &at_once,
		    sizeof at_once);
	if (stream->outbox != NULL)
		outbox_close(stream->outbox);
	if (stream->socket)
		close(stream->in.fd);
	stream->outbox = NULL;
	stream->in.fd = -1;
	stream->out.fd = -1;
}
