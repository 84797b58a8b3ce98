#include "options_table.h"

#include <stdio.h>
#include <string.h>

#include "address.h"
#include "options.h"
#include "owner.h"
#include "value.h"

/* Where the help text of an option begins. */
#define HELP_COLUMN 29

/* The longest time to measure, in seconds. */
#define DAY 86400

#define AT(field) offsetof(struct options, field)

/* The members of a row from its argument to its flag. */
#define SWITCH(flag)             no_argument, NULL, 0, 0, AT(flag)
#define CHOICE(field, choice)    no_argument, NULL, choice, AT(field), 0
#define VALUE(read, field)       required_argument, read, 0, AT(field), 0
#define MAYBE(read, field)       optional_argument, read, 0, AT(field), 0
#define NOTED(read, field, flag) required_argument, read, 0, AT(field), AT(flag)
#define GIVEN(read, field, flag) optional_argument, read, 0, AT(field), AT(flag)

/* What an option works with. */
#define CONNECTING (1U << OPTIONS_CONNECT)
#define LISTENING  (1U << OPTIONS_LISTEN)
#define SCANNING   (1U << OPTIONS_SCAN)
#define PINGING    (1U << OPTIONS_PING)
#define BENCHING   (1U << OPTIONS_BENCH)
#define FORWARDING (1U << OPTIONS_FORWARDS)
#define ASKING_CID (1U << OPTIONS_CID)
#define DOCTORING  (1U << OPTIONS_DOCTOR)
#define MEASURING  (PINGING | BENCHING)
#define OPENING    (CONNECTING | LISTENING | SCANNING | MEASURING)
#define STREAMING  (CONNECTING | LISTENING)
#define MOVING     (STREAMING | OPTIONS_MOVES_BYTES)

static const char *read_target(const char *text, void *address)
{
	return address_parse(text, ADDRESS_CONNECT, address);
}

static const char *read_cid(const char *text, void *cid)
{
	return address_parse_cid(text, ADDRESS_BIND, cid);
}

static const char *read_port(const char *text, void *port)
{
	return address_parse_port(text, ADDRESS_BIND, port);
}

static const char *read_text(const char *text, void *copy)
{
	*(const char **)copy = text;
	return NULL;
}

static const char *read_retry(const char *text, void *seconds)
{
	return value_seconds(text[0] != '\0' ? text : "0", seconds);
}

static const char *read_pings(const char *text, void *count)
{
	return text[0] != '\0' ? value_count(text, count) : NULL;
}

static const char *read_bench(const char *text, void *seconds)
{
	const char *why = text[0] != '\0' ? value_seconds(text, seconds) : NULL;

	if (why == NULL && *(double *)seconds == 0)
		why = "must be more than 0";
	else if (why == NULL && *(double *)seconds > DAY)
		why = "must be at most a day: 86400";
	return why;
}

static const char *read_resolve(const char *text, void *once)
{
	*(bool *)once = strcmp(text, "once") == 0;
	return *(bool *)once || strcmp(text, "again") == 0
		   ? NULL
		   : "not one of once, again";
}

static const char *read_header(const char *text, void *version)
{
	*(int *)version = text[0] - '0';
	return strcmp(text, "1") == 0 || strcmp(text, "2") == 0
		   ? NULL
		   : "not a version of the PROXY protocol: 1 or 2";
}

static const char *read_dump(const char *text, void *file)
{
	return strcmp(text, "-") != 0
		   ? read_text(text, file)
		   : "stdout is for the peer's bytes: give a file, or nothing "
		     "for stderr";
}

const struct options_row options_table[OPTIONS_TABLE_MAX + 1] = {
	{ "-l", "--listen", CHOICE(action, OPTIONS_LISTEN), NULL, LISTENING,
	    "accept a connection instead of making one" },
	{ "-k", "--keep-open", SWITCH(keep_open), NULL, STREAMING,
	    "after a connection ends, accept or make the next" },
	{ "-t", "--to", VALUE(read_target, target), "ADDRESS", STREAMING,
	    "relay to ADDRESS instead of stdin and stdout" },
	{ "-e", "--exec", VALUE(read_text, command), "COMMAND", STREAMING,
	    "run COMMAND with the socket as stdin and stdout" },
	{ "-F", "--pass-fd", SWITCH(pass_fd), NULL, CONNECTING,
	    "pass the socket over stdout, for ssh, and exit" },
	{ "-f", "--forwards", VALUE(read_text, forwards), "FILE", FORWARDING,
	    "run all forwards that FILE describes" },
	{ NULL, "--check", SWITCH(check), NULL, FORWARDING,
	    "with -f: only check FILE" },
	{ "-m", "--max-conns", VALUE(value_count, max_conns), "N",
	    LISTENING | FORWARDING,
	    "serve at most N at once; others wait in the backlog" },
	{ NULL, "--allow", VALUE(value_cids, allow.cids), "CIDS", LISTENING,
	    "serve only these peers, such as 3,5-9" },
	{ NULL, "--allow-privileged", SWITCH(allow.privileged), NULL, LISTENING,
	    "serve only peers whose port is below 1024" },
	{ NULL, "--mode", NOTED(value_mode, mode, has_mode), "MODE", LISTENING,
	    "permissions of the socket file that -l makes (600)" },
	{ NULL, "--owner", NOTED(owner_read, owner, has_owner), "OWNER",
	    LISTENING, "owner of the socket file, as USER or USER:GROUP" },
	{ NULL, "--accept-timeout", VALUE(value_seconds, accept_timeout),
	    "SECS", LISTENING, "with -l: exit if nobody came in SECS" },
	{ NULL, "--exit-idle", VALUE(value_seconds, exit_idle), "SECS",
	    LISTENING | FORWARDING, "exit after SECS without a connection" },
	{ NULL, "--lines", SWITCH(lines), NULL, LISTENING | OPTIONS_MOVES_BYTES,
	    "with -l -k -d: whole lines of many peers at once" },
	{ NULL, "--tag", SWITCH(tag), NULL, LISTENING | OPTIONS_MOVES_BYTES,
	    "with --lines: put the peer before each line" },
	{ "-d", "--detach-stdin", SWITCH(detach_stdin), NULL, MOVING,
	    "never read stdin; end at the peer's EOF" },
	{ "-N", NULL, SWITCH(ignored), NULL, OPENING,
	    "ignored: half-closing at EOF is the default" },
	{ NULL, "--shutdown", CHOICE(half_close, OPTIONS_HALF_CLOSE_YES), NULL,
	    MOVING, "half-close at EOF (the default, except for mux:)" },
	{ NULL, "--no-shutdown", CHOICE(half_close, OPTIONS_HALF_CLOSE_NO),
	    NULL, MOVING,
	    "do not half-close at EOF; wait for the peer's close" },
	{ NULL, "--send-only", SWITCH(send_only), NULL, MOVING,
	    "send stdin, discard what comes back, then close" },
	{ NULL, "--recv-only", SWITCH(recv_only), NULL, MOVING,
	    "receive until the peer's EOF; send nothing" },
	{ "-q", "--quit-after", VALUE(value_seconds, quit_after), "SECS",
	    STREAMING | FORWARDING,
	    "exit SECS after stdin's EOF whatever the peer does" },
	{ NULL, "--strict", SWITCH(strict), NULL, MOVING,
	    "treat EOF from a peer that vanished as truncation" },
	{ NULL, "--buffer", NOTED(value_size, buffer, has_buffer), "SIZE",
	    OPENING, "size of the buffer in each direction (1MiB)" },
	{ "-w", "--timeout", VALUE(value_seconds, timeout), "SECS", OPENING,
	    "time limit for connecting (10; 0: no limit)" },
	{ "-i", "--idle-timeout", VALUE(value_seconds, idle_timeout), "SECS",
	    MOVING, "end after SECS without a byte in either direction" },
	{ NULL, "--retry", MAYBE(read_retry, retry), "SECS", OPENING,
	    "keep trying to connect, for SECS or forever" },
	{ "-s", "--source", NOTED(read_cid, source_cid, has_source), "CID",
	    OPENING, "bind to CID before connecting" },
	{ "-p", "--source-port", NOTED(read_port, source_port, has_source),
	    "PORT", STREAMING, "bind to PORT before connecting" },
	{ NULL, "--resolve", VALUE(read_resolve, resolve_once), "WHEN",
	    STREAMING, "look names up once, or again (the default)" },
	{ NULL, "--proxy-header", VALUE(read_header, proxy_header), "VER",
	    STREAMING, "with -t: tell ADDRESS who connects (1 or 2)" },
	{ NULL, "--netns", VALUE(read_text, netns), "PATH", OPENING,
	    "open VM sockets in this network namespace" },
	{ NULL, "--sibling", SWITCH(sibling), NULL, OPENING,
	    "reach another VM through the host" },
	{ NULL, "--seqpacket", SWITCH(seqpacket), NULL, OPENING,
	    "use SOCK_SEQPACKET: keep message boundaries" },
	{ NULL, "--files", SWITCH(files), NULL, STREAMING,
	    "send files and directories; the peer uses --into" },
	{ NULL, "--into", VALUE(read_text, into), "DIR", STREAMING,
	    "receive files into DIR; the peer uses --files" },
	{ NULL, "--overwrite", SWITCH(overwrite), NULL, STREAMING,
	    "with --into: replace files that exist" },
	{ NULL, "--resume", SWITCH(resume), NULL, STREAMING,
	    "with --into: continue files that were cut off" },
	{ NULL, "--max-size", VALUE(value_bytes, max_size), "SIZE", STREAMING,
	    "with --into: take at most SIZE bytes per connection" },
	{ NULL, "--no-sync", SWITCH(no_sync), NULL, STREAMING,
	    "with --into: do not wait until files are on disk" },
	{ NULL, "--sums", SWITCH(sums), NULL, STREAMING,
	    "with --files or --into: print SHA-256 of each file" },
	{ NULL, "--verified", SWITCH(verified), NULL, STREAMING,
	    "confirm that a stream arrived whole; at both ends" },
	{ "-z", "--scan", CHOICE(action, OPTIONS_SCAN), NULL, SCANNING,
	    "find out which ports answer, e.g. at 3:22,80-90" },
	{ NULL, "--banner", GIVEN(read_text, banner_text, banner), "TEXT",
	    SCANNING, "with -z: open means that bytes (TEXT) came" },
	{ NULL, "--ping", GIVEN(read_pings, pings, ping), "N", PINGING,
	    "measure round trips to a peer, N times or until ^C" },
	{ NULL, "--interval", VALUE(value_seconds, interval), "SECS", PINGING,
	    "with --ping: from one to the next (1)" },
	{ NULL, "--bench", GIVEN(read_bench, bench_time, bench), "SECS",
	    BENCHING, "measure throughput to a vcat with --sink (5)" },
	{ NULL, "--both", SWITCH(both), NULL, BENCHING,
	    "with --bench: both directions at once" },
	{ NULL, "--echo", SWITCH(echo), NULL, LISTENING,
	    "with -l: send all back, for --ping and --bench" },
	{ NULL, "--sink", SWITCH(sink), NULL, LISTENING,
	    "with -l: count and throw away, for --bench" },
	{ NULL, "--json", SWITCH(json), NULL,
	    STREAMING | SCANNING | MEASURING | DOCTORING,
	    "with -z, --ping, --doctor, --files ...: JSON lines" },
	{ NULL, "--cid", CHOICE(action, OPTIONS_CID), NULL, ASKING_CID,
	    "print this machine's CID and exit" },
	{ NULL, "--doctor", CHOICE(action, OPTIONS_DOCTOR), NULL, DOCTORING,
	    "check this machine's vsock support; suggest fixes" },
	{ NULL, "--progress", SWITCH(progress), NULL, MOVING,
	    "show a meter if stderr is a terminal" },
	{ "-x", "--hex-dump", GIVEN(read_dump, dump_file, dump), "FILE", MOVING,
	    "write all bytes in hex to FILE or stderr" },
	{ "-v", "--verbose", SWITCH(verbose), NULL,
	    OPENING | FORWARDING | ASKING_CID,
	    "report connections, and a summary at the end" },
	{ NULL, "--no-sandbox", SWITCH(no_sandbox), NULL, OPENING | FORWARDING,
	    "do not restrict what vcat itself may do" },
	{ "-h", "--help", CHOICE(action, OPTIONS_HELP), NULL, 0,
	    "print this text and exit" },
	{ "-V", "--version", CHOICE(action, OPTIONS_VERSION), NULL, 0,
	    "print the version and exit" },
};

void options_table_getopt(char shorts[OPTIONS_SHORTS_SIZE],
    struct option longs[OPTIONS_TABLE_MAX + 1])
{
	const struct options_row *row;

	/* words in order; a missing value is not an unknown option */
	shorts = stpcpy(shorts, "-:1::");
	for (row = options_table; row->help != NULL; row++) {
		if (row->letter != NULL)
			*shorts++ = row->letter[1];
		if (row->letter != NULL && row->argument != no_argument)
			*shorts++ = ':';
		if (row->letter != NULL && row->argument == optional_argument)
			*shorts++ = ':';
		if (row->word != NULL)
			*longs++ = (struct option){
				.name = row->word + strlen("--"),
				.has_arg = row->argument,
				.val =
				    OPTIONS_LONG + (int)(row - options_table),
			};
	}
	*shorts = '\0';
	*longs = (struct option){ 0 };
}

const struct options_row *options_table_find(int id)
{
	const struct options_row *row = options_table;

	if (id >= OPTIONS_LONG)
		return row + (id - OPTIONS_LONG);
	for (; row->help != NULL; row++)
		if (row->letter != NULL && row->letter[1] == id)
			return row;
	return NULL;
}

static void help_row(const struct options_row *row, FILE *to)
{
	bool both = row->letter != NULL && row->word != NULL;
	int used =
	    fprintf(to, "  %-2s%s%s", row->letter != NULL ? row->letter : "",
		both ? ", " : "  ", row->word != NULL ? row->word : "");

	if (row->value_name != NULL)
		used += fprintf(to,
		    row->argument == optional_argument ? "[=%s]" : " %s",
		    row->value_name);
	fprintf(to, "%*s%s\n", HELP_COLUMN - used, "", row->help);
}

static const char help_head[] =
    "Usage: vcat [options] ADDRESS              connect\n"
    "       vcat [options] CID PORT             the same, in two words\n"
    "       vcat -l [-k] [options] [CID:]PORT   listen\n"
    "       vcat [-l [-k]] [options] ADDRESS -t ADDRESS\n"
    "                                           relay between two addresses\n"
    "       vcat [-l [-k]] [options] ADDRESS -e COMMAND\n"
    "                                           run COMMAND on the socket\n"
    "       vcat [-l [-k]] [options] --files FILE... ADDRESS\n"
    "       vcat [-l [-k]] [options] --into DIR ADDRESS\n"
    "                                           send and receive files, "
    "verified\n"
    "       vcat -z [options] CID:PORT[-PORT][,...]\n"
    "                                           find out which ports answer\n"
    "       vcat --ping|--bench [options] ADDRESS\n"
    "                                           measure times, or speed\n"
    "       vcat -f FILE [--check]              run many forwards\n"
    "       vcat --cid | --doctor               report on this machine\n"
    "Connects stdin and stdout to a VM socket.\n"
    "\n"
    "Addresses:\n"
    "  3:1234  vsock:3:1234      VM socket: a CID, or hypervisor, local, host\n"
    "  1234  any:1234  any       with -l: on every CID; any: a free port\n"
    "  mux:PATH:PORT             guest's PORT behind a VMM's hybrid socket\n"
    "  unix:PATH  unix:@NAME     AF_UNIX socket; @ for an abstract name\n"
    "  tcp:HOST:PORT  tcp:PORT   TCP; without HOST, the loopback address\n"
    "  -                         stdin and stdout; with -l, a passed socket\n"
    "\n"
    "Options:\n";

static const char help_tail[] =
    "\n"
    "Exit status: 0 both directions ended cleanly, 1 failure, 2 wrong usage,\n"
    "3 time limit reached; with -e, the status of COMMAND. See vcat(1).\n";

void options_table_help(FILE *to)
{
	fputs(help_head, to);
	for (const struct options_row *row = options_table; row->help != NULL;
	     row++)
		help_row(row, to);
	fputs(help_tail, to);
}
