#include "family.h"

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

void family_local(int fd, struct address *local)
{
	if (family_of(local->kind)->local != NULL)
		family_of(local->kind)->local(fd, local);
}
