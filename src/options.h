/*
 * The command line, understood.
 */
#ifndef VCAT_OPTIONS_H
#define VCAT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "address.h"
#include "owner.h"
#include "value.h"

/* The size of a text that says what is wrong with a command line. */
#define OPTIONS_WHY_SIZE 512

enum options_action {
	OPTIONS_CONNECT,
	OPTIONS_LISTEN,
	OPTIONS_SCAN,
	OPTIONS_PING,
	OPTIONS_BENCH,
	OPTIONS_FORWARDS, /* this and what follows have no address */
	OPTIONS_CID,
	OPTIONS_DOCTOR,
	OPTIONS_HELP, /* this and what follows count alone */
	OPTIONS_VERSION,
};

enum options_half_close {
	OPTIONS_HALF_CLOSE_DEFAULT, /* as suits the kind of address */
	OPTIONS_HALF_CLOSE_YES,
	OPTIONS_HALF_CLOSE_NO,
};

/* Times are in seconds. */
struct options {
	enum options_action action;
	struct address address;
	struct address target; /* -t; ADDRESS_STDIO without it */
	bool has_target;       /* and it is not ADDRESS_STDIO */
	const char *command;   /* -e, borrowed from argv; else NULL */
	bool pass_fd;
	bool ignored;         /* -N */
	const char *forwards; /* -f, borrowed; else NULL */
	bool check;           /* with it: only parse */
	bool keep_open;
	bool detach_stdin;
	bool send_only;
	bool recv_only;
	bool strict;
	bool progress;
	bool files;            /* --files */
	char *const *operands; /* with it, NULL after the last; borrowed from
				  argv */
	const char *into;      /* --into, borrowed; else NULL */
	bool verified;
	bool overwrite, resume, no_sync, sums;
	uint64_t max_size; /* 0: no limit */
	bool verbose;
	bool no_sandbox;
	bool seqpacket;
	bool sibling;
	struct allow allow;
	struct ranges ports; /* -z */
	bool json;
	bool banner;             /* with -z: open only if bytes came */
	const char *banner_text; /* which these must begin; "": any */
	int max_conns;           /* 0 without -m */
	bool lines, tag;         /* whole lines of many peers to stdout */
	double accept_timeout;   /* for the first; 0: no limit */
	double exit_idle;        /* without any connection; 0: no limit */
	bool resolve_once;
	bool ping;
	int pings;             /* 0: until a signal ends it */
	double interval;       /* between two pings */
	bool bench;            /* --bench */
	double bench_time;     /* to measure, after the warm-up */
	bool both;             /* with it: both directions at once */
	bool echo, sink;       /* what -l does with each connection */
	int proxy_header;      /* its version; 0: none */
	bool dump;             /* -x */
	const char *dump_file; /* ""; stderr */
	const char *netns;     /* --netns, borrowed; else NULL */
	bool has_mode;
	mode_t mode; /* of the socket file that -l makes */
	bool has_owner;
	struct owner owner; /* of the same */
	enum options_half_close half_close;
	bool has_source;      /* -s or -p was given */
	uint32_t source_cid;  /* ADDRESS_ANY without -s */
	uint32_t source_port; /* ADDRESS_ANY without -p */
	bool has_buffer;
	size_t buffer;
	double quit_after;   /* negative without -q */
	double timeout;      /* 0: no limit */
	double idle_timeout; /* 0: no limit */
	double retry;        /* negative without --retry; 0: for ever */
};

#endif
