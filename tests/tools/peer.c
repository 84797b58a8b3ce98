/*
 * peer: a scripted peer. It connects or listens, and then performs the actions
 * of its command line in turn.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <unistd.h>

#include "action.h"
#include "place.h"
#include "timing.h"

enum { EXIT_USAGE = 2, EXIT_TIME = 124 };

struct options {
	double time_limit;
	double patience; /* how long to retry a connect */
	int type;
	long connections;
	unsigned int source_port;
	const char *ready_file;
};

struct script {
	struct step *steps;
	int count;
};

static const char usage_text[] =
    "usage: peer [-s] [-w SECS] [-t SECS] [-p PORT] connect ADDR ACTION...\n"
    "       peer [-s] [-w SECS] [-k N] [-r FILE] listen ADDR ACTION...\n"
    "ADDR is vsock:CID:PORT, unix:PATH or tcp:ADDRESS:PORT; to listen on\n"
    "vsock PORT 4294967295, or tcp PORT 0, takes any free one: port N\n"
    "  -s       SOCK_SEQPACKET\n"
    "  -w SECS  exit 124 when all is not done by then (default 60)\n"
    "  -t SECS  try again for so long until connecting works\n"
    "  -p PORT  connect from this VM socket port\n"
    "  -k N     take N connections, one after the other\n"
    "  -r FILE  when listening, create FILE, which holds the port\n"
    "Actions:\n";

static void usage(FILE *out)
{
	fputs(usage_text, out);
	action_help(out);
}

static void bad_option(int option, const char *value)
{
	fprintf(stderr, "peer: -%c: bad value: %s\n", option, value);
	exit(EXIT_USAGE);
}

static double seconds_option(int option, const char *value)
{
	double seconds;

	if (!action_parse_seconds(value, &seconds))
		bad_option(option, value);
	return seconds;
}

static long long number_option(int option, const char *value, long long most)
{
	const char *why;
	long long number = strtonum(value, 0, most, &why);

	if (why != NULL)
		bad_option(option, value);
	return number;
}

/* The + keeps getopt from looking for options among the actions. */
static void parse_options(struct options *o, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "+shw:t:p:k:r:")) != -1) {
		if (c == 's')
			o->type = SOCK_SEQPACKET;
		else if (c == 'w')
			o->time_limit = seconds_option(c, optarg);
		else if (c == 't')
			o->patience = seconds_option(c, optarg);
		else if (c == 'p')
			o->source_port = (unsigned int)number_option(
			    c, optarg, VMADDR_PORT_ANY);
		else if (c == 'k')
			o->connections =
			    (long)number_option(c, optarg, 1000000);
		else if (c == 'r')
			o->ready_file = optarg;
		else {
			usage(c == 'h' ? stdout : stderr);
			exit(c == 'h' ? 0 : EXIT_USAGE);
		}
	}
}

static void out_of_time(int signal_number)
{
	static const char text[] = "peer: out of time\n";
	ssize_t ignored = write(STDERR_FILENO, text, sizeof(text) - 1);

	(void)signal_number;
	(void)ignored;
	_exit(EXIT_TIME);
}

static void limit_life(double seconds)
{
	signal(SIGPIPE, SIG_IGN);
	timing_limit(seconds, out_of_time);
}

static int failed(const char *what)
{
	fprintf(stderr, "peer: %s: %s\n", what, strerror(errno));
	return 1;
}

static int serve(int fd, int type, const struct script *script)
{
	struct session session;
	bool ok;

	session_begin(&session, fd, type);
	ok = action_run(&session, script->steps, script->count);
	session_end(&session);
	return ok ? 0 : 1;
}

/* Whoever accepts and resets at once may do so before connect(2) is back. */
static bool is_expected(int error, const struct script *script)
{
	return error == ECONNRESET && script->count > 0 &&
	       strcmp(script->steps[0].action->name, "expect-reset") == 0;
}

static int run_connect(const struct options *o, const union place *place,
    const struct script *script)
{
	const double interval = 0.02;
	double waited = 0;
	int fd;

	while ((fd = place_connect(place, o->type, o->source_port)) < 0) {
		if (is_expected(errno, script))
			return 0;
		if (waited >= o->patience)
			return failed("connect");
		timing_pause(interval);
		waited += interval;
	}
	return serve(fd, o->type, script);
}

/* The file appears whole, under its name, only when listening has begun. */
static int write_ready_file(const char *path, unsigned int port)
{
	char *draft;
	FILE *file = NULL;
	int result = -1;

	if (asprintf(&draft, "%s.new", path) < 0)
		return -1;
	file = fopen(draft, "we");
	if (file != NULL) {
		fprintf(file, "%u\n", port);
		if (fclose(file) == 0)
			result = rename(draft, path);
	}
	free(draft);
	return result;
}

static int announce(
    const struct options *o, const union place *place, int listener)
{
	unsigned int port = place_port(listener);

	if ((place->any.sa_family == AF_VSOCK &&
		place->vm.svm_port == VMADDR_PORT_ANY) ||
	    (place->any.sa_family == AF_INET && place->in.sin_port == 0)) {
		printf("port %u\n", port);
		fflush(stdout);
	}
	return o->ready_file ? write_ready_file(o->ready_file, port) : 0;
}

/* Further connections are refused as soon as the last one is accepted. */
static int accept_next(const union place *place, int *listener, bool last)
{
	int fd = accept4(*listener, NULL, NULL, SOCK_CLOEXEC);

	if (last || fd < 0) {
		close(*listener);
		place_forget(place);
		*listener = -1;
	}
	return fd;
}

static int run_listen(const struct options *o, const union place *place,
    const struct script *script)
{
	int listener = place_listen(place, o->type);

	if (listener < 0)
		return failed("listen");
	if (announce(o, place, listener) < 0)
		return failed(o->ready_file);
	for (long i = 1; i <= o->connections; i++) {
		int fd = accept_next(place, &listener, i == o->connections);

		if (fd < 0)
			return failed("accept");
		if (serve(fd, o->type, script) != 0)
			return 1;
	}
	return 0;
}

/* The words are connect or listen, and ADDR; true when it is to listen. */
static bool parse_place(char **words, union place *place)
{
	bool listening = words[0] != NULL && strcmp(words[0], "listen") == 0;

	if (words[0] == NULL || words[1] == NULL ||
	    (!listening && strcmp(words[0], "connect") != 0) ||
	    !place_parse(words[1], place)) {
		usage(stderr);
		exit(EXIT_USAGE);
	}
	return listening;
}

static void parse_script(char **words, int count, struct script *script)
{
	script->steps = calloc((size_t)count + 1, sizeof(*script->steps));
	if (script->steps == NULL)
		exit(failed("memory"));
	script->count = action_parse(words, script->steps);
	if (script->count < 0) {
		free(script->steps);
		exit(EXIT_USAGE);
	}
}

int main(int argc, char **argv)
{
	struct options o = {
		.time_limit = 60,
		.type = SOCK_STREAM,
		.connections = 1,
		.source_port = VMADDR_PORT_ANY,
	};
	union place place;
	struct script script;
	bool listening;
	int result;

	parse_options(&o, argc, argv);
	listening = parse_place(argv + optind, &place);
	parse_script(argv + optind + 2, argc - optind - 2, &script);
	limit_life(o.time_limit);
	result = listening ? run_listen(&o, &place, &script)
			   : run_connect(&o, &place, &script);
	free(script.steps);
	return result;
}
