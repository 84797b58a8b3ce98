/*
 * Hybrid vsock: the AF_UNIX sockets that stand for a guest's VM sockets on
 * the host side of Firecracker, Cloud Hypervisor and vhost-device-vsock.
 *
 * Host to guest: connect to PATH, send "CONNECT <port>\n", read "OK <n>\n",
 * where n says nothing to us; a VMM that finds no listener in the guest
 * closes without a word. Guest to host: the VMM connects to PATH_<port>, and
 * there is no handshake. Source: Firecracker, docs/vsock.md.
 */
#ifndef VCAT_HYBRID_H
#define VCAT_HYBRID_H

#include "address.h"
#include "socket.h"
#include "unix.h"

/* The longest answer is "OK 4294967295\n"; VMMs read 32 bytes themselves. */
#define HYBRID_ANSWER_SIZE 32

/* As much of the VMM's answer as has been read. */
struct hybrid_answer {
	char text[HYBRID_ANSWER_SIZE + 1];
	size_t used;
};

/*
 * On an attempt that unix_begin() has connected, asks for the port and makes
 * *answer empty. Returns 0, or -1 with errno and in attempt->fault what
 * failed.
 */
int hybrid_ask(struct socket_attempt *attempt, uint32_t port,
    struct hybrid_answer *answer);

/*
 * Reads the answer, and no byte after it. Returns 0 when the handshake is
 * done, or -1 with errno and attempt->fault: EAGAIN while there is more to
 * come, ECONNREFUSED when nobody listens on that port in the guest, EPROTO
 * when the answer, in fault.said, is not one.
 */
int hybrid_hear(struct socket_attempt *attempt, struct hybrid_answer *answer);

/* As unix_listen(), on PATH_<port>. */
int hybrid_listen(const struct address *address,
    const struct socket_choice *choice, struct unix_file *file,
    struct socket_fault *fault);

#endif
