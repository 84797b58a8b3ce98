/*
 * Addresses as people type them, and back. Pure: no sockets, no name lookups,
 * no printing.
 *
 *	3:1234  vsock:3:1234  vsock://3:1234	VM socket
 *	1234  any:1234  any			VM socket, where vcat binds
 *	mux:/run/vm3.vsock:1234			hybrid socket and guest port
 *	unix:/path  unix:@name			AF_UNIX, @ for abstract names
 *	tcp:HOST:PORT  tcp:[::1]:22  tcp:PORT	TCP
 *	-					stdin and stdout
 *
 * These are written back. The spellings of other programs are read, too:
 *
 *	vsock-stream:2:9999			systemd, vmm.notify_socket in
 *						systemd.system-credentials(7)
 *	vsock::22				its ListenStream: every CID,
 *						systemd.socket(5)
 *	vsock/3:22  vsock%3:22			the host names of
 *	vsock-mux/PATH:22  vsock-mux%PATH:22	systemd-ssh-proxy(1), with the
 *	unix/PATH  unix%PATH			port behind them; '%' since
 *						systemd 258
 *	VSOCK-CONNECT:3:22  VSOCK-LISTEN:22	socat(1)
 *	tcp://HOST:PORT  unix:///path		URLs, such as DOCKER_HOST
 *
 * CIDs and their well-known values: vsock(7).
 */
#ifndef VCAT_ADDRESS_H
#define VCAT_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* VMADDR_CID_ANY and VMADDR_PORT_ANY are the same number, vsock(7). */
#define ADDRESS_ANY UINT32_MAX

#define ADDRESS_CID_HYPERVISOR 0U
#define ADDRESS_CID_LOCAL      1U
#define ADDRESS_CID_HOST       2U

/* sun_path's size with its terminating NUL, unix(7). */
#define ADDRESS_PATH_SIZE 108
/* RFC 1035: a name has 253 characters at most. */
#define ADDRESS_HOST_SIZE 254
/* Every address fits in its text form, and in its name. */
#define ADDRESS_TEXT_SIZE 320

enum address_kind {
	ADDRESS_VSOCK,
	ADDRESS_MUX,
	ADDRESS_UNIX,
	ADDRESS_TCP,
	ADDRESS_STDIO,
};

/* What the address is for: only where vcat binds may a part of it be "any". */
enum address_role {
	ADDRESS_CONNECT,
	ADDRESS_BIND,
};

struct address {
	enum address_kind kind;
	uint32_t cid;                 /* vsock; ADDRESS_ANY: every local CID */
	uint32_t port;                /* vsock, mux, tcp; vsock: ADDRESS_ANY:
					 a free one; tcp: 0: a free one */
	char path[ADDRESS_PATH_SIZE]; /* mux, unix: '@' first: abstract */
	char host[ADDRESS_HOST_SIZE]; /* tcp; "" is loopback */
};

/* What only some kinds of address have. */
enum address_trait {
	ADDRESS_CID = 1, /* it belongs to a VM socket */
	ADDRESS_PORT = 2,
	/* a socket file, which a listener makes; a peer that connects through
	 * it has no port of its own */
	ADDRESS_FILE = 4,
	ADDRESS_MESSAGES = 8, /* message boundaries, with SOCK_SEQPACKET */
};

/* Whether addresses of that kind have it. */
bool address_has(enum address_kind kind, enum address_trait trait);

/*
 * Reads text into *address. Returns NULL, or a static sentence that says what
 * is wrong with text.
 */
const char *address_parse(
    const char *text, enum address_role role, struct address *address);

/* The same for a CID: a number, or one of the names; "any" only to bind. */
const char *address_parse_cid(
    const char *text, enum address_role role, uint32_t *cid);

/* The same for a vsock port; "any" only to bind. */
const char *address_parse_port(
    const char *text, enum address_role role, uint32_t *port);

/* The address in a form that address_parse() reads. Returns text. */
const char *address_format(
    const struct address *address, char text[ADDRESS_TEXT_SIZE]);

/* Whose CID it is: "hypervisor", "local", "host" or, of all others, "vm". */
const char *address_cid_name(uint32_t cid);

/* The address as messages name it: "vm(3):1024". Returns text. */
const char *address_name(
    const struct address *address, char text[ADDRESS_TEXT_SIZE]);

#endif
