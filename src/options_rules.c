#include "options_rules.h"

#include <stdio.h>
#include <string.h>

#include "options_table.h"

/* Names the options that choose one of these actions: "-z or --doctor". */
static void name_actions(unsigned actions, char names[OPTIONS_WHY_SIZE])
{
	const struct options_row *row;
	const char *glue = "";
	char name[OPTIONS_NAME_SIZE];

	names[0] = '\0';
	for (row = options_table; row->help != NULL; row++) {
		if (row->type != OPTIONS_CHOICE ||
		    row->offset != offsetof(struct options, action) ||
		    (actions & 1U << row->choice) == 0)
			continue;
		strlcat(names, glue, OPTIONS_WHY_SIZE);
		strlcat(names, options_table_name(row, false, name),
		    OPTIONS_WHY_SIZE);
		glue = " or ";
	}
}

/* What is wrong with this option where it was given, or "". */
static void judge(const struct options *options, const struct options_row *row,
    char why[OPTIONS_WHY_SIZE])
{
	bool connect = options->action == OPTIONS_CONNECT;
	unsigned action = 1U << options->action;
	char name[OPTIONS_NAME_SIZE];
	char actions[OPTIONS_WHY_SIZE];

	why[0] = '\0';
	options_table_name(row, false, name);
	name_actions(connect ? row->with : action, actions);
	if ((row->with & action) == 0)
		snprintf(why, OPTIONS_WHY_SIZE, "%s %s %s", name,
		    connect ? "requires" : "does not work with", actions);
	else if ((row->with & OPTIONS_MOVES_BYTES) != 0 &&
		 (options->command != NULL || options->pass_fd))
		snprintf(why, OPTIONS_WHY_SIZE,
		    "%s does not work with %s: vcat moves no bytes itself",
		    name, options->pass_fd ? "-F" : "-e");
}

int options_rules_admit(
    const struct options *options, uint64_t given, char why[OPTIONS_WHY_SIZE])
{
	const struct options_row *row = options_table;

	for (; given != 0; given >>= 1, row++) {
		if (given & 1)
			judge(options, row, why);
		if (given & 1 && why[0] != '\0')
			return -1;
	}
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
		    "-q does not work with -F, and with -e only after -l -k: "
		    "otherwise vcat moves no bytes itself" },
		{ o->source_cid == ADDRESS_CID_HYPERVISOR,
		    "-s: no socket can be bound to CID 0, the hypervisor's" },
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
