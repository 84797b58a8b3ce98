/*
 * Sends whole messages over a blocking SOCK_SEQPACKET socket without blocking
 * its user, one at a time, from a thread.
 *
 * Why a thread: a vsock SEQPACKET message that does not fit into the peer's
 * credit is sent in part by a non-blocking, interrupted or timed-out send(2),
 * and the part is glued to the front of the next message (measured on Linux
 * 6.1, 6.12 and 7.2). Only a blocking send with all signals blocked keeps the
 * boundaries.
 */
#ifndef VCAT_OUTBOX_H
#define VCAT_OUTBOX_H

#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

struct outbox;

/*
 * An outbox onto socket fd, which stays the caller's and may be non-blocking,
 * for messages of at most size bytes. Returns NULL with errno.
 */
struct outbox *outbox_open(int fd, size_t size);

/* A descriptor to poll for POLLOUT: there is room for the next message. */
int outbox_fd(const struct outbox *outbox);

/*
 * Takes the pieces as one message. Returns its length, or -1 with errno:
 * EAGAIN while the one before is on its way, EMSGSIZE if it is longer than
 * size, or why an earlier one could not be sent.
 */
ssize_t outbox_send(struct outbox *outbox, const struct iovec *piece, int n);

/*
 * Whether all has been sent. Returns 0, or -1 with errno as outbox_send().
 */
int outbox_flushed(struct outbox *outbox);

/*
 * Ends the thread, which may be in the midst of a message to a peer that does
 * not read: shuts the socket down to get it out.
 */
void outbox_close(struct outbox *outbox);

#endif
