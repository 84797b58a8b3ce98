#include "options_rules.h"

#include <stddef.h>

struct rule {
	bool broken;
	const char *why;
};

static const char *first_broken(const struct rule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (rules[i].broken)
			return rules[i].why;
	return NULL;
}

#define FIRST_BROKEN(rules)                                                    \
	first_broken(rules, sizeof(rules) / sizeof((rules)[0]))

/* Who listens, to whom, and how many. */
static const char *check_listening(const struct options *o)
{
	bool listen = o->action == OPTIONS_LISTEN;
	bool many = o->keep_open && (o->has_target || o->command != NULL);
	bool allow = o->allow.cids.count > 0 || o->allow.privileged;
	enum address_kind kind = o->address.kind;
	/* a socket that is passed may be of any kind */
	bool passed = kind == ADDRESS_STDIO;
	bool file = address_has_file(kind);
	enum address_kind far = listen && o->has_target ? o->target.kind : kind;
	bool source = o->source_cid != ADDRESS_ANY ||
		      o->source_port != ADDRESS_ANY || o->sibling;
	const struct rule rules[] = {
		{ o->keep_open && !listen, "-k is for listening: -l" },
		{ o->max_conns > 0 && !many,
		    "-m is for many connections at once: "
		    "-l -k with -t or -e" },
		{ allow && !listen,
		    "--allow and --allow-privileged are for listening: -l" },
		{ o->allow.cids.count > 0 && !address_has_cid(kind) && !passed,
		    "--allow is for VM sockets: only they have CIDs" },
		{ o->allow.privileged && (file || !address_has_port(kind)) &&
			!passed,
		    "--allow-privileged is for VM sockets and TCP: "
		    "only they have ports" },
		{ o->has_mode && (!listen || !file),
		    "--mode is for a socket file: -l with unix: or mux:" },
		{ listen && o->retry >= 0 && !o->has_target,
		    "--retry is for connecting" },
		{ listen && o->sibling && !o->has_target,
		    "--sibling is for connecting" },
		{ source && !address_has_cid(far),
		    "-s, -p and --sibling are for connecting to VM sockets" },
		{ o->seqpacket && kind == ADDRESS_TCP,
		    "--seqpacket is not for TCP" },
		{ o->source_cid == ADDRESS_CID_HYPERVISOR,
		    "-s: nothing binds to CID 0" },
	};

	return FIRST_BROKEN(rules);
}

/* What the other side is, and how bytes move. */
static const char *check_moving(const struct options *o)
{
	const struct rule rules[] = {
		{ o->send_only && o->recv_only,
		    "--send-only and --recv-only exclude each other" },
		{ o->send_only && o->detach_stdin,
		    "--send-only and -d exclude each other" },
		{ o->has_target && o->detach_stdin,
		    "-d and -t exclude each other: "
		    "with -t, stdin is not read anyway" },
	};

	return FIRST_BROKEN(rules);
}

/* Options that say how bytes are moved; -q ends a listener, too. */
static bool says_how_to_move(const struct options *o)
{
	return o->detach_stdin || o->send_only || o->recv_only || o->strict ||
	       o->idle_timeout > 0 ||
	       o->half_close != OPTIONS_HALF_CLOSE_DEFAULT;
}

/* Where vcat is no relay: the socket is given away. */
static const char *check_giving(const struct options *o)
{
	bool grace = o->quit_after >= 0 && !o->keep_open;
	const struct rule rules[] = {
		{ o->command != NULL && o->has_target,
		    "-e and -t exclude each other" },
		{ o->pass_fd && (o->command != NULL || o->has_target ||
				    o->action == OPTIONS_LISTEN),
		    "-F excludes -l, -t and -e: it connects, passes the "
		    "socket over stdout, and exits" },
		{ (o->command != NULL || o->pass_fd) &&
			(says_how_to_move(o) || grace),
		    "with -e or -F vcat moves no bytes: it excludes -d, -i, "
		    "-q (but for -l -k), --send-only, --recv-only, --strict, "
		    "--shutdown and "
		    "--no-shutdown" },
	};

	return FIRST_BROKEN(rules);
}

/* A scan opens connections, and that is all. */
static const char *check_scanning(const struct options *o)
{
	bool scan = o->action == OPTIONS_SCAN;
	bool uses = o->has_target || o->command != NULL || o->pass_fd ||
		    says_how_to_move(o) || o->quit_after >= 0;
	const struct rule rules[] = {
		{ scan &&
			(uses || o->keep_open || o->source_port != ADDRESS_ANY),
		    "-z opens connections and closes them: of the options it "
		    "takes -w, -s, -v, --json, --retry, --sibling and "
		    "--seqpacket" },
		{ o->json && !scan && o->action != OPTIONS_DOCTOR,
		    "--json is for -z and --doctor" },
		{ o->verbose && o->action == OPTIONS_DOCTOR,
		    "--doctor says all that it knows: it takes no -v" },
	};

	return FIRST_BROKEN(rules);
}

const char *options_rules_broken(const struct options *options)
{
	const char *why = check_scanning(options);

	if (why == NULL)
		why = check_listening(options);
	if (why == NULL)
		why = check_moving(options);
	return why != NULL ? why : check_giving(options);
}
