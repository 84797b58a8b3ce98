#include "options.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "options_rules.h"
#include "options_table.h"
#include "options_words.h"
#include "value.h"

/* What a reader of values has said of the text, with the option's name. */
static int value_read(struct options_reading *reading, const char *text,
    int result, const char *why)
{
	if (result < 0)
		return options_wrong(
		    reading, "%s: %s: %s", reading->name, text, why);
	return 0;
}

static int read_seconds(
    struct options_reading *reading, const char *text, double *seconds)
{
	const char *why;
	int result = value_seconds(text, seconds, &why);

	return value_read(reading, text, result, why);
}

static int read_source(struct options_reading *reading, const char *text,
    int (*parse)(const char *, enum address_role, uint32_t *, const char **),
    uint32_t *number)
{
	const char *why;
	int result = parse(text, ADDRESS_BIND, number, &why);

	reading->source = true;
	return value_read(reading, text, result, why);
}

/* Values that are none of the kinds that several options take. */
static int take_single(
    struct options_reading *reading, int id, const char *text)
{
	struct options *o = reading->options;
	const char *why = "";
	int result = 0;

	switch (id) {
	case 'e':
		o->command = text;
		why = "no command";
		result = text[0] == '\0' ? -1 : 0;
		break;
	case 'm':
		result = value_count(text, &o->max_conns, &why);
		break;
	case OPTION_ALLOW:
		result = value_cids(text, &o->allow.cids, &why);
		break;
	case OPTION_BUFFER:
		o->has_buffer = true;
		result = value_size(text, &o->buffer, &why);
		break;
	case OPTION_MODE:
		o->has_mode = true;
		result = value_mode(text, &o->mode, &why);
		break;
	default:
		return options_wrong(
		    reading, "%s: unknown option", reading->name);
	}
	return value_read(reading, text, result, why);
}

/* Options that take a value. */
static int take_value(struct options_reading *reading, int id, const char *text)
{
	struct options *o = reading->options;

	switch (id) {
	case 't':
		if (options_read_address(
			reading, text, ADDRESS_CONNECT, &o->target) < 0)
			return -1;
		o->has_target = o->target.kind != ADDRESS_STDIO;
		return 0;
	case 'q':
		return read_seconds(reading, text, &o->quit_after);
	case 'w':
		return read_seconds(reading, text, &o->timeout);
	case 'i':
		return read_seconds(reading, text, &o->idle_timeout);
	case 's':
		return read_source(
		    reading, text, address_parse_cid, &o->source_cid);
	case 'p':
		return read_source(
		    reading, text, address_parse_port, &o->source_port);
	case OPTION_RETRY:
		o->retry = 0;
		return text == NULL ? 0
				    : read_seconds(reading, text, &o->retry);
	default:
		return take_single(reading, id, text);
	}
}

/* Options that are there or not. Returns whether id is one. */
static bool take_switch(struct options_reading *reading, int id)
{
	struct options *o = reading->options;
	const struct {
		int id;
		bool *on;
	} switches[] = {
		{ 'l', &reading->listen },
		{ 'k', &o->keep_open },
		{ 'd', &o->detach_stdin },
		{ 'F', &o->pass_fd },
		{ 'z', &reading->scan },
		{ 'v', &o->verbose },
		{ OPTION_ALLOW_PRIVILEGED, &o->allow.privileged },
		{ OPTION_SEND_ONLY, &o->send_only },
		{ OPTION_RECV_ONLY, &o->recv_only },
		{ OPTION_STRICT, &o->strict },
		{ OPTION_JSON, &o->json },
		{ OPTION_SIBLING, &o->sibling },
		{ OPTION_SEQPACKET, &o->seqpacket },
	};

	for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++) {
		if (switches[i].id == id) {
			*switches[i].on = true;
			return true;
		}
	}
	return false;
}

/* Options that choose one of several. Returns whether id is one. */
static bool take_choice(struct options_reading *reading, int id)
{
	struct options *o = reading->options;

	switch (id) {
	case 'N': /* half-closing at EOF is the default already */
		return true;
	case 'h':
		o->action = OPTIONS_HELP;
		return true;
	case 'V':
		o->action = OPTIONS_VERSION;
		return true;
	case OPTION_CID:
	case OPTION_DOCTOR:
		reading->question = true;
		o->action = id == OPTION_CID ? OPTIONS_CID : OPTIONS_DOCTOR;
		return true;
	case OPTION_SHUTDOWN:
		o->half_close = OPTIONS_HALF_CLOSE_YES;
		return true;
	case OPTION_NO_SHUTDOWN:
		o->half_close = OPTIONS_HALF_CLOSE_NO;
		return true;
	default:
		return false;
	}
}

/*
 * -1 is a way to write "any": as an operand it must not be taken for an
 * option, so it is written out.
 */
static void name_any(int argc, char *argv[])
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		char *any;

		if (options_table_takes_next(argv[i - 1]))
			continue; /* a value: -q -1 is for its reader */
		if (strcmp(argv[i], "-1") == 0) {
			argv[i] = (char *)"any";
		} else if (strncmp(argv[i], "-1:", 3) == 0 &&
			   asprintf(&any, "any:%s", argv[i] + 3) > 0) {
			argv[i] = any;
		}
	}
}

/*
 * What getopt_long(3) does not accept. An unknown letter may be amid its word,
 * and then `word` is the one before; what is known was typed as `word`.
 */
static int refuse_option(
    struct options_reading *reading, int id, const char *word)
{
	char name[OPTIONS_NAME_SIZE];
	bool known = options_table_name(optopt, name);
	bool is_long = strncmp(word, "--", 2) == 0;

	if (optopt == 0)
		return options_wrong(reading, "%s: unknown option", word);
	if (known && is_long)
		snprintf(
		    name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
	if (id == ':')
		return options_wrong(reading, "%s: needs a value", name);
	return options_wrong(reading, "%s: %s", name,
	    known ? "takes no value" : "unknown option");
}

/* What --cid and --doctor do not take; -v and --json have rules elsewhere. */
static bool is_beside(const struct options_reading *reading, int id)
{
	switch (id) {
	case 'v':
	case OPTION_JSON:
		return false;
	case OPTION_CID:
	case OPTION_DOCTOR:
		return reading->question;
	default:
		return true;
	}
}

static int read_option(struct options_reading *reading, int id, char *argv[])
{
	if (id == '?' || id == ':')
		return refuse_option(reading, id, argv[optind - 1]);
	options_table_name(id, reading->name);
	reading->beside = is_beside(reading, id) || reading->beside;
	if (take_switch(reading, id) || take_choice(reading, id))
		return 0;
	return take_value(reading, id, optarg);
}

int options_read(
    int argc, char *argv[], struct options *options, char why[OPTIONS_WHY_SIZE])
{
	struct options_reading reading = { .options = options, .why = why };
	struct option longs[OPTIONS_TABLE_MAX + 1];
	char shorts[3 * OPTIONS_TABLE_MAX];
	const char *retry_for = "";
	const char *broken;
	int id;

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
	options_table_getopt(shorts, longs);
	name_any(argc, argv);
	opterr = 0;
	optind = 0; /* glibc: begin anew */
	while ((id = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (read_option(&reading, id, argv) < 0)
			return -1;
		if (options->action == OPTIONS_HELP ||
		    options->action == OPTIONS_VERSION)
			return 0;
		if (id == OPTION_RETRY && optarg == NULL && optind < argc)
			retry_for = argv[optind];
	}
	if (reading.listen && !reading.question)
		options->action = OPTIONS_LISTEN;
	if (options_read_words(&reading, argv + optind, argc - optind) < 0) {
		if (isdigit((unsigned char)retry_for[0]))
			options_wrong(&reading,
			    "--retry takes its seconds by a \"=\": --retry=%s",
			    retry_for);
		return -1;
	}
	broken = options_rules_broken(options);
	return broken != NULL ? options_wrong(&reading, "%s", broken) : 0;
}

void options_parse(int argc, char *argv[], struct options *options)
{
	char why[OPTIONS_WHY_SIZE];

	if (options_read(argc, argv, options, why) == 0)
		return;
	log_error("%s (see vcat --help)", why);
	exit(2);
}
