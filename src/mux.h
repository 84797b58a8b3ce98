/*
 * Hybrid vsock: the AF_UNIX sockets that stand for a guest's VM sockets on
 * the host side of Firecracker, Cloud Hypervisor and vhost-device-vsock.
 *
 * Host to guest: connect to PATH, send "CONNECT <port>\n", read "OK <n>\n",
 * where n says nothing to us; a VMM that finds no listener in the guest
 * closes without a word. Guest to host: the VMM connects to PATH_<port>, and
 * there is no handshake. Source: Firecracker, docs/vsock.md.
 */
#ifndef VCAT_MUX_H
#define VCAT_MUX_H

#include "socket.h"

extern const struct family mux_family;

#endif
