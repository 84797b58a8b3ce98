/*
 * Small things that are done to descriptors.
 */
#ifndef VCAT_FD_H
#define VCAT_FD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/*
 * Opens /dev/null, for reading only, on each of 0 and 1 that is closed, and
 * for writing on 2, so that no socket is born there: a closed stdin is at its
 * end, a write to a closed stdout fails with EBADF. Returns 0, or -1 with
 * errno.
 */
int fd_fill_standard(void);

/*
 * Gives fd, a pipe or a terminal, an open file description of our own with
 * O_NONBLOCK set, by opening it again through /proc; the caller's description
 * is let go unchanged. Returns 0, or -1 and fd as it was; a pseudoterminal's
 * master cannot be opened again.
 */
int fd_reopen_nonblocking(int fd);

/*
 * Closes fd and, unless spare is 0, leaves a copy of that descriptor in its
 * place, so that nothing else is born there. Returns close(2)'s result and
 * errno: the last word on what was written there.
 */
int fd_close(int fd, int spare);

/*
 * How many descriptors this process may open yet, of which `spare` are left
 * for others; `newest` is the latest that it has opened. Raises RLIMIT_NOFILE
 * to its hard limit first: we do not use select(2).
 */
int fd_room(int newest, int spare);

/*
 * Passes fd over the AF_UNIX socket `over` with a note of that size, one byte
 * or more: SCM_RIGHTS, unix(7). Returns 0, or -1 with errno: ENOTSOCK or
 * EOPNOTSUPP when `over` is no such socket.
 */
int fd_pass(int over, int fd, const void *note, size_t size);

/*
 * Receives what was passed with a note of that size, without waiting. Returns
 * the descriptor, or -1 with errno: EAGAIN if there is nothing, EPIPE at the
 * end, EMFILE if there was no room for the descriptor.
 */
int fd_receive(int over, void *note, size_t size);

/*
 * Has the kernel ask a TCP peer from time to time whether it is still there;
 * one that is not shows by POLLERR after a while. Others are left alone.
 */
void fd_probe_peer(int fd);

/*
 * Whether the peer of a TCP socket from which nothing more is to be read has
 * ended its stream; if not, the connection was reset or has broken.
 */
bool fd_tcp_ended(int fd);

/* Clears O_NONBLOCK on a descriptor of our own. Returns 0, or -1. */
int fd_set_blocking(int fd);

/*
 * A stream for text onto fd, which stays the caller's. Unlike stdout it waits
 * where fd is non-blocking and has no room. Returns NULL with errno.
 */
FILE *fd_output(int fd);

/* A number that getsockopt(2) has at SOL_SOCKET, or -1 with errno. */
int fd_socket_number(int fd, int option);

/* How large the buffers of a socket are, in bytes. A VM socket has one, for
 * what it receives; the other is then 0. */
void fd_socket_buffers(int fd, uint64_t *sending, uint64_t *receiving);

/* How much of a regular file is left to read; -1 if fd is none. */
off_t fd_left(int fd);

/* poll(2) on one descriptor; returns its revents, 0 at the time limit. */
short fd_poll(int fd, short events, int timeout_ms);

#endif
