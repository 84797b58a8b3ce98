/*
 * AF_VSOCK: vsock(7). Errors as the kernel gives them, but for one: a refused
 * connection is ECONNREFUSED here, where the kernel says ECONNRESET.
 */
#ifndef VCAT_VSOCK_H
#define VCAT_VSOCK_H

#include <stdbool.h>

#include "address.h"
#include "socket.h"

extern const struct family vsock_family;

/* Whether a virtio driver connects this machine to a host. */
bool vsock_has_driver(void);

/*
 * The CID of this machine: a guest's own, else 2 on a host of virtual machines,
 * else 1 with the loopback alone. No packet is sent. Returns 0, or -1 with
 * errno: EAFNOSUPPORT without vsock, ENODEV without a transport; EACCES, ENOENT
 * and so on if only /dev/vsock knows, and it cannot be asked.
 */
int vsock_local_cid(uint32_t *cid);

/*
 * Whether a socket can be bound to that CID, ADDRESS_ANY included: binds one to
 * a free port and closes it. Returns 0, or -1 with errno.
 */
int vsock_try_bind(uint32_t cid);

#endif
