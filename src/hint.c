#include "hint.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Which CIDs a row is for. The first row that fits is the one. */
enum hint_cid {
	HINT_ANY,
	HINT_HYPERVISOR, /* CID 0 */
	HINT_LOCAL,      /* CID 1 */
	HINT_GUEST,      /* above 2: a virtual machine */
};

/* In a text, %s is the port. The causes were measured on Linux 6.1 to 7.2. */
static const struct hint {
	const char *step; /* NULL: any */
	int error;
	enum hint_cid cid;
	const char *text;
} vsock_hints[] = {
	{ "socket", EAFNOSUPPORT, HINT_ANY,
	    "this kernel has no vsock loaded: modprobe vhost_vsock on a host, "
	    "modprobe vsock_loopback for tests; a guest needs a vsock device" },
	{ "cid", ENODEV, HINT_ANY,
	    "no vsock transport is loaded; vcat --doctor tells which could "
	    "be" },
	{ "cid", EACCES, HINT_ANY,
	    "a guest's CID is in /dev/vsock only: chmod 0666 /dev/vsock" },
	{ "cid", EPERM, HINT_ANY,
	    "a guest's CID is in /dev/vsock only: start the container with "
	    "--device /dev/vsock" },
	{ "cid", ENOENT, HINT_ANY,
	    "a guest's CID is in /dev/vsock only: start the container with "
	    "--device /dev/vsock" },
	{ NULL, ESOCKTNOSUPPORT, HINT_ANY,
	    "this vsock device has no SEQPACKET: leave out --seqpacket" },
	{ "connect", ENODEV, HINT_HYPERVISOR,
	    "CID 0 exists under VMware only: the host is CID 2" },
	{ "connect", ENODEV, HINT_LOCAL,
	    "the loopback is not loaded: modprobe vsock_loopback" },
	{ "connect", ENODEV, HINT_GUEST,
	    "no running VM has that CID: is it up, with that guest-cid? "
	    "on a host without vhost: modprobe vhost_vsock; for a guest's own "
	    "CID: modprobe vsock_loopback" },
	{ "connect", ENODEV, HINT_ANY,
	    "there is no vsock transport to that CID here: in a guest, does "
	    "the VM have a vsock device? on a host: modprobe vsock_loopback" },
	{ "connect sibling", ENODEV, HINT_GUEST,
	    "--sibling goes through the host of this machine: is it a VM with "
	    "a vsock device? to a VM that runs here, leave out --sibling" },
	{ "connect", ECONNREFUSED, HINT_ANY,
	    "nobody listens on port %s there, or the listener's backlog is "
	    "full "
	    "or its socket type another (--seqpacket); start one there: "
	    "vcat -l %s" },
	{ "connect", ETIMEDOUT, HINT_HYPERVISOR,
	    "CID 0 exists under VMware only: the host is CID 2" },
	{ "connect", ETIMEDOUT, HINT_LOCAL,
	    "the loopback may not be loaded here: modprobe vsock_loopback" },
	{ "connect", ETIMEDOUT, HINT_GUEST,
	    "the VM may be booting, paused or without a vsock driver; from a "
	    "guest, the CID may not exist; wait for it with --retry" },
	{ "connect", ETIMEDOUT, HINT_ANY,
	    "nobody answered: a VMM that serves no such port says nothing; "
	    "wait for it with --retry" },
	{ "connect", EHOSTUNREACH, HINT_ANY,
	    "the guest's vsock driver is not up yet; wait for it with "
	    "--retry" },
	{ "connect", ENETUNREACH, HINT_ANY,
	    "this network namespace has its own vsock (see "
	    "/proc/sys/net/vsock/ns_mode): run vcat in the namespace of the "
	    "peer" },
	{ "bind", EADDRNOTAVAIL, HINT_LOCAL,
	    "the loopback is not loaded: modprobe vsock_loopback, or listen "
	    "on any:%s" },
	{ "bind", EADDRNOTAVAIL, HINT_ANY,
	    "that CID is not this machine's: listen on any:%s" },
	{ "bind", EACCES, HINT_ANY,
	    "a port below 1024 needs CAP_NET_BIND_SERVICE: take one from 1024 "
	    "on" },
	{ "bind", EADDRINUSE, HINT_ANY,
	    "somebody listens on port %s: see ss --vsock -a -p" },
	{ "bind source", EADDRNOTAVAIL, HINT_ANY,
	    "the CID of -s is not this machine's: leave out -s" },
	{ "bind source", EACCES, HINT_ANY,
	    "a port below 1024 needs CAP_NET_BIND_SERVICE: take a -p from "
	    "1024 on" },
	{ "bind source", EADDRINUSE, HINT_ANY,
	    "the port of -p is in use; after its last use it is free again in "
	    "at most 8 s" },
	{ "read", EMSGSIZE, HINT_ANY,
	    "the peer's message is longer than our buffer: raise --buffer" },
	{ "write", EMSGSIZE, HINT_ANY,
	    "the message is longer than the peer's buffer: raise --buffer on "
	    "both ends" },
	{ "write", ENOMEM, HINT_ANY,
	    "the message is longer than the peer's buffer: raise --buffer on "
	    "both ends" },
};

static const struct hint unix_hints[] = {
	{ "connect", ENOENT, HINT_ANY,
	    "there is no such socket: is its server up? wait for it with "
	    "--retry" },
	{ "connect", ECONNREFUSED, HINT_ANY,
	    "nobody listens on that socket: is its server up? wait for it "
	    "with --retry" },
	{ "connect", ENOTSOCK, HINT_ANY,
	    "that is a file or a directory: give the path of a socket" },
	{ "connect", EACCES, HINT_ANY,
	    "the socket belongs to another user: see its owner and mode with "
	    "ls -l" },
	{ "connect", EPROTOTYPE, HINT_ANY,
	    "the socket is of the other type: with --seqpacket, or without" },
	{ "read", EMSGSIZE, HINT_ANY,
	    "the peer's message is longer than our buffer: raise --buffer" },
	{ "write", EMSGSIZE, HINT_ANY,
	    "the message is longer than our socket may hold: raise --buffer "
	    "and net.core.wmem_max" },
	{ "bind", EADDRINUSE, HINT_ANY,
	    "somebody listens there already, or the file is no socket: see "
	    "ss -x -l -p" },
};

static const struct hint mux_hints[] = {
	{ "handshake", ECONNREFUSED, HINT_ANY,
	    "nobody listens on port %s in the guest; start one there: "
	    "vcat -l %s; wait for it with --retry" },
	{ "handshake", ETIMEDOUT, HINT_ANY,
	    "the guest does not answer: it may be booting or paused; wait for "
	    "it with --retry" },
	{ "handshake", EPROTO, HINT_ANY,
	    "that is no hybrid vsock socket; for a plain one, unix:PATH" },
	{ "connect", ENOENT, HINT_ANY,
	    "there is no such socket: is the VMM up, with that vsock path?" },
	{ "connect", ECONNREFUSED, HINT_ANY,
	    "no VMM listens on that socket: is it up? wait for it with "
	    "--retry" },
	{ "connect", ENOTSOCK, HINT_ANY,
	    "that is a file or a directory: give the path of the VMM's "
	    "socket" },
	{ "connect", EACCES, HINT_ANY,
	    "the socket belongs to the VMM's user: see its owner and mode with "
	    "ls -l" },
	{ "bind", EADDRINUSE, HINT_ANY,
	    "somebody listens there already, or the file is no socket: see "
	    "ss -x -l -p" },
};

static const struct hint tcp_hints[] = {
	{ "connect", ECONNREFUSED, HINT_ANY,
	    "nobody listens on port %s there; wait for it with --retry" },
	{ "bind", EADDRINUSE, HINT_ANY,
	    "somebody listens on port %s: see ss -t -l -p" },
	{ "bind", EACCES, HINT_ANY,
	    "a port below 1024 needs CAP_NET_BIND_SERVICE: take one from 1024 "
	    "on" },
	{ "bind", EADDRNOTAVAIL, HINT_ANY,
	    "that address is not this machine's: see ip address" },
};

static bool cid_fits(enum hint_cid which, uint32_t cid)
{
	switch (which) {
	case HINT_HYPERVISOR:
		return cid == ADDRESS_CID_HYPERVISOR;
	case HINT_LOCAL:
		return cid == ADDRESS_CID_LOCAL;
	case HINT_GUEST:
		return cid > ADDRESS_CID_HOST && cid != ADDRESS_ANY;
	case HINT_ANY:
		break;
	}
	return true;
}

static const char *find(const struct hint *table, size_t rows, const char *step,
    int error, uint32_t cid)
{
	for (size_t i = 0; i < rows; i++) {
		const struct hint *row = &table[i];

		if (row->error == error && cid_fits(row->cid, cid) &&
		    (row->step == NULL || strcmp(row->step, step) == 0))
			return row->text;
	}
	return NULL;
}

#define TABLE(hints)                                                           \
	{                                                                      \
		hints, sizeof(hints) / sizeof((hints)[0])                      \
	}

static const struct table {
	const struct hint *hints;
	size_t rows;
} tables[] = {
	[ADDRESS_VSOCK] = TABLE(vsock_hints),
	[ADDRESS_MUX] = TABLE(mux_hints),
	[ADDRESS_UNIX] = TABLE(unix_hints),
	[ADDRESS_TCP] = TABLE(tcp_hints),
	[ADDRESS_STDIO] = { NULL, 0 },
};

/* Writes the text with each %s in it replaced by the port. */
static void fill_in(char text[HINT_SIZE], const char *template, uint32_t port)
{
	size_t used = 0;

	while (*template != '\0' && used < HINT_SIZE - 16) {
		if (port == ADDRESS_ANY && strncmp(template, ":%s", 3) == 0) {
			template += 3; /* any:any is typed any */
			continue;
		}
		if (strncmp(template, "%s", 2) != 0) {
			text[used++] = *template ++;
			continue;
		}
		used += (size_t)snprintf(
		    text + used, 16, port == ADDRESS_ANY ? "any" : "%u", port);
		template += 2;
	}
	text[used] = '\0';
}

const char *hint_find(const struct address *address, const char *step,
    int error, char text[HINT_SIZE])
{
	const struct table *table = &tables[address->kind];
	const char *template =
	    find(table->hints, table->rows, step, error, address->cid);

	if (template == NULL)
		return NULL;
	fill_in(text, template, address->port);
	return text;
}
