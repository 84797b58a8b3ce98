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
#include "deadline.h"
#include "socket.h"
#include "unix.h"

/*
 * A connected, non-blocking socket on which the handshake is done and no byte
 * after it has been read; or -1 with errno and in *fault what failed.
 * ECONNREFUSED: nobody listens on that port in the guest; EPROTO: the answer,
 * in fault->said, is not one.
 */
int hybrid_dial(const struct address *peer, const struct socket_choice *choice,
    struct deadline limit, struct socket_fault *fault);

/* As unix_listen(), on PATH_<port>. */
int hybrid_listen(const struct address *address,
    const struct socket_choice *choice, struct unix_file *file,
    struct socket_fault *fault);

#endif
