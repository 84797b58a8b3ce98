/*
 * libFuzzer: a command line, a word on each line of the input. What is taken
 * must keep to all that the manual says of options and of which exclude each
 * other; reading it again gives the same; and what is refused has a reason.
 */
#include "fuzz.h"
#include "options_read.h"

#define WORDS_MOST   24
#define SECONDS_MOST 1e9

/* The words, as main() gets them. */
struct line {
	char *words[WORDS_MOST + 1]; /* as they were given */
	char **argv;                 /* of just the size that it needs */
	int argc;
};

static void open_line(struct line *line, struct fuzz *fuzz)
{
	size_t size;

	line->words[0] = strdup("vcat");
	line->argc = 1;
	while (line->argc < WORDS_MOST && fuzz->left > 0)
		line->words[line->argc++] = fuzz_text(fuzz, '\n');
	line->words[line->argc] = NULL;
	size = sizeof line->words[0] * ((size_t)line->argc + 1);
	line->argv = malloc(size);
	must(line->argv != NULL, "memory");
	memcpy(line->argv, line->words, size);
}

static void close_line(struct line *line)
{
	for (int i = 0; i < line->argc; i++)
		free(line->words[i]);
	free(line->argv);
}

/* Whether the text is one of the words, or the end of one. */
static bool is_from(const struct line *line, const char *text)
{
	for (int i = 1; i < line->argc; i++) {
		const char *word = line->words[i];

		if (text >= word && text <= word + strlen(word))
			return true;
	}
	return false;
}

static void check_time(double seconds, double least)
{
	must(seconds == least || (seconds >= 0 && seconds <= SECONDS_MOST),
	    "a time");
}

static void check_ranges(const struct ranges *ranges)
{
	must(ranges->count >= 0 && ranges->count <= VALUE_RANGES_MAX,
	    "the number of ranges");
	for (int i = 0; i < ranges->count; i++)
		must(ranges->list[i].first <= ranges->list[i].last, "a range");
}

static void check_values(const struct options *o)
{
	check_time(o->quit_after, -1);
	check_time(o->timeout, 0);
	check_time(o->idle_timeout, 0);
	check_time(o->retry, -1);
	check_ranges(&o->allow.cids);
	check_ranges(&o->ports);
	must(o->buffer >= 1024 && o->buffer <= 1UL << 30, "a buffer");
	must(o->has_buffer || o->buffer == 1UL << 20, "the usual buffer");
	must(o->max_conns >= 0, "-m");
	must(o->mode <= 0777, "a mode");
	must(o->has_mode || o->mode == 0600, "the usual mode");
	must(o->max_size <= INT64_MAX, "--max-size");
	must(o->half_close <= OPTIONS_HALF_CLOSE_NO, "the half-close");
	must(o->has_source || (o->source_cid == ADDRESS_ANY &&
				  o->source_port == ADDRESS_ANY),
	    "a source");
	must(o->source_cid != ADDRESS_CID_HYPERVISOR, "-s 0");
}

/* One of two that exclude each other is not there. */
static void exclude(bool one, bool other, const char *what)
{
	must(!one || !other, what);
}

/* One that requires another is not without it. */
static void require(bool one, bool other, const char *what)
{
	must(!one || other, what);
}

static bool is_file(enum address_kind kind)
{
	return kind == ADDRESS_UNIX || kind == ADDRESS_MUX;
}

static void check_addresses(const struct options *o)
{
	bool listens = o->action == OPTIONS_LISTEN;
	enum address_kind kind = o->address.kind;
	enum address_kind far =
	    listens && o->has_target ? o->target.kind : kind;
	bool passed = kind == ADDRESS_STDIO;

	must(o->has_target == (o->target.kind != ADDRESS_STDIO), "-t");
	require(passed, listens, "- without -l");
	must(listens || o->address.port != ADDRESS_ANY || is_file(kind),
	    "any port of a peer");
	must(listens || o->address.cid != ADDRESS_ANY, "any peer");
	require(o->has_source, far == ADDRESS_VSOCK, "-s without vsock");
	require(o->has_source && listens, o->has_target, "-s with -l");
	require(o->sibling, far == ADDRESS_VSOCK, "--sibling without vsock");
	require(o->sibling && listens, o->has_target, "--sibling with -l");
	require(o->retry >= 0 && listens, o->has_target, "--retry with -l");
	require(o->allow.cids.count > 0, passed || kind == ADDRESS_VSOCK,
	    "--allow without vsock");
	require(o->allow.privileged, passed || !is_file(kind),
	    "--allow-privileged with a file");
	require(o->has_mode || o->has_owner,
	    is_file(kind) && o->address.path[0] != '@',
	    "--mode, --owner without a file");
	require(o->netns != NULL,
	    kind == ADDRESS_VSOCK || o->target.kind == ADDRESS_VSOCK,
	    "--netns without vsock");
	exclude(o->seqpacket,
	    kind == ADDRESS_TCP || o->target.kind == ADDRESS_TCP,
	    "--seqpacket with TCP");
}

static void check_listening(const struct options *o)
{
	bool listens = o->action == OPTIONS_LISTEN;
	bool many =
	    o->has_target || o->command != NULL || o->files || o->into != NULL;

	require(o->keep_open, listens || o->action == OPTIONS_CONNECT, "-k");
	exclude(o->keep_open && !listens,
	    o->pass_fd || o->files || o->into != NULL, "-k without -l");
	require(o->allow.cids.count > 0 || o->allow.privileged, listens,
	    "--allow without -l");
	require(o->has_mode || o->has_owner, listens, "--mode without -l");
	require(o->max_conns > 0,
	    o->action == OPTIONS_FORWARDS ||
		(listens && o->keep_open &&
		    (many || o->lines || o->echo || o->sink)),
	    "-m");
	exclude(o->progress, o->keep_open && o->has_target,
	    "--progress with -k and -t");
	exclude(o->verified, o->keep_open, "--verified with -k");
}

/* What runs for months. */
static void check_service(const struct options *o)
{
	bool listens = o->action == OPTIONS_LISTEN;
	bool forwards = o->action == OPTIONS_FORWARDS;

	check_time(o->accept_timeout, 0);
	check_time(o->exit_idle, 0);
	must(forwards == (o->forwards != NULL), "-f");
	require(o->check, forwards, "--check");
	require(o->accept_timeout > 0, listens, "--accept-timeout");
	require(o->exit_idle > 0, forwards || (listens && o->keep_open),
	    "--exit-idle");
	require(o->lines, listens && o->keep_open && o->detach_stdin,
	    "--lines without -l -k -d");
	exclude(o->lines,
	    o->has_target || o->command != NULL || o->files ||
		o->into != NULL || o->verified || o->seqpacket || o->strict ||
		o->progress || o->dump,
	    "--lines and what is not for lines");
	require(o->tag, o->lines, "--tag");
	must(o->proxy_header >= 0 && o->proxy_header <= 2, "--proxy-header");
	require(o->proxy_header > 0, listens && o->has_target && !o->seqpacket,
	    "--proxy-header");
	require(o->banner, o->action == OPTIONS_SCAN, "--banner");
	exclude(o->dump, o->files || o->into != NULL || o->verified, "-x");
}

static bool measures(const struct options *o)
{
	return o->action == OPTIONS_PING || o->action == OPTIONS_BENCH;
}

/* Measuring a peer, and what such a peer does. */
static void check_measuring(const struct options *o)
{
	bool answers = o->echo || o->sink;

	check_time(o->interval, 0);
	check_time(o->bench_time, 0);
	must(o->pings >= 0, "--ping");
	must(o->bench_time > 0 && o->bench_time <= 86400, "--bench");
	must(o->ping == (o->action == OPTIONS_PING), "--ping");
	must(o->bench == (o->action == OPTIONS_BENCH), "--bench");
	require(o->pings > 0 || o->interval != 1, o->ping, "--interval");
	require(o->both, o->bench, "--both");
	require(answers, o->action == OPTIONS_LISTEN, "--echo without -l");
	exclude(o->echo, o->sink, "--echo and --sink");
	exclude(answers,
	    o->has_target || o->command != NULL || o->lines || o->verified ||
		o->files || o->into != NULL,
	    "--echo and what else a listener does");
	exclude(answers,
	    o->send_only || o->recv_only || o->detach_stdin ||
		o->quit_after >= 0 || o->strict || o->progress || o->dump ||
		o->half_close != OPTIONS_HALF_CLOSE_DEFAULT,
	    "--echo and what is about stdin and stdout");
	exclude(answers || measures(o), o->seqpacket, "measuring messages");
	exclude(measures(o), o->retry >= 0, "--retry and measuring");
}

/* What only works where vcat moves bytes itself. */
static bool moves(const struct options *o)
{
	return o->detach_stdin || o->send_only || o->recv_only || o->strict ||
	       o->progress || o->idle_timeout > 0 || o->lines || o->dump ||
	       o->half_close != OPTIONS_HALF_CLOSE_DEFAULT;
}

static void check_others(const struct options *o)
{
	bool streams =
	    o->action == OPTIONS_CONNECT || o->action == OPTIONS_LISTEN;
	bool command = o->command != NULL;
	bool opens = o->action <= OPTIONS_BENCH;

	require(moves(o) || command || o->has_target || o->resolve_once,
	    streams, "what moves bytes");
	require(
	    o->quit_after >= 0, streams || o->action == OPTIONS_FORWARDS, "-q");
	require(o->has_source || o->sibling || o->seqpacket || o->retry >= 0 ||
		    o->has_buffer,
	    opens, "what opens sockets");
	require(o->pass_fd, o->action == OPTIONS_CONNECT, "-F");
	exclude(moves(o), command || o->pass_fd, "no bytes to move");
	exclude(o->has_target, command, "-t and -e");
	exclude(o->pass_fd, o->has_target || command, "-F and -t, -e");
	exclude(o->quit_after >= 0 && o->pass_fd, true, "-q and -F");
	require(o->quit_after >= 0 && command, o->keep_open, "-q and -e");
	exclude(o->send_only, o->recv_only, "both one-way options");
	exclude(o->detach_stdin, o->send_only || o->has_target, "-d");
	require(o->ports.count > 0, o->action == OPTIONS_SCAN, "ports");
	require(o->action == OPTIONS_SCAN, o->ports.count > 0, "no ports");
}

static void check_transfer(const struct options *o)
{
	bool files = o->files || o->into != NULL;
	bool framed = files || o->verified;
	bool streams =
	    o->action == OPTIONS_CONNECT || o->action == OPTIONS_LISTEN;

	require(framed, streams, "a transfer without a connection");
	must(o->files + (o->into != NULL) + o->verified <= 1, "two transfers");
	exclude(framed, o->has_target || o->command != NULL || o->pass_fd,
	    "a transfer and -t, -e, -F");
	exclude(framed,
	    o->seqpacket || o->strict || o->quit_after >= 0 ||
		o->half_close != OPTIONS_HALF_CLOSE_DEFAULT,
	    "a transfer and what it does itself");
	exclude(files, o->send_only || o->recv_only, "files and a direction");
	require(o->overwrite || o->resume || o->no_sync || o->max_size > 0,
	    o->into != NULL, "what the receiver decides");
	require(o->sums, files, "--sums");
	require(o->json,
	    files || o->action == OPTIONS_SCAN || measures(o) ||
		o->action == OPTIONS_DOCTOR,
	    "--json");
}

/* What is borrowed from the words is one of them. */
static void check_words(const struct line *line, const struct options *o)
{
	must((o->operands != NULL) == o->files, "files");
	if (o->files) {
		must(o->operands[0] != NULL, "no file");
		for (int i = 0; o->operands[i] != NULL; i++)
			must(is_from(line, o->operands[i]), "a file");
	}
	must(o->command == NULL ||
		 (is_from(line, o->command) && o->command[0] != '\0'),
	    "-e");
	must(o->forwards == NULL || is_from(line, o->forwards), "-f");
	must(o->netns == NULL || is_from(line, o->netns), "--netns");
	must(o->into == NULL || (is_from(line, o->into) && o->into[0] != '\0'),
	    "--into");
}

static void check(const struct line *line, const struct options *options)
{
	must(options->action <= OPTIONS_VERSION, "the action");
	if (options->action >= OPTIONS_HELP)
		return;
	check_values(options);
	check_listening(options);
	check_service(options);
	check_others(options);
	check_measuring(options);
	check_transfer(options);
	check_words(line, options);
	if (options->action < OPTIONS_FORWARDS)
		check_addresses(options);
}

/* Reads the words, in the order and the place that they had at first. */
static int read_line(
    struct line *line, struct options *options, char why[OPTIONS_WHY_SIZE])
{
	memset(options, 0, sizeof *options);
	memset(why, 0, OPTIONS_WHY_SIZE);
	memcpy(line->argv, line->words,
	    sizeof line->words[0] * ((size_t)line->argc + 1));
	return options_read(line->argc, line->argv, options, why);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct fuzz fuzz = { data, size };
	struct line line;
	static struct options options, again;
	static char why[OPTIONS_WHY_SIZE], why_again[OPTIONS_WHY_SIZE];
	int result;

	open_line(&line, &fuzz);
	result = read_line(&line, &options, why);
	must(result == 0 || result == -1, "the result");
	if (result == 0)
		check(&line, &options);
	else
		must(why[0] != '\0' && strchr(why, '\n') == NULL, "the reason");
	must(read_line(&line, &again, why_again) == result &&
		 memcmp(&options, &again, sizeof options) == 0 &&
		 strcmp(why, why_again) == 0,
	    "another result");
	close_line(&line);
	return 0;
}
