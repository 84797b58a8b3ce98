#include "options_read.h"

#include <ctype.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "options_rules.h"
#include "options_table.h"
#include "value.h"

/* CID PORT; more are too many. */
#define WORDS_MAX 2

/* The state while a command line is read. */
struct reading {
	struct options *options;
	char *why;                     /* OPTIONS_WHY_SIZE */
	bool given[OPTIONS_TABLE_MAX]; /* rows of the table */
	char **words;                  /* which are not options: in argv,
					  from its beginning on */
	int count;
	const char *apart;  /* what may be the value of an option; or NULL */
	const char *before; /* the name of that option */
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

/* The option as it was written, if that is what getopt_long(3) returned; the
 * short form, if there is one, for 0. */
static const char *name_of(const struct options_row *row, int id)
{
	return id < OPTIONS_LONG && row->letter != NULL ? row->letter
							: row->word;
}

/* Puts an option's value where the row says. Returns as the row's read(). */
static const char *store(
    struct options *options, const struct options_row *row, const char *text)
{
	void *field = (char *)options + row->field;

	if (row->flag != 0)
		*(bool *)((char *)options + row->flag) = true;
	if (row->choice != 0)
		*(int *)field = row->choice;
	if (row->read == NULL)
		return NULL;
	return row->read(text != NULL ? text : "", field);
}

/* Whether the unknown long option is the beginning of known ones. */
static bool is_ambiguous(const char *option)
{
	size_t length = strcspn(option, "=");
	const struct options_row *row;

	for (row = options_table; row->help != NULL; row++)
		if (row->word != NULL &&
		    strncmp(option, row->word, length) == 0)
			return true;
	return false;
}

/* Reports an option that getopt_long(3) refused in the word `last`. */
static int refuse_option(struct reading *reading, int id, const char *last)
{
	const struct options_row *row = options_table_find(optopt);

	if (id == '1')
		return wrong(reading, "-1: unknown option");
	if (optopt == 0)
		return wrong(reading, "%s: %s option", last,
		    is_ambiguous(last) ? "ambiguous" : "unknown");
	if (row == NULL)
		return wrong(reading, "-%c: unknown option", optopt);
	return wrong(reading, "%s: %s", name_of(row, optopt),
	    id == ':' ? "needs a value" : "takes no value");
}

static int add_word(struct reading *reading, char *word)
{
	reading->words[reading->count++] = word;
	return 0;
}

/* Takes what getopt_long(3) has found in argv[optind - 1]. */
static int read_option(struct reading *reading, int id, char *argv[])
{
	const struct options_row *row = options_table_find(id);
	char *last = argv[optind - 1];
	const char *next = argv[optind];
	const char *name;
	const char *why;

	if (id == 1 || (id == '1' && strncmp(last, "-1", 2) == 0))
		return add_word(reading, last);
	if (row == NULL)
		return refuse_option(reading, id, last);
	reading->given[row - options_table] = true;
	name = name_of(row, id);
	if (optarg != NULL && optarg[0] == '\0')
		return wrong(reading, "%s: the value is empty", name);
	why = store(reading->options, row, optarg);
	if (why != NULL)
		return wrong(reading, "%s: %s: %s", name, optarg, why);
	if (row->argument == optional_argument && optarg == NULL &&
	    next != NULL && strspn(next, "0123456789.") == strlen(next)) {
		reading->apart = next;
		reading->before = name_of(row, 0);
	}
	return 0;
}

/* Reads all words, or up to -h or -V. */
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

/* Without an address, -l listens on -s CID and -p PORT, as other netcats do. */
static const char *listen_on_source(struct options *o)
{
	if (o->action != OPTIONS_LISTEN)
		return "no address to connect to";
	if (!o->has_source)
		return "no address to listen on";
	o->address.cid = o->source_cid;
	o->address.port = o->source_port;
	/* the listener has them now: -t's address is dialled without */
	o->source_cid = ADDRESS_ANY;
	o->source_port = ADDRESS_ANY;
	o->has_source = false;
	return NULL;
}

/* An address for -z, whose last part may be a list of ports. */
static const char *parse_scan(const char *text, struct options *o)
{
	const char *why = address_parse(text, ADDRESS_CONNECT, &o->address);
	const char *list = strrchr(text, ':');
	char one[OPTIONS_WHY_SIZE];
	uint32_t ends[2];

	o->ports.count = 1; /* without a port, one look */
	if (list == NULL || !isdigit((unsigned char)list[1]) ||
	    (why == NULL && !address_has(o->address.kind, ADDRESS_PORT)))
		return why;
	why = value_ports(++list, &o->ports);
	if (why != NULL)
		return why;
	/* if the highest and the lowest are valid, all are */
	ends[0] = o->ports.list[o->ports.count - 1].last;
	ends[1] = o->ports.list[0].first;
	for (int i = 0; i < 2 && why == NULL; i++) {
		snprintf(one, sizeof one, "%.*s%u", (int)(list - text), text,
		    ends[i]);
		why = address_parse(one, ADDRESS_CONNECT, &o->address);
	}
	return why;
}

static const char two_words[] = "two words must be a CID and a port";

/* Reads the address that the words give: ADDRESS, or CID PORT. */
static const char *parse_words(const struct reading *reading)
{
	struct options *o = reading->options;
	const char *first = reading->count > 0 ? reading->words[0] : NULL;
	const char *second = reading->count > 1 ? reading->words[1] : NULL;
	const char *why;
	char pair[OPTIONS_WHY_SIZE];

	if (first == NULL)
		return listen_on_source(o);
	if (second != NULL) {
		if (strchr(first, ':') != NULL || strchr(second, ':') != NULL)
			return two_words;
		/* ssh's %h and %p may be vsock/3 and 22 */
		snprintf(pair, sizeof pair, "%s%s:%s",
		    strpbrk(first, "/%") != NULL ? "" : "vsock/", first,
		    second);
		first = pair;
	}
	if (first[0] == '\0')
		return "the address is empty";
	why = o->action == OPTIONS_SCAN
		  ? parse_scan(first, o)
		  : address_parse(first,
			o->action == OPTIONS_LISTEN ? ADDRESS_BIND
						    : ADDRESS_CONNECT,
			&o->address);
	return why == NULL && second != NULL &&
		       !address_has(o->address.kind, ADDRESS_PORT)
		   ? two_words
		   : why;
}

/* With --files, the words before the last are files. The end of their list
 * needs a place in argv: that of --files is free. */
static int take_operands(struct reading *reading)
{
	char **last = reading->words + reading->count - 1;

	if (reading->count < 2)
		return wrong(reading, "--files requires files and an address");
	reading->options->operands = reading->words;
	reading->words = last + 1;
	last[1] = last[0];
	last[0] = NULL;
	reading->count = 1;
	return 0;
}

/* Reads the words that are not options. */
static int read_words(struct reading *reading)
{
	char *const *words;
	const char *why = NULL;

	if (reading->options->files && take_operands(reading) < 0)
		return -1;
	words = reading->words;
	if (reading->count > WORDS_MAX)
		return wrong(reading, "extra argument: %s", words[WORDS_MAX]);
	if (reading->options->action < OPTIONS_FORWARDS)
		why = parse_words(reading);
	else if (reading->count > 0)
		why = "-f, --cid and --doctor take no address";
	if (why == NULL)
		return 0;
	if (reading->count == 2)
		return wrong(reading, "%s %s: %s", words[0], words[1], why);
	if (reading->count == 1 && words[0][0] != '\0')
		return wrong(reading, "%s: %s", words[0], why);
	return wrong(reading, "%s", why);
}

/* Whether the option works with what vcat is to do. Returns 0 if so. */
static int check_place(struct reading *reading, const struct options_row *row)
{
	static const char *const askers[] = {
		[OPTIONS_LISTEN] = "-l",
		[OPTIONS_SCAN] = "-z",
		[OPTIONS_PING] = "--ping",
		[OPTIONS_BENCH] = "--bench",
		[OPTIONS_FORWARDS] = "-f",
		[OPTIONS_CID] = "--cid",
		[OPTIONS_DOCTOR] = "--doctor",
	};
	const struct options *o = reading->options;
	bool works = row->with & 1U << o->action;
	const char *name = name_of(row, 0);

	if (!works && o->action == OPTIONS_CONNECT)
		return wrong(reading, "%s requires %s", name,
		    row->with & 1U << OPTIONS_LISTEN     ? "-l"
		    : row->with & 1U << OPTIONS_FORWARDS ? "-f"
		    : row->with & 1U << OPTIONS_DOCTOR   ? "-z or --doctor"
		    : row->with & 1U << OPTIONS_PING     ? "--ping"
		    : row->with & 1U << OPTIONS_BENCH    ? "--bench"
							 : "-z");
	if (!works && o->action == OPTIONS_FORWARDS &&
	    row->with & 1U << OPTIONS_LISTEN)
		return wrong(reading,
		    "%s does not work with -f: the options of a forward are "
		    "on its line of the file",
		    name);
	if (!works)
		return wrong(reading, "%s does not work with %s", name,
		    askers[o->action]);
	if ((o->command != NULL || o->pass_fd) &&
	    (row->with & OPTIONS_MOVES_BYTES) != 0)
		return wrong(reading,
		    "%s does not work with %s: vcat moves no bytes itself",
		    name, o->pass_fd ? "-F" : "-e");
	return 0;
}

int options_read(
    int argc, char *argv[], struct options *options, char why[OPTIONS_WHY_SIZE])
{
	struct reading reading = { .options = options, .why = why };
	const struct options_row *row;
	const char *conflict;
	int result;

	*options = (struct options){
		.action = OPTIONS_CONNECT,
		.target = { .kind = ADDRESS_STDIO },
		.source_cid = ADDRESS_ANY,
		.source_port = ADDRESS_ANY,
		.buffer = 1UL << 20, /* 1 MiB */
		.quit_after = -1,
		.timeout = 10,
		.interval = 1,
		.bench_time = 5,
		.mode = 0600,
		.retry = -1,
	};
	reading.words = argv + 1;
	if (read_options(&reading, argc, argv) < 0)
		return -1;
	if (options->action >= OPTIONS_HELP)
		return 0;
	if (options->forwards != NULL)
		options->action = OPTIONS_FORWARDS;
	else if (options->ping)
		options->action = OPTIONS_PING;
	else if (options->bench)
		options->action = OPTIONS_BENCH;
	options->has_target = options->target.kind != ADDRESS_STDIO;
	for (row = options_table; row->help != NULL; row++)
		if (reading.given[row - options_table] &&
		    check_place(&reading, row) < 0)
			return -1;
	result = read_words(&reading);
	if (result < 0 && reading.apart != NULL)
		return wrong(&reading,
		    "write %s=%s: the value must be joined with '='",
		    reading.before, reading.apart);
	if (result < 0)
		return -1;
	conflict = options_conflict(options);
	return conflict != NULL ? wrong(&reading, "%s", conflict) : 0;
}
