#include "confine.h"

#include "address.h"
#include "log.h"
#include "sandbox.h"

/* Ports from here on need no capability. */
#define PORT_FREE 1024

/* What a transfer needs, besides moving bytes. */
static unsigned transfer_needs(const struct options *o)
{
	return (o->files ? SANDBOX_READS : 0) |
	       (o->into != NULL ? SANDBOX_WRITES : 0);
}

/* What it takes to connect to that address. */
static void add_dial(
    struct sandbox *sandbox, const struct options *o, const struct address *to)
{
	struct ranges *ports = &sandbox->rules.tcp_ports;

	if (address_has(to->kind, ADDRESS_FILE)) {
		sandbox->needs |= SANDBOX_DIALS_UNIX;
		sandbox->rules.abstract |= to->path[0] == '@';
	} else if (address_has(to->kind, ADDRESS_CID)) {
		sandbox->needs |= SANDBOX_DIALS_VSOCK;
		sandbox->binds_low = o->source_port < PORT_FREE;
	} else if (o->action == OPTIONS_SCAN) {
		sandbox->needs |= SANDBOX_DIALS_TCP;
		*ports = o->ports;
	} else {
		sandbox->needs |= SANDBOX_DIALS_TCP;
		ports->list[ports->count++] =
		    (struct range){ to->port, to->port };
	}
}

void confine_opening(
    const struct options *o, const char *socket_file, int directory)
{
	bool listens = o->action == OPTIONS_LISTEN;
	bool transfers = transfer_needs(o) != 0;
	struct sandbox sandbox = {
		.needs = transfer_needs(o),
		.rules = { .socket_file = socket_file,
		    .reads = o->files,
		    .directory = directory },
	};
	struct sandbox_kernel kernel;
	char text[SANDBOX_TEXT_SIZE];

	if (o->no_sandbox)
		return;
	if (listens)
		sandbox.needs |= SANDBOX_ACCEPTS;
	else
		add_dial(&sandbox, o, &o->address);
	if (o->has_target)
		add_dial(&sandbox, o, &o->target);
	if (o->keep_open && transfers)
		sandbox.needs |= SANDBOX_FORKS;
	kernel = sandbox_enter(&sandbox);
	if (o->verbose)
		log_error("sandbox: %s", sandbox_describe(kernel, text));
}

void confine_later(const struct options *o)
{
	if (o->verbose && !o->no_sandbox)
		log_error("sandbox: none before the name is found");
}

/* A socket that was passed to us may be one of messages. */
void confine_relaying(const struct options *o)
{
	bool messages = o->seqpacket || o->address.kind == ADDRESS_STDIO;
	const struct sandbox sandbox = {
		.needs = messages ? SANDBOX_THREADS : 0,
		.rules.directory = -1,
	};

	if (!o->no_sandbox)
		sandbox_enter(&sandbox);
}

void confine_transferring(const struct options *o, int directory)
{
	const struct sandbox sandbox = {
		.needs = transfer_needs(o),
		.rules = { .reads = o->files,
		    .operands = o->operands,
		    .directory = directory },
	};

	if (!o->no_sandbox)
		sandbox_enter(&sandbox);
}
