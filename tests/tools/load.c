/*
 * load: puts a load on commands and prints measurements. The commands are vcat
 * or one of its peers; the load is the same for all.
 */
#include "load.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "timing.h"

enum { EXIT_USAGE = 2, EXIT_TIME = 124, BACKLOG = 4096 };

struct shape {
	const char *name;
	int places;   /* how many addresses it needs */
	int commands; /* and at least how many commands */
	const char *(*run)(struct load *load);
};

static const struct shape shapes[] = {
	{ "carry", 0, 2, carry_run },
	{ "transfer", 0, 2, transfer_run },
	{ "flood", 2, 0, flood_run },
	{ "rate", 2, 0, rounds_rate },
	{ "delay", 2, 0, rounds_delay },
	{ "idle", 2, 1, idle_run },
	{ "ready", 2, 1, ready_run },
	{ "start", 0, 1, spawn_run },
	{ "visit", 1, 1, spawn_run },
};

static const char usage_text[] =
    "usage: load carry|transfer [options] -- LISTENER... -- DIALER...\n"
    "       load flood|rate|delay|idle|ready [options] ADDR TARGET -- "
    "FORWARDER...\n"
    "       load start [options] -- COMMAND...\n"
    "       load visit [options] TARGET -- COMMAND...\n"
    "carry  bytes from DIALER's stdin to LISTENER's stdout\n"
    "transfer  files, which the two find and store as they like\n"
    "flood  bytes from connections to ADDR, to TARGET, where load listens\n"
    "rate   connections a second, each with one round trip\n"
    "delay  microseconds of a round trip\n"
    "idle   what open connections cost\n"
    "ready  time from FORWARDER's start to its first answer, and its cost\n"
    "start  how long COMMAND runs; visit: when TARGET closes at once\n"
    "Without FORWARDER the load goes to TARGET itself.\n"
    "  -t SECS   time limit (30)\n"
    "  -n COUNT  connections, clients, files or times (1)\n"
    "  -b BYTES  in each direction, or on each connection\n"
    "  -2        both directions at once\n"
    "  -k        transfer: LISTENER does not end; DIALER's end stops the "
    "clock\n"
    "  -i FILE   DIALER's stdin; -o FILE: LISTENER's stdout\n"
    "  -w BYTES  carry and flood: of each write(2); at most 4 MiB\n"
    "  -s SECS   how long rate, idle and ready go on (1)\n"
    "  -r COUNT  round trips; -m BYTES: of a round trip (1)\n";

static void usage(void)
{
	fputs(usage_text, stderr);
	exit(EXIT_USAGE);
}

void load_say(const char *key, double value)
{
	printf("%s %.9g\n", key, value);
}

int load_listen(const struct load *load)
{
	int listener = place_listen(&load->target, SOCK_STREAM);

	if (listener >= 0 && listen(listener, BACKLOG) == 0)
		return listener;
	perror("load: listen");
	return -1;
}

/* The target must listen before the command starts and connects to it. */
int load_open(struct load *load)
{
	int listener = load_listen(load);

	if (listener < 0)
		return -1;
	if (load->first.words == NULL) {
		load->near = load->target;
		return listener;
	}
	if (command_start(&load->first, -1, -1) == 0 &&
	    command_await_listening(&load->first))
		return listener;
	fprintf(stderr, "load: %s does not listen\n", load->first.words[0]);
	return -1;
}

static void out_of_time(int number)
{
	static const char text[] = "result timed-out\n";
	ssize_t ignored = write(STDOUT_FILENO, text, sizeof(text) - 1);

	(void)number;
	(void)ignored;
	command_kill_all();
	_exit(EXIT_TIME);
}

static double number(const char *text)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end != '\0' || value < 0)
		usage();
	return value;
}

static size_t piece(const char *text)
{
	double value = number(text);

	if (value < 1 || value > LOAD_PIECE_MOST)
		usage();
	return (size_t)value;
}

static void limit_life(double seconds)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, out_of_time);
	signal(SIGINT, out_of_time);
	timing_limit(seconds, out_of_time);
}

/* Returns the time limit. */
static double parse_options(struct load *load, int argc, char **argv)
{
	double limit = 30;
	int c;

	while ((c = getopt(argc, argv, "+t:n:b:2ki:o:s:r:m:w:")) != -1) {
		if (c == 't')
			limit = number(optarg);
		else if (c == 'n')
			load->count = (int)number(optarg);
		else if (c == 'b')
			load->bytes = (uint64_t)number(optarg);
		else if (c == '2')
			load->both_ways = true;
		else if (c == 'k')
			load->stays = true;
		else if (c == 'i')
			load->in_file = optarg;
		else if (c == 'o')
			load->out_file = optarg;
		else if (c == 's')
			load->duration = number(optarg);
		else if (c == 'r')
			load->rounds = (int)number(optarg);
		else if (c == 'm')
			load->message = (int)number(optarg);
		else if (c == 'w')
			load->piece = piece(optarg);
		else
			usage();
	}
	return limit;
}

/* Takes the words up to the next "--" as a command. */
static char **take_command(char **words, struct command *command)
{
	if (*words == NULL)
		return words;
	command->words = words;
	while (*words != NULL && strcmp(*words, "--") != 0)
		words++;
	if (*words == NULL)
		return words;
	*words = NULL;
	return words + 1;
}

static void parse_words(
    struct load *load, const struct shape *shape, char **words)
{
	if (shape->places == 2 &&
	    (words[0] == NULL || !place_parse(*words++, &load->near)))
		usage();
	if (shape->places > 0) {
		if (words[0] == NULL || !place_parse(*words++, &load->target))
			usage();
		load->has_target = true;
	}
	if (*words != NULL && strcmp(*words, "--") == 0)
		words++;
	words = take_command(words, &load->first);
	take_command(words, &load->second);
	if ((shape->commands > 0 && load->first.words == NULL) ||
	    (shape->commands > 1 && load->second.words == NULL))
		usage();
}

static const struct shape *shape_named(const char *name)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (name != NULL && strcmp(shapes[i].name, name) == 0)
			return &shapes[i];
	usage();
	return NULL;
}

/* getopt swallows a "--" before the first command; parse_words copes. */
int main(int argc, char **argv)
{
	struct load load = {
		.count = 1, .duration = 1, .rounds = 1000, .message = 1
	};
	const struct shape *shape = shape_named(argv[1]);
	const char *result;

	setvbuf(stdout, NULL, _IOLBF, 0);
	limit_life(parse_options(&load, argc - 1, argv + 1));
	parse_words(&load, shape, argv + 1 + optind);
	result = shape->run(&load);
	if (load.first.words != NULL) {
		command_end_all();
		command_say_usage();
	}
	printf("result %s\n", result);
	return strcmp(result, "ok") == 0 ? 0 : 1;
}
