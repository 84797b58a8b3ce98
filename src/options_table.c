#include "options_table.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static const struct options_row table[] = {
	{ 'l', "listen", VALUE_NONE, NULL,
	    "accept a connection instead of making one" },
	{ 'k', "keep-open", VALUE_NONE, NULL,
	    "with -l: after a connection ends, take the next" },
	{ 't', "to", VALUE_NEEDED, "ADDRESS",
	    "the other side is ADDRESS, not stdin and stdout" },
	{ 'e', "exec", VALUE_NEEDED, "COMMAND",
	    "the other side is COMMAND, on the socket itself" },
	{ 'F', "pass-fd", VALUE_NONE, NULL,
	    "pass the socket over stdout, for ssh, and exit" },
	{ 'm', "max-conns", VALUE_NEEDED, "N",
	    "at most N at once; others wait in the backlog" },
	{ OPTION_ALLOW, "allow", VALUE_NEEDED, "CIDS",
	    "serve only these peers, such as 3,5-9" },
	{ OPTION_ALLOW_PRIVILEGED, "allow-privileged", VALUE_NONE, NULL,
	    "serve only peers with a port below 1024" },
	{ OPTION_MODE, "mode", VALUE_NEEDED, "MODE",
	    "of a socket file that vcat makes (600)" },
	{ 'd', "detach-stdin", VALUE_NONE, NULL,
	    "never read stdin; end when the peer has sent all" },
	{ 'N', NULL, VALUE_NONE, NULL,
	    "ignored: half-closing at EOF is the default" },
	{ OPTION_SHUTDOWN, "shutdown", VALUE_NONE, NULL,
	    "half-close the peer at EOF (default but for mux:)" },
	{ OPTION_NO_SHUTDOWN, "no-shutdown", VALUE_NONE, NULL,
	    "do not; go on receiving until the peer closes" },
	{ OPTION_SEND_ONLY, "send-only", VALUE_NONE, NULL,
	    "send stdin, drop what comes back, close" },
	{ OPTION_RECV_ONLY, "recv-only", VALUE_NONE, NULL,
	    "receive until the peer's EOF, send nothing, close" },
	{ 'q', "quit-after", VALUE_NEEDED, "SECS",
	    "exit SECS after stdin's EOF whatever the peer does" },
	{ OPTION_STRICT, "strict", VALUE_NONE, NULL,
	    "an EOF without a half-close before it is an error" },
	{ OPTION_BUFFER, "buffer", VALUE_NEEDED, "SIZE",
	    "bytes held in each direction (1MiB)" },
	{ 'w', "timeout", VALUE_NEEDED, "SECS",
	    "whole time allowed to connect (10; 0: no limit)" },
	{ 'i', "idle-timeout", VALUE_NEEDED, "SECS",
	    "end after SECS with no byte in either direction" },
	{ OPTION_RETRY, "retry", VALUE_OPTIONAL, "SECS",
	    "keep trying to connect, for SECS or for ever" },
	{ 's', "source", VALUE_NEEDED, "CID", "bind to CID before connecting" },
	{ 'p', "source-port", VALUE_NEEDED, "PORT",
	    "bind to PORT before connecting" },
	{ OPTION_SIBLING, "sibling", VALUE_NONE, NULL,
	    "reach another VM through the host" },
	{ OPTION_SEQPACKET, "seqpacket", VALUE_NONE, NULL,
	    "SOCK_SEQPACKET: one read, one message" },
	{ 'z', "scan", VALUE_NONE, NULL,
	    "which ports of ADDRESS, such as 3:22,80-90, answer?" },
	{ OPTION_JSON, "json", VALUE_NONE, NULL,
	    "with -z and --doctor: an object of JSON a line" },
	{ OPTION_CID, "cid", VALUE_NONE, NULL,
	    "print this machine's CID, and exit" },
	{ OPTION_DOCTOR, "doctor", VALUE_NONE, NULL,
	    "say what vsock can do here, and what mends the rest" },
	{ 'v', "verbose", VALUE_NONE, NULL,
	    "report connections, and a summary at the end" },
	{ 'h', "help", VALUE_NONE, NULL, "this text" },
	{ 'V', "version", VALUE_NONE, NULL, "the version" },
};

#define ROWS (sizeof table / sizeof table[0])

_Static_assert(ROWS <= OPTIONS_TABLE_MAX, "the table has outgrown its users");

const struct options_row *options_table_rows(size_t *count)
{
	*count = ROWS;
	return table;
}

void options_table_getopt(char shorts[3 * OPTIONS_TABLE_MAX],
    struct option longs[OPTIONS_TABLE_MAX + 1])
{
	char *letter = shorts;
	struct option *word = longs;

	*letter++ = ':'; /* tells a missing value from an unknown option */
	for (const struct options_row *row = table; row < table + ROWS; row++) {
		if (row->id <= UCHAR_MAX) {
			*letter++ = (char)row->id;
			if (row->value == VALUE_NEEDED)
				*letter++ = ':';
		}
		if (row->word != NULL)
			*word++ = (struct option){
				.name = row->word,
				.has_arg = row->value,
				.val = row->id,
			};
	}
	*letter = '\0';
	*word = (struct option){ 0 };
}

bool options_table_name(int id, char name[OPTIONS_NAME_SIZE])
{
	snprintf(name, OPTIONS_NAME_SIZE, "-%c", id);
	for (const struct options_row *row = table; row < table + ROWS; row++) {
		if (row->id != id)
			continue;
		if (id > UCHAR_MAX)
			snprintf(name, OPTIONS_NAME_SIZE, "--%s", row->word);
		return true;
	}
	return false;
}

bool options_table_takes_next(const char *word)
{
	for (const struct options_row *row = table; row < table + ROWS; row++) {
		char name[OPTIONS_NAME_SIZE];

		if (row->value != VALUE_NEEDED)
			continue;
		options_table_name(row->id, name);
		if (strcmp(word, name) == 0 ||
		    (strncmp(word, "--", 2) == 0 &&
			strcmp(word + 2, row->word) == 0))
			return true;
	}
	return false;
}

static void help_row(const struct options_row *row, FILE *to)
{
	char form[64];
	char letter[8] = "    ";
	char value[24] = "";

	if (row->id <= UCHAR_MAX)
		snprintf(letter, sizeof letter, "-%c%s", row->id,
		    row->word != NULL ? ", " : "");
	if (row->value != VALUE_NONE)
		snprintf(value, sizeof value,
		    row->value == VALUE_NEEDED ? " %s" : "[=%s]",
		    row->value_name);
	snprintf(form, sizeof form, "%s%s%s%s", letter,
	    row->word != NULL ? "--" : "", row->word != NULL ? row->word : "",
	    value);
	fprintf(to, "  %-26s %s\n", form, row->help);
}

static const char help_head[] =
    "Usage: vcat [options] ADDRESS              connect\n"
    "       vcat [options] CID PORT             the same, in two words\n"
    "       vcat -l [-k] [options] [CID:]PORT   listen\n"
    "       vcat [-l [-k]] [options] ADDRESS -t ADDRESS\n"
    "                                           relay between two addresses\n"
    "       vcat [-l [-k]] [options] ADDRESS -e COMMAND\n"
    "                                           run COMMAND on the socket\n"
    "       vcat -z [options] CID:PORT[-PORT][,...]\n"
    "                                           which ports answer?\n"
    "       vcat --cid | --doctor              ask this machine\n"
    "Moves bytes between stdin and stdout and a VM socket.\n"
    "\n"
    "Addresses:\n"
    "  3:1234  vsock:3:1234      a CID (or hypervisor, local, host) and a "
    "port\n"
    "  1234  any:1234  any       where vcat binds: every CID, a free port\n"
    "  mux:PATH:PORT             a microVM's hybrid socket, and a guest's "
    "port\n"
    "  unix:PATH  unix:@NAME     AF_UNIX socket\n"
    "  tcp:HOST:PORT  tcp:PORT   TCP; without HOST, loopback\n"
    "  -                         stdin and stdout; with -l, a passed socket\n"
    "\n"
    "Options:\n";

static const char help_tail[] =
    "\n"
    "Exit status: 0 both directions ended cleanly, 1 failure, 2 usage,\n"
    "3 a time limit ran out, with -e COMMAND's own. The manual is vcat(1).\n";

void options_table_help(FILE *to)
{
	fputs(help_head, to);
	for (const struct options_row *row = table; row < table + ROWS; row++)
		help_row(row, to);
	fputs(help_tail, to);
}
