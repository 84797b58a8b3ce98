#include "family.h"

#include "fd.h"
#include "mux.h"
#include "tcp.h"
#include "unix.h"
#include "vsock.h"

static const struct family none = { .domains = { 0 } };

static const struct family *const rows[] = {
	[ADDRESS_VSOCK] = &vsock_family,
	[ADDRESS_MUX] = &mux_family,
	[ADDRESS_UNIX] = &unix_family,
	[ADDRESS_TCP] = &tcp_family,
	[ADDRESS_STDIO] = &none,
};

const struct family *family_of(enum address_kind kind)
{
	return rows[kind];
}

enum address_kind family_of_domain(int domain)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (domain > 0 && (rows[i]->domains[0] == domain ||
				      rows[i]->domains[1] == domain))
			return (enum address_kind)i;
	return ADDRESS_STDIO;
}

int family_local(int fd, struct address *local)
{
	const struct family *family = family_of(local->kind);
	struct sockaddr_storage name;
	socklen_t length = sizeof name;

	if (getsockname(fd, (struct sockaddr *)&name, &length) < 0)
		return -1;
	if (family->read_name != NULL)
		family->read_name(&name, length, local);
	if (family->local_cid != NULL && local->cid == ADDRESS_ANY &&
	    fd_socket_number(fd, SO_ACCEPTCONN) == 0)
		family->local_cid(&local->cid);
	return 0;
}

int family_accepted(int fd, const struct socket_choice *choice, bool passed,
    struct address *peer)
{
	const struct family *family = family_of(peer->kind);
	struct sockaddr_storage name;
	socklen_t length = sizeof name;

	if (family->prepare != NULL && (passed || !family->inherits))
		family->prepare(fd, choice);
	if (address_has(peer->kind, ADDRESS_FILE))
		return 0;
	if (getpeername(fd, (struct sockaddr *)&name, &length) < 0)
		return -1;
	family->read_name(&name, length, peer);
	return 0;
}
