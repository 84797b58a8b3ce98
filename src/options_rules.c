#include "options_rules.h"

#include "address.h"

struct rule {
	bool broken;
	const char *why;
};

/* Returns what is wrong by the first rule that is broken, or NULL. */
static const char *judge(const struct rule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (rules[i].broken)
			return rules[i].why;
	return NULL;
}

static bool moves_files(const struct options *o)
{
	return o->files || o->into != NULL;
}

/* The rules of verified transfers. */
static const char *transfer_conflict(const struct options *o)
{
	bool files = moves_files(o);
	bool framed = files || o->verified;
	bool receiver_decides =
	    o->overwrite || o->resume || o->no_sync || o->max_size > 0;
	const struct rule rules[] = {
		{ o->files + (o->into != NULL) + o->verified > 1,
		    "--files, --into and --verified exclude each other" },
		{ framed && (o->has_target || o->command != NULL || o->pass_fd),
		    "--files, --into and --verified exclude -t, -e and -F" },
		{ framed && o->seqpacket,
		    "--seqpacket does not work with --files, --into and "
		    "--verified: they need a stream" },
		{ framed && (o->half_close != OPTIONS_HALF_CLOSE_DEFAULT ||
				o->strict || o->quit_after >= 0),
		    "--shutdown, --no-shutdown, --strict and -q do not work "
		    "with --files, --into and --verified: "
		    "the peer confirms the end" },
		{ framed && o->dump,
		    "-x does not work with --files, --into and --verified: "
		    "it shows a relay" },
		{ files && (o->send_only || o->recv_only),
		    "--send-only and --recv-only do not work with --files and "
		    "--into: these give the direction already" },
		{ o->verified && o->keep_open,
		    "-k does not work with --verified: "
		    "stdin and stdout are for one stream" },
		{ receiver_decides && o->into == NULL,
		    "--overwrite, --resume, --no-sync and --max-size require "
		    "--into: the receiver decides" },
		{ o->sums && !files, "--sums requires --files or --into" },
		{ o->json && o->action <= OPTIONS_LISTEN && !files,
		    "--json requires -z, --ping, --bench, --doctor, --files or "
		    "--into" },
	};

	return judge(rules, sizeof rules / sizeof rules[0]);
}

/* The rules of what runs for months. */
static const char *service_conflict(const struct options *o)
{
	bool listen = o->action == OPTIONS_LISTEN;
	bool target = o->has_target;
	bool file = address_has(o->address.kind, ADDRESS_FILE) &&
		    o->address.path[0] != '@';
	const struct rule rules[] = {
		{ o->keep_open && !listen &&
			(o->pass_fd || moves_files(o) || o->verified),
		    "-k without -l does not work with -F, --files, --into and "
		    "--verified" },
		{ o->keep_open && !listen && o->action == OPTIONS_CONNECT &&
			o->max_conns > 0,
		    "-m requires -l: -k alone makes one connection at a time" },
		{ o->tag && !o->lines, "--tag requires --lines" },
		{ o->lines && (target || o->command != NULL || o->verified ||
				  moves_files(o) || o->seqpacket),
		    "--lines writes to stdout: it excludes -t, -e, --files, "
		    "--into, --verified and --seqpacket" },
		{ o->lines && !(listen && o->keep_open && o->detach_stdin),
		    "--lines requires -l -k -d" },
		{ o->lines && (o->strict || o->progress || o->dump),
		    "--lines excludes --strict, --progress and -x" },
		{ o->proxy_header > 0 && !(listen && target),
		    "--proxy-header requires -l and -t: it says who came" },
		{ o->proxy_header > 0 && o->seqpacket,
		    "--proxy-header does not work with --seqpacket" },
		{ o->has_mode && !file,
		    "--mode requires a socket file: unix:PATH, mux:PATH:PORT" },
		{ o->has_owner && !file,
		    "--owner requires a socket file: unix:PATH, "
		    "mux:PATH:PORT" },
		{ o->netns != NULL &&
			!address_has(o->address.kind, ADDRESS_CID) &&
			!address_has(o->target.kind, ADDRESS_CID),
		    "--netns requires a VM socket: others stay in the network "
		    "namespace of vcat" },
		{ o->exit_idle > 0 && listen && !o->keep_open,
		    "--exit-idle requires -k: without it, one is served" },
	};

	return judge(rules, sizeof rules / sizeof rules[0]);
}

/* The rules of --ping and --bench, and of the peers that are made for them. */
static const char *measuring_conflict(const struct options *o)
{
	bool answers = o->echo || o->sink;
	const struct rule rules[] = {
		{ o->echo && o->sink, "--echo and --sink exclude each other" },
		{ answers && (o->has_target || o->command != NULL || o->lines ||
				 o->verified || moves_files(o)),
		    "--echo and --sink are what vcat does with a connection: "
		    "they exclude -t, -e, --lines, --files, --into and "
		    "--verified" },
		{ answers && (o->send_only || o->recv_only || o->detach_stdin ||
				 o->quit_after >= 0 ||
				 o->half_close != OPTIONS_HALF_CLOSE_DEFAULT),
		    "--echo and --sink exclude -d, -q, --send-only, "
		    "--recv-only, --shutdown and --no-shutdown: they use "
		    "neither stdin nor stdout" },
		{ answers && (o->strict || o->progress || o->dump),
		    "--echo and --sink exclude --strict, --progress and -x" },
		{ (answers || o->action == OPTIONS_BENCH ||
		      o->action == OPTIONS_PING) &&
			o->seqpacket,
		    "--seqpacket does not work with --ping, --bench, --echo "
		    "and --sink: they need a stream" },
		{ o->retry >= 0 && (o->action == OPTIONS_PING ||
				       o->action == OPTIONS_BENCH),
		    "--retry does not work with --ping and --bench" },
	};

	return judge(rules, sizeof rules / sizeof rules[0]);
}

/* The rules of what not every kind of address has. */
static const char *kind_conflict(const struct options *o)
{
	enum address_kind kind = o->address.kind;
	bool listen = o->action == OPTIONS_LISTEN;
	enum address_kind far = listen && o->has_target ? o->target.kind : kind;
	bool file = address_has(kind, ADDRESS_FILE);
	bool messages = address_has(kind, ADDRESS_MESSAGES) &&
			address_has(o->target.kind, ADDRESS_MESSAGES);
	bool passed = kind == ADDRESS_STDIO; /* and may be of any kind */
	const struct rule rules[] = {
		{ o->source_cid == ADDRESS_CID_HYPERVISOR,
		    "-s: a socket cannot be bound to CID 0, the hypervisor" },
		{ o->allow.cids.count > 0 && !address_has(kind, ADDRESS_CID) &&
			!passed,
		    "--allow requires VM sockets: other peers have no CID" },
		{ o->allow.privileged &&
			(file || !address_has(kind, ADDRESS_PORT)) && !passed,
		    "--allow-privileged requires VM sockets or TCP: "
		    "other peers have no port" },
		{ (o->has_source || o->sibling) &&
			!address_has(far, ADDRESS_CID),
		    "-s, -p and --sibling require connecting to a VM socket" },
		{ o->seqpacket && !messages,
		    "--seqpacket does not work with TCP" },
	};

	return judge(rules, sizeof rules / sizeof rules[0]);
}

const char *options_conflict(const struct options *o)
{
	const char *why = transfer_conflict(o);
	const char *service = service_conflict(o);
	bool target = o->has_target;
	bool command = o->command != NULL;
	bool listen = o->action == OPTIONS_LISTEN;
	const struct rule rules[] = {
		{ o->address.kind == ADDRESS_STDIO && !listen,
		    "-: stdin and stdout are one side already; "
		    "give the address of the other side" },
		{ listen && o->has_source && !target,
		    "with -l, give an address or -s and -p, not both" },
		{ o->max_conns > 0 && o->action != OPTIONS_FORWARDS &&
			!(o->keep_open &&
			    (target || command || o->lines || o->echo ||
				o->sink || moves_files(o))),
		    "-m requires -l -k with -t, -e, --lines, --echo, --sink, "
		    "--files or --into" },
		{ o->progress && o->keep_open && target,
		    "--progress does not work with -k and -t: "
		    "it shows one connection at a time" },
		{ (o->retry >= 0 || o->sibling) && listen && !target,
		    "with -l, --retry and --sibling require -t" },
		{ o->send_only && o->recv_only,
		    "--send-only and --recv-only exclude each other" },
		{ o->send_only && o->detach_stdin,
		    "--send-only and -d exclude each other" },
		{ target && o->detach_stdin,
		    "-d and -t exclude each other: -t does not read stdin" },
		{ target && command, "-e and -t exclude each other" },
		{ o->pass_fd && (target || command),
		    "-F excludes -t and -e: it only passes the socket on" },
		{ (command || o->pass_fd) && o->quit_after >= 0 &&
			!o->keep_open,
		    "-q with -e requires -l -k, and -q never works with -F: "
		    "vcat moves no bytes itself" },
	};

	if (why == NULL)
		why = service;
	if (why == NULL)
		why = measuring_conflict(o);
	if (why == NULL)
		why = judge(rules, sizeof rules / sizeof rules[0]);
	return why != NULL ? why : kind_conflict(o);
}
