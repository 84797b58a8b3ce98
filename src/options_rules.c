#include "options_rules.h"

#include <stdio.h>

#include "options_table.h"

/* What asks for each action. */
static const char *const askers[] = {
	[OPTIONS_LISTEN] = "-l",
	[OPTIONS_SCAN] = "-z",
	[OPTIONS_CID] = "--cid",
	[OPTIONS_DOCTOR] = "--doctor",
};

/* Says in why[] that the option does not work where it was given. */
static bool is_out_of_place(const struct options *o,
    const struct options_row *row, char why[OPTIONS_WHY_SIZE])
{
	bool gives_away = o->command != NULL || o->pass_fd;
	char name[OPTIONS_NAME_SIZE];

	options_table_name(row, false, name);
	if ((row->with & 1U << o->action) == 0 && o->action == OPTIONS_CONNECT)
		snprintf(why, OPTIONS_WHY_SIZE, "%s requires %s", name,
		    row->with & 1U << OPTIONS_LISTEN ? "-l" : "-z or --doctor");
	else if ((row->with & 1U << o->action) == 0)
		snprintf(why, OPTIONS_WHY_SIZE, "%s does not work with %s",
		    name, askers[o->action]);
	else if (gives_away && (row->with & OPTIONS_MOVES_BYTES) != 0)
		snprintf(why, OPTIONS_WHY_SIZE,
		    "%s does not work with %s: vcat moves no bytes itself",
		    name, o->pass_fd ? "-F" : "-e");
	else
		return false;
	return true;
}

int options_rules_admit(
    const struct options *options, uint64_t given, char why[OPTIONS_WHY_SIZE])
{
	const struct options_row *row = options_table;

	for (; given != 0; given >>= 1, row++)
		if (given & 1 && is_out_of_place(options, row, why))
			return -1;
	return 0;
}

const char *options_rules_broken(const struct options *o)
{
	enum address_kind kind = o->address.kind;
	bool target = o->has_target;
	bool command = o->command != NULL;
	bool listen = o->action == OPTIONS_LISTEN;
	enum address_kind far = listen && target ? o->target.kind : kind;
	bool file = address_has_file(kind);
	bool passed = kind == ADDRESS_STDIO; /* and may be of any kind */
	bool source = o->source_cid != ADDRESS_ANY ||
		      o->source_port != ADDRESS_ANY || o->sibling;
	const struct {
		bool broken;
		const char *why;
	} rules[] = {
		{ o->max_conns > 0 && !(o->keep_open && (target || command)),
		    "-m requires -l -k with -t or -e" },
		{ (o->retry >= 0 || o->sibling) && listen && !target,
		    "--retry and --sibling work with -l only if -t is given: "
		    "a listener does not connect" },
		{ o->send_only && o->recv_only,
		    "--send-only and --recv-only exclude each other" },
		{ o->send_only && o->detach_stdin,
		    "--send-only and -d exclude each other" },
		{ target && o->detach_stdin,
		    "-d and -t exclude each other: "
		    "with -t, vcat does not read stdin" },
		{ target && command, "-e and -t exclude each other" },
		{ o->pass_fd && (target || command),
		    "-F excludes -t and -e: it connects, passes the socket "
		    "over stdout, and exits" },
		{ (command || o->pass_fd) && o->quit_after >= 0 &&
			!o->keep_open,
		    "-q works with -e only if -l -k is given, and never with "
		    "-F: vcat moves no bytes itself" },
		{ o->source_cid == ADDRESS_CID_HYPERVISOR,
		    "-s: CID 0 is the hypervisor; a socket cannot be bound to "
		    "it" },
		{ o->allow.cids.count > 0 && !address_has_cid(kind) && !passed,
		    "--allow works only with VM sockets: "
		    "other peers have no CID" },
		{ o->allow.privileged && (file || !address_has_port(kind)) &&
			!passed,
		    "--allow-privileged works only with VM sockets and TCP: "
		    "other peers have no port" },
		{ o->has_mode && !file,
		    "--mode requires an address that makes a socket file: "
		    "unix:PATH or mux:PATH:PORT" },
		{ source && !address_has_cid(far),
		    "-s, -p and --sibling work only when connecting to a "
		    "VM socket" },
		{ o->seqpacket && !(address_has_messages(kind) &&
				      address_has_messages(o->target.kind)),
		    "--seqpacket does not work with TCP" },
	};

	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		if (rules[i].broken)
			return rules[i].why;
	return NULL;
}
