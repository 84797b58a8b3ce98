/*
 * A stream: where bytes come from, where bytes go to, and how the far end
 * learns that no more will come. It has two ends, and a kind that says how
 * they are read and written. It names no address and knows no protocol.
 */
#ifndef VCAT_STREAM_H
#define VCAT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

struct outbox;
struct stream;

/* What finishing the outward direction does. */
enum stream_ending {
	STREAM_SHUTDOWN, /* half-close: shutdown(SHUT_WR) */
	STREAM_CLOSE,    /* close the descriptor, as for stdout */
	STREAM_KEEP,     /* nothing: the far end takes a half-close for more
			    than it is, or others still use the descriptor */
};

/*
 * How the bytes of a stream are moved: as recvmsg(2) and sendmsg(2) take the
 * pieces, and with their results.
 */
struct stream_kind {
	ssize_t (*read)(struct stream *stream, struct msghdr *pieces);
	ssize_t (*write)(struct stream *stream, struct msghdr *pieces);
	/* Hears of the end, as stream_finish(); NULL: `ending` says how. */
	int (*finish)(struct stream *stream);
	bool messages; /* one read, one message; needs a buffer that can hold
			  the longest */
};

struct stream_end {
	int fd;       /* -1: nothing comes, or goes */
	bool socket;  /* recv(2) and send(2) work */
	bool blocks;  /* inherited, blocking: poll first, and move no more than
			 is sure to fit */
	bool eager;   /* poll(2) may be silent about its end: read it until it
			 says EAGAIN once */
	size_t small; /* an inherited pipe of the usual size: how much is to go
			 through until it is worth enlarging; 0: never */
};

struct stream {
	const struct stream_kind *kind;
	struct stream_end in, out;
	enum stream_ending ending;
	int spare;     /* /dev/null, to take the place of stdin or stdout once
			  that is closed; 0: none */
	bool socket;   /* in and out are one socket that vcat opened */
	bool empties;  /* AF_UNIX: a message may be empty, which is no end */
	bool resets;   /* the peer can tell a reset from an end, and a reset
			  overtakes what is on its way: TCP. For the opener to
			  set. */
	bool reset;    /* a write has met that, or may have: the kernel says it
			  only once, and what a read then takes for an end may
			  be none, see stream_is_reset() */
	bool finished; /* the far end knows that no more will come */
	bool broken;   /* it has not been sent all: our close must not look
			  like an end, where that can be had */
	struct outbox *outbox; /* the way out of messages */
	const char *why;       /* it failed, in words; NULL: errno says it */
};

/* Bytes, by read(2) and write(2) and their kin. */
extern const struct stream_kind stream_plain;

/* A stream on a connected, non-blocking SOCK_STREAM, which it then owns. */
void stream_from_bytes(struct stream *stream, int fd);

/*
 * A stream on a connected, non-blocking socket, which it then owns; message
 * boundaries are kept if it is SOCK_SEQPACKET, in messages of at most
 * message_size bytes. Returns 0, or -1 with errno and the socket untouched.
 */
int stream_from_socket(struct stream *stream, int fd, size_t message_size);

/*
 * A stream on this process's stdin and stdout, whose flags stay as they were.
 * With keep they stay open when a direction ends, for the next connection.
 */
void stream_from_stdio(struct stream *stream, bool keep);

/* A stream that swallows what is written; it is not to be read from. */
extern const struct stream stream_nowhere;

/*
 * Reads what is there into the pieces. Returns the number of bytes, 0 at the
 * end of the stream, or -1 with errno: EAGAIN when nothing is there, EMSGSIZE
 * for a message longer than the pieces.
 */
ssize_t stream_read(struct stream *stream, const struct iovec *piece, int n);

/*
 * Writes as much of the pieces as fits; a message as a whole. Returns the
 * number of bytes, or -1 with errno: EAGAIN when there is no room.
 */
ssize_t stream_write(struct stream *stream, const struct iovec *piece, int n);

/*
 * Ends the outward direction as `ending` says. Returns 0, or -1 with errno:
 * EAGAIN while a message is still on its way out (wait until out is
 * writable), or why what was written did not arrive.
 */
int stream_finish(struct stream *stream);

/*
 * Whether something that stream_write() took has not gone out, and may never:
 * a message that waits for the peer to read (errno EAGAIN), or one that could
 * not be sent (errno says why).
 */
bool stream_in_flight(const struct stream *stream);

/* Whether an end that was read is none, but a reset that a write has met. */
bool stream_is_reset(const struct stream *stream);

/*
 * splice(2) is to write. If it moves a part and then meets a reset, it says
 * only how much it has moved, and nobody hears of the reset.
 */
void stream_note_splice(struct stream *to);

/* Bytes have gone from one stream to another without a read and a write. */
void stream_note_passed(struct stream *from, struct stream *to, ssize_t n);

/* Reads no more: whoever writes to this stream learns that, where possible. */
void stream_stop_reading(struct stream *stream);

/* What to poll for POLLOUT; -1 if writing never waits. */
int stream_writable_fd(const struct stream *stream);

/*
 * Whether the peer has closed altogether, as far as that can be told: only
 * before stream_finish(), and only if `socket`. Sends nothing.
 */
bool stream_peer_closed(const struct stream *stream);

/* Whether a socket has bytes that stream_read() has not taken. */
bool stream_has_unread(const struct stream *stream);

/*
 * The length of the longest message that it takes, as far as is known before
 * the message is sent; size at most.
 */
size_t stream_message_most(const struct stream *stream, size_t size);

/* Whether bytes, or an end, are on their way that a reset would overtake. */
bool stream_unsent(const struct stream *stream);

/* Whether what has been sent would be lost by closing a broken stream now. */
bool stream_in_transit(const struct stream *stream);

/*
 * Closes what the stream owns; a stream on stdio owns nothing. The peer of a
 * broken stream sees a reset, if it `resets`.
 */
void stream_close(struct stream *stream);

#endif
