#include "options_read.h"

#include <ctype.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "options_rules.h"
#include "options_table.h"
#include "status.h"
#include "value.h"

/* CID PORT; more are too many. */
#define WORDS_MAX 2

/* What is being read, and where what is wrong with it goes. */
struct reading {
	struct options *options;
	char *why;                        /* OPTIONS_WHY_SIZE */
	uint64_t given;                   /* a bit for each row of the table */
	enum address_role role;           /* of the address */
	const char *words[WORDS_MAX + 1]; /* what is no option */
	int count;
	char joined[OPTIONS_WHY_SIZE]; /* how a value has to be written; "" */
};

/* Writes down what is wrong. Returns -1. */
static int __attribute__((format(printf, 2, 3)))
wrong(struct reading *reading, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(reading->why, OPTIONS_WHY_SIZE, format, args);
	va_end(args);
	return -1;
}

/* Puts an option's value where the row says. As value_*() return. */
static int store(struct options *options, const struct options_row *row,
    const char *text, const char **why)
{
	void *at = (char *)options + row->offset;

	if (row->noted != 0)
		*(bool *)((char *)options + row->noted) = true;
	switch (row->type) {
	case OPTIONS_IGNORED:
		return 0;
	case OPTIONS_SWITCH:
		*(bool *)at = true;
		return 0;
	case OPTIONS_CHOICE:
		*(int *)at = row->choice;
		return 0;
	case OPTIONS_SECONDS:
		return value_seconds(text, at, why);
	case OPTIONS_MAYBE_SECONDS:
		*(double *)at = 0;
		return text == NULL ? 0 : value_seconds(text, at, why);
	case OPTIONS_SIZE:
		return value_size(text, at, why);
	case OPTIONS_COUNT:
		return value_count(text, at, why);
	case OPTIONS_MODE:
		return value_mode(text, at, why);
	case OPTIONS_SOURCE_CID:
		return address_parse_cid(text, ADDRESS_BIND, at, why);
	case OPTIONS_SOURCE_PORT:
		return address_parse_port(text, ADDRESS_BIND, at, why);
	case OPTIONS_CIDS:
		return value_cids(text, at, why);
	case OPTIONS_ADDRESS:
		return address_parse(text, ADDRESS_CONNECT, at, why);
	case OPTIONS_TEXT:
		*(const char **)at = text;
		return 0;
	}
	return -1;
}

/* A long option that getopt_long(3) does not know may begin several. */
static bool is_ambiguous(const char *option)
{
	size_t length = strcspn(option, "=") - strlen("--");
	const struct options_row *row;

	for (row = options_table; row->help != NULL; row++)
		if (row->word != NULL &&
		    strncmp(option + strlen("--"), row->word, length) == 0)
			return true;
	return false;
}

/* What getopt_long(3) does not accept; `last` is the last word it took. */
static int refuse_option(struct reading *reading, int id, const char *last)
{
	const struct options_row *row = options_table_find(optopt);
	char name[OPTIONS_NAME_SIZE];

	if (optopt == 0)
		return wrong(reading, "%s: %s option", last,
		    is_ambiguous(last) ? "ambiguous" : "unknown");
	if (row == NULL)
		return wrong(reading, "-%c: unknown option", optopt);
	return wrong(reading, "%s: %s",
	    options_table_name(row, optopt != row->letter, name),
	    id == ':' ? "needs a value" : "takes no value");
}

static int add_word(struct reading *reading, const char *word)
{
	if (reading->count <= WORDS_MAX)
		reading->words[reading->count++] = word;
	return 0;
}

/* Takes what getopt_long(3) has found in argv[optind - 1]. */
static int read_option(struct reading *reading, int id, char *argv[])
{
	const struct options_row *row = options_table_find(id);
	const char *last = argv[optind - 1];
	const char *next = argv[optind];
	char name[OPTIONS_NAME_SIZE];
	const char *why = "";

	if (id == 1 || (id == '1' && strncmp(last, "-1", 2) == 0))
		return add_word(reading, last);
	if (id == '1')
		return wrong(reading, "-1: unknown option");
	if (row == NULL)
		return refuse_option(reading, id, last);
	reading->given |= UINT64_C(1) << (row - options_table);
	options_table_name(row, id != row->letter, name);
	if (optarg != NULL && optarg[0] == '\0')
		return wrong(reading, "%s: the value is empty", name);
	if (store(reading->options, row, optarg, &why) < 0)
		return wrong(reading, "%s: %s: %s", name, optarg, why);
	if (row->type == OPTIONS_MAYBE_SECONDS && optarg == NULL &&
	    next != NULL && strspn(next, "0123456789.") == strlen(next))
		snprintf(reading->joined, sizeof reading->joined,
		    "write %s=%s: the value must be joined with '='", name,
		    next);
	return 0;
}

/* Reads up to the end, or to what asks for a text of vcat. */
static int read_options(struct reading *reading, int argc, char *argv[])
{
	struct option longs[OPTIONS_TABLE_MAX + 1];
	char shorts[OPTIONS_SHORTS_SIZE];
	int id;

	options_table_getopt(shorts, longs);
	opterr = 0;
	optind = 0; /* glibc: begin anew */
	while (reading->options->action < OPTIONS_HELP &&
	       (id = getopt_long(argc, argv, shorts, longs, NULL)) != -1)
		if (read_option(reading, id, argv) < 0)
			return -1;
	while (optind < argc) /* after -- */
		add_word(reading, argv[optind++]);
	return 0;
}

/* No word is there: as netcats have it, -l -p PORT, with or without -s CID. */
static int listen_on_source(struct reading *reading)
{
	struct options *o = reading->options;

	if (o->action != OPTIONS_LISTEN)
		return wrong(reading, "no address to connect to");
	if (!o->has_source)
		return wrong(reading, "no address to listen on");
	o->address = (struct address){
		.kind = ADDRESS_VSOCK,
		.cid = o->source_cid,
		.port = o->source_port,
	};
	/* they were the listener's: not for dialling -t's address */
	o->source_cid = ADDRESS_ANY;
	o->source_port = ADDRESS_ANY;
	return 0;
}

/* An address in one word. With -l, - is a socket that was passed to us. */
static int read_address(struct reading *reading, const char *word)
{
	struct options *o = reading->options;
	const char *why;

	if (address_parse(word, reading->role, &o->address, &why) < 0)
		return wrong(
		    reading, "%s%s%s", word, word[0] != '\0' ? ": " : "", why);
	if (o->address.kind == ADDRESS_STDIO && o->action != OPTIONS_LISTEN)
		return wrong(reading,
		    "-: stdin and stdout are one side already; "
		    "give the address of the other side");
	return 0;
}

/* An address in two words, the second of which may be a list of ports. */
static int read_pair(struct reading *reading)
{
	struct options *o = reading->options;
	const char *const *words = reading->words;
	bool scan = o->action == OPTIONS_SCAN;
	const char *first[] = { words[0], scan ? "0" : words[1] };
	const char *why = "two words must be a CID and a port";
	int result = -1;

	if (strchr(words[0], ':') == NULL)
		result =
		    address_parse_pair(first, reading->role, &o->address, &why);
	if (result == 0 && scan) {
		result = value_ports(words[1], &o->ports, &why);
		o->address.port = value_ports_at(&o->ports, 0);
	}
	if (result < 0)
		return wrong(reading, "%s %s: %s", words[0], words[1], why);
	return 0;
}

/* An address for -z, whose last part may be a list of ports. */
static int read_scan(struct reading *reading, const char *word)
{
	struct options *o = reading->options;
	const char *list = strrchr(word, ':');
	uint64_t last;
	char text[OPTIONS_WHY_SIZE];
	const char *why;

	if (list == NULL || !isdigit((unsigned char)list[1]) ||
	    (address_parse(word, ADDRESS_CONNECT, &o->address, &why) == 0 &&
		!address_has_port(o->address.kind))) {
		o->ports.count = 1; /* it has no ports: one look is all */
		return read_address(reading, word);
	}
	list++;
	if (value_ports(list, &o->ports, &why) < 0)
		return wrong(reading, "%s: %s", word, why);
	/* what holds for the highest and the lowest, holds for all */
	last = value_ports_count(&o->ports) - 1;
	for (int i = 0; i < 2; i++, last = 0) {
		snprintf(text, sizeof text, "%.*s%u", (int)(list - word), word,
		    value_ports_at(&o->ports, last));
		if (read_address(reading, text) < 0)
			return -1;
	}
	return 0;
}

/* What is left of the command line: ADDRESS, or CID PORT. */
static int read_words(struct reading *reading)
{
	struct options *o = reading->options;
	const char *const *words = reading->words;

	if (o->action == OPTIONS_CID || o->action == OPTIONS_DOCTOR)
		return reading->count == 0
			   ? 0
			   : wrong(reading,
				 "%s: --cid and --doctor take no address",
				 words[0]);
	if (reading->count > WORDS_MAX)
		return wrong(reading, "extra argument: %s", words[WORDS_MAX]);
	if (reading->count == 0)
		return listen_on_source(reading);
	if (o->action == OPTIONS_LISTEN && o->has_source && !o->has_target)
		return wrong(
		    reading, "with -l, give an address or -s and -p, not both");
	if (reading->count == 2)
		return read_pair(reading);
	return o->action == OPTIONS_SCAN ? read_scan(reading, words[0])
					 : read_address(reading, words[0]);
}

int options_read(
    int argc, char *argv[], struct options *options, char why[OPTIONS_WHY_SIZE])
{
	struct reading reading = { .options = options, .why = why };
	const char *broken;

	*options = (struct options){
		.action = OPTIONS_CONNECT,
		.target = { .kind = ADDRESS_STDIO },
		.source_cid = ADDRESS_ANY,
		.source_port = ADDRESS_ANY,
		.buffer = OPTIONS_BUFFER_DEFAULT,
		.quit_after = -1,
		.timeout = 10,
		.mode = 0600,
		.retry = -1,
	};
	if (read_options(&reading, argc, argv) < 0)
		return -1;
	if (options->action >= OPTIONS_HELP)
		return 0;
	reading.role =
	    options->action == OPTIONS_LISTEN ? ADDRESS_BIND : ADDRESS_CONNECT;
	options->has_target = options->target.kind != ADDRESS_STDIO;
	if (options_rules_admit(options, reading.given, why) < 0)
		return -1;
	if (read_words(&reading) < 0)
		return reading.joined[0] != '\0'
			   ? wrong(&reading, "%s", reading.joined)
			   : -1;
	broken = options_rules_broken(options);
	return broken != NULL ? wrong(&reading, "%s", broken) : 0;
}

void options_parse(int argc, char *argv[], struct options *options)
{
	char why[OPTIONS_WHY_SIZE];

	if (options_read(argc, argv, options, why) == 0)
		return;
	log_error("%s (see vcat --help)", why);
	exit(STATUS_USAGE);
}
