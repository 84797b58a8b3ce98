#include "confine.h"

#include <stdlib.h>

#include "address.h"
#include "log.h"

/* Ports from here on need no capability. */
#define PORT_FREE 1024

/* What a transfer needs, besides moving bytes. */
static unsigned transfer_needs(const struct options *o)
{
	return (o->files ? SANDBOX_READS : 0) |
	       (o->into != NULL ? SANDBOX_WRITES : 0);
}

/* One more TCP port. If there is no place for it, all ports are. */
static void add_port(struct ranges *ports, uint32_t port)
{
	for (int i = 0; i < ports->count; i++)
		if (port >= ports->list[i].first && port <= ports->list[i].last)
			return;
	if (ports->count < VALUE_RANGES_MAX) {
		ports->list[ports->count++] = (struct range){ port, port };
		return;
	}
	ports->list[0] = (struct range){ 0, UINT16_MAX };
	ports->count = 1;
}

/* What it takes to connect to that address. */
static void add_dial(
    struct sandbox *sandbox, const struct options *o, const struct address *to)
{
	if (address_has(to->kind, ADDRESS_FILE)) {
		sandbox->needs |= SANDBOX_DIALS_UNIX;
		sandbox->rules.abstract |= to->path[0] == '@';
	} else if (address_has(to->kind, ADDRESS_CID)) {
		sandbox->needs |= SANDBOX_DIALS_VSOCK;
		sandbox->binds_low |= o->source_port < PORT_FREE;
	} else {
		sandbox->needs |= SANDBOX_DIALS_TCP;
		if (o->action == OPTIONS_SCAN)
			sandbox->rules.tcp_ports = o->ports;
		else
			add_port(&sandbox->rules.tcp_ports, to->port);
	}
}

struct confine confine_begin(const struct options *o)
{
	return (struct confine){
		.options = o,
		.sandbox.rules.directory = -1,
	};
}

static void add_file(struct confine *confine, const char *file)
{
	struct landlock_rules *rules = &confine->sandbox.rules;
	const char **files =
	    reallocarray(confine->files, rules->files + 1, sizeof *files);

	if (files == NULL)
		return; /* then it is not removed in the end */
	files[rules->files++] = file;
	confine->files = files;
	rules->socket_files = files;
}

void confine_add(
    struct confine *confine, const struct options *o, const char *socket_file)
{
	struct sandbox *sandbox = &confine->sandbox;
	bool listens = o->action == OPTIONS_LISTEN;
	bool transfers = transfer_needs(o) != 0;

	sandbox->needs |= transfer_needs(o);
	sandbox->rules.reads |= o->files;
	if (socket_file[0] != '\0')
		add_file(confine, socket_file);
	if (listens)
		sandbox->needs |= SANDBOX_ACCEPTS;
	else
		add_dial(sandbox, o, &o->address);
	if (o->has_target)
		add_dial(sandbox, o, &o->target);
	if (o->keep_open && transfers)
		sandbox->needs |= SANDBOX_FORKS;
}

void confine_enter(struct confine *confine)
{
	struct sandbox_kernel kernel;
	char text[SANDBOX_TEXT_SIZE];

	if (!confine->options->no_sandbox) {
		kernel = sandbox_enter(&confine->sandbox);
		if (confine->options->verbose)
			log_error(
			    "sandbox: %s", sandbox_describe(kernel, text));
	}
	free(confine->files);
}

void confine_opening(
    const struct options *o, const char *socket_file, int directory)
{
	struct confine confine = confine_begin(o);

	confine_add(&confine, o, socket_file);
	confine.sandbox.rules.directory = directory;
	confine_enter(&confine);
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
