#include "hint.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* The CIDs that a row applies to. The first row that fits is used. */
enum hint_cid {
	HINT_ANY,
	HINT_HYPERVISOR, /* CID 0 */
	HINT_LOCAL,      /* CID 1 */
	HINT_GUEST,      /* above 2: a virtual machine */
};

/* In a text, %s stands for the port. The causes were measured on Linux 6.1
 * to 7.2. */
static const struct hint {
	const char *step; /* NULL: any */
	int error;
	enum hint_cid cid;
	const char *text;
} vsock_hints[] = {
	{ "socket", EAFNOSUPPORT, HINT_ANY,
	    "no vsock module is loaded: on a host, modprobe vhost_vsock; for "
	    "tests, modprobe vsock_loopback; a guest needs a vsock device" },
	{ "cid", ENODEV, HINT_ANY,
	    "no vsock transport is loaded; vcat --doctor shows which ones this "
	    "machine can load" },
	{ "cid", EACCES, HINT_ANY,
	    "only /dev/vsock knows a guest's CID, and this user may not open "
	    "it: chmod 0666 /dev/vsock" },
	{ "cid", EPERM, HINT_ANY,
	    "only /dev/vsock knows a guest's CID, and this container may not "
	    "open it: start the container with --device /dev/vsock" },
	{ "cid", ENOENT, HINT_ANY,
	    "only /dev/vsock knows a guest's CID, and this container does not "
	    "have it: start the container with --device /dev/vsock" },
	{ NULL, ESOCKTNOSUPPORT, HINT_ANY,
	    "this vsock device does not support SEQPACKET: leave out "
	    "--seqpacket" },
	{ "connect", ENODEV, HINT_HYPERVISOR,
	    "CID 0 exists only under VMware; the host is CID 2" },
	{ "connect", ENODEV, HINT_LOCAL,
	    "the loopback is not loaded: modprobe vsock_loopback" },
	{ "connect", ENODEV, HINT_GUEST,
	    "no running VM has that CID: is the VM up, and was it started with "
	    "that guest-cid? if the host lacks the vhost driver: modprobe "
	    "vhost_vsock; to reach a guest's own CID from inside: modprobe "
	    "vsock_loopback" },
	{ "connect", ENODEV, HINT_ANY,
	    "this machine has no vsock transport to that CID: in a guest, does "
	    "the VM have a vsock device? on a host: modprobe vsock_loopback" },
	{ "connect sibling", ENODEV, HINT_GUEST,
	    "--sibling goes through this machine's host, but there is no way "
	    "to a host: is this machine a VM with a vsock device? to reach a "
	    "VM that runs here, leave out --sibling" },
	{ "connect", ECONNREFUSED, HINT_ANY,
	    "nobody listens on port %s there, or the listener's backlog is "
	    "full, or only one end uses --seqpacket; to start a listener "
	    "there: vcat -l %s" },
	{ "connect", ETIMEDOUT, HINT_HYPERVISOR,
	    "CID 0 exists only under VMware; the host is CID 2" },
	{ "connect", ETIMEDOUT, HINT_LOCAL,
	    "the loopback may not be loaded here: modprobe vsock_loopback" },
	{ "connect", ETIMEDOUT, HINT_GUEST,
	    "the VM may be booting or paused, or may have no vsock driver; "
	    "inside a guest, a CID that does not exist looks the same; wait "
	    "for it with --retry" },
	{ "connect", ETIMEDOUT, HINT_ANY,
	    "nobody answered: some VMMs stay silent when nobody listens on the "
	    "port; wait for it with --retry" },
	{ "connect", EHOSTUNREACH, HINT_ANY,
	    "the guest's vsock driver is not up yet; wait for it with "
	    "--retry" },
	{ "connect", ENETUNREACH, HINT_ANY,
	    "this network namespace has its own vsock (see "
	    "/proc/sys/net/vsock/ns_mode): run vcat in the peer's network "
	    "namespace" },
	{ "bind", EADDRNOTAVAIL, HINT_LOCAL,
	    "the loopback is not loaded: modprobe vsock_loopback, or listen "
	    "on any:%s" },
	{ "bind", EADDRNOTAVAIL, HINT_ANY,
	    "that CID is not this machine's: listen on any:%s" },
	{ "bind", EACCES, HINT_ANY,
	    "a port below 1024 needs CAP_NET_BIND_SERVICE: choose a port from "
	    "1024 up" },
	{ "bind", EADDRINUSE, HINT_ANY,
	    "another process uses port %s: ss --vsock -a -p shows which" },
	{ "bind source", EADDRNOTAVAIL, HINT_ANY,
	    "the CID given with -s is not this machine's: leave out -s" },
	{ "bind source", EACCES, HINT_ANY,
	    "a port below 1024 needs CAP_NET_BIND_SERVICE: with -p, choose a "
	    "port from 1024 up" },
	{ "bind source", EADDRINUSE, HINT_ANY,
	    "the port given with -p is in use; a port can stay in use for up "
	    "to 8 s after its last connection" },
	{ "read", EMSGSIZE, HINT_ANY,
	    "the peer's message is longer than vcat's buffer: raise --buffer" },
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
	    "that path is a file or a directory: give the path of a socket" },
	{ "connect", EACCES, HINT_ANY,
	    "the socket belongs to another user: ls -l shows its owner and "
	    "mode" },
	{ "connect", EPROTOTYPE, HINT_ANY,
	    "the socket has the other type: add --seqpacket, or leave it out" },
	{ "read", EMSGSIZE, HINT_ANY,
	    "the peer's message is longer than vcat's buffer: raise --buffer" },
	{ "write", EMSGSIZE, HINT_ANY,
	    "the message is longer than vcat's socket can hold: raise --buffer "
	    "and net.core.wmem_max" },
	{ "bind", EADDRINUSE, HINT_ANY,
	    "another process listens there (ss -x -l -p shows which), or the "
	    "file is not a socket" },
};

static const struct hint mux_hints[] = {
	{ "handshake", ECONNREFUSED, HINT_ANY,
	    "nobody listens on port %s in the guest; to start a listener "
	    "there: vcat -l %s; wait for it with --retry" },
	{ "handshake", ETIMEDOUT, HINT_ANY,
	    "the guest does not answer: it may be booting or paused; wait for "
	    "it with --retry" },
	{ "handshake", EPROTO, HINT_ANY,
	    "that is not a hybrid vsock socket; if it is a plain socket, its "
	    "address is unix:PATH" },
	{ "connect", ENOENT, HINT_ANY,
	    "there is no such socket: is the VMM up, and is this its vsock "
	    "path?" },
	{ "connect", ECONNREFUSED, HINT_ANY,
	    "no VMM listens on that socket: is the VMM up? wait for it with "
	    "--retry" },
	{ "connect", ENOTSOCK, HINT_ANY,
	    "that path is a file or a directory: give the path of the VMM's "
	    "socket" },
	{ "connect", EACCES, HINT_ANY,
	    "the socket belongs to the VMM's user: ls -l shows its owner and "
	    "mode" },
	{ "bind", EADDRINUSE, HINT_ANY,
	    "another process listens there (ss -x -l -p shows which), or the "
	    "file is not a socket" },
};

static const struct hint tcp_hints[] = {
	{ "connect", ECONNREFUSED, HINT_ANY,
	    "nobody listens on port %s there; wait for it with --retry" },
	{ "bind", EADDRINUSE, HINT_ANY,
	    "another process listens on port %s: ss -t -l -p shows which" },
	{ "bind", EACCES, HINT_ANY,
	    "a port below 1024 needs CAP_NET_BIND_SERVICE: choose a port from "
	    "1024 up" },
	{ "bind", EADDRNOTAVAIL, HINT_ANY,
	    "that address is not this machine's: ip address shows which are" },
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
			template += 3; /* any:any is written any */
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
