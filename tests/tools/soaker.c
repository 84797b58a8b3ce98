/*
 * soaker: very many connections through chains of vcats, all ways to begin
 * and to end among them; every byte that arrives is checked, and afterwards
 * what the vcats still hold. It is the client and the server of all of them.
 *
 * The first tenth warms up: allocators and caches take their share. Then
 * everything is let run out, and the members are looked at; after the rest
 * they are looked at again. Members are killed in the second part only.
 */
#include "soaker.h"

#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "number.h"
#include "timing.h"

enum { EXIT_USAGE = 2, TURN_MS = 50, COMPLAINTS = 50 };

#define HEAR_SECONDS 0.02

/* So many times the quiet time until the vcats must have let go of all. */
#define PATIENCE 4

static const char usage_text[] =
    "usage: soaker [options] VCAT CHAIN...\n"
    "CHAIN is two or more of unix, tcp, vsock, mux and vmm with - between:\n"
    "how clients reach the first vcat, that one the second, and so on. mux is\n"
    "a vcat that listens as a VMM's host; vmm is reached through the VMM's\n"
    "socket ./v, which must be there. All files are in this directory.\n"
    "  -n COUNT  connections (1000)\n"
    "  -c COUNT  at once (64)\n"
    "  -s SEED   of what they do (1)\n"
    "  -p COUNT  of 1000 clients are a vcat with pipes (70)\n"
    "  -k COUNT  connections until a vcat of a chain is killed (0: never)\n"
    "  -w SECS   for each connection (30)\n"
    "  -m KIB    that a vcat's memory may have grown by at the end (1024)\n"
    "  -q SECS   before a look at the vcats: by then they have let go of all\n"
    "            that is over (2.5)\n"
    "Exits 1 if anything failed.\n";

void soaker_fail(struct soaker *soaker, const char *format, ...)
{
	va_list arguments;

	if (soaker->failures++ == COMPLAINTS)
		fprintf(stderr, "soaker: and so on\n");
	if (soaker->failures > COMPLAINTS)
		return;
	fprintf(stderr, "soaker: ");
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

/* What is on its way through the chain may be cut now. */
static void kill_some_member(struct soaker *soaker)
{
	uint64_t seed = soaker->choice.seed;
	int which = (int)plan_below(
	    (uint64_t)soaker->choice.chains, seed, soaker->next);
	struct soaker_chain *chain = &soaker->chains[which];
	int member =
	    (int)plan_below((uint64_t)chain->length, seed + 1, soaker->next);
	struct soaker_end *end;

	LIST_FOREACH(end, &soaker->ends, next)
		if (end->chain == which && end->exchange != NULL)
			end->exchange->disturbed = true;
	soaker->kills++;
	chain_kill_member(chain, member);
	if (!chain_start_member(chain, member, soaker->vcat))
		errx(1, "no chain, no soak");
}

static void begin_some(struct soaker *soaker, uint32_t last, bool kills)
{
	while (soaker->live < soaker->at_once && soaker->next < last) {
		if (kills && soaker->kill_every > 0 &&
		    soaker->next % soaker->kill_every == 0)
			kill_some_member(soaker);
		exchange_begin(soaker, timing_now());
	}
}

/* What a turn polls: first each chain's listener. */
struct poll_set {
	struct pollfd *fds;
	struct soaker_end **ends;
	int room, fixed, count;
	double hears_after;
};

static void add_chains(struct poll_set *set, const struct soaker *soaker)
{
	set->fixed = soaker->choice.chains;
	for (int i = 0; i < set->fixed; i++)
		set->fds[i] = (struct pollfd){
			.fd = soaker->chains[i].listener,
			.events = POLLIN,
		};
}

/* Returns the seconds until the first of them wants to go on. */
static double add_ends(struct poll_set *set, struct soaker *soaker)
{
	double now = timing_now(), first = now + TURN_MS / 1e3;
	struct soaker_end *end;

	set->count = 0;
	LIST_FOREACH(end, &soaker->ends, next) {
		double wakes = end_wakes(end, now);

		end_interest(end, &set->fds[set->fixed + 2 * set->count], now);
		set->ends[set->count++] = end;
		if (wakes < first)
			first = wakes;
	}
	return first - now;
}

static void make_room(struct poll_set *set, const struct soaker *soaker)
{
	const struct soaker_end *end;
	int count = 0, fixed = soaker->choice.chains;

	LIST_FOREACH(end, &soaker->ends, next)
		count++;
	if (fixed + 2 * count <= set->room)
		return;
	set->room = 2 * (fixed + 2 * count);
	set->fds = realloc(set->fds, (size_t)set->room * sizeof *set->fds);
	set->ends = realloc(set->ends, (size_t)set->room * sizeof *set->ends);
	if (set->fds == NULL || set->ends == NULL)
		err(1, "memory");
}

static void accept_all(const struct poll_set *set, struct soaker *soaker)
{
	for (int i = 0; i < set->fixed; i++)
		if (set->fds[i].revents != 0)
			exchange_accept(soaker, i, timing_now());
}

/* Now and then: they say much, and a pipe holds it. */
static void hear_all(struct poll_set *set, struct soaker *soaker)
{
	if (timing_now() < set->hears_after)
		return;
	set->hears_after = timing_now() + HEAR_SECONDS;
	for (int i = 0; i < soaker->choice.chains; i++)
		for (int j = 0; j < soaker->chains[i].length; j++)
			chain_hear(&soaker->chains[i].members[j]);
}

static void free_gone(struct soaker *soaker)
{
	struct soaker_end *end;

	while ((end = LIST_FIRST(&soaker->gone)) != NULL) {
		LIST_REMOVE(end, next);
		end_free(end);
	}
}

static void turn(struct poll_set *set, struct soaker *soaker)
{
	double pause, now;

	make_room(set, soaker);
	add_chains(set, soaker);
	pause = add_ends(set, soaker);
	if (poll(set->fds, (nfds_t)(set->fixed + 2 * set->count),
		pause > 0 ? (int)(pause * 1e3) + 1 : 0) < 0)
		err(1, "poll");
	now = timing_now();
	for (int i = 0; i < set->count; i++)
		exchange_advance(
		    soaker, set->ends[i], &set->fds[set->fixed + 2 * i], now);
	free_gone(soaker);
	accept_all(set, soaker);
	hear_all(set, soaker);
}

/* Until all connections before the last are over, and for so long after. */
static void run_stage(
    struct soaker *soaker, struct poll_set *set, uint32_t last, bool kills)
{
	double settled = 0;

	while (soaker->next < last || !LIST_EMPTY(&soaker->ends)) {
		begin_some(soaker, last, kills);
		turn(set, soaker);
	}
	soaker->took += timing_now() - soaker->began;
	settled = timing_now() + soaker->quiet;
	while (timing_now() < settled)
		turn(set, soaker);
}

static void look_before(struct soaker *soaker)
{
	for (int i = 0; i < soaker->choice.chains; i++)
		for (int j = 0; j < soaker->chains[i].length; j++) {
			struct soaker_member *m = &soaker->chains[i].members[j];

			chain_look(m, &m->before);
		}
}

/* Some were cut before their header had come through. */
static void check_nameless(struct soaker *soaker)
{
	long absent = 0;

	for (uint32_t i = 0; i < soaker->total; i++)
		absent += !soaker->exchanges[i].server_came;
	if (soaker->nameless > absent)
		soaker_fail(soaker, "%ld connections arrived that nobody made",
		    soaker->nameless - absent);
}

static void run(struct soaker *soaker)
{
	struct poll_set set = { .room = 0 };
	double limit;

	soaker->began = timing_now();
	run_stage(soaker, &set, soaker->total / 10, false);
	look_before(soaker);
	soaker->began = timing_now();
	run_stage(soaker, &set, soaker->total, true);
	limit = timing_now() + PATIENCE * soaker->quiet;
	while (!table_is_as_before(soaker, false) && timing_now() < limit)
		turn(&set, soaker);
	table_is_as_before(soaker, true);
	check_nameless(soaker);
	free(set.fds);
	free(set.ends);
}

static void parse_options(struct soaker *soaker, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "n:c:s:p:k:w:m:q:")) != -1) {
		if (c == 'n')
			soaker->total =
			    (uint32_t)number_of(optarg, 1, 100000000);
		else if (c == 'c')
			soaker->at_once = (int)number_of(optarg, 1, 1000);
		else if (c == 's')
			soaker->choice.seed =
			    (uint64_t)number_of(optarg, 0, UINT32_MAX);
		else if (c == 'p')
			soaker->choice.per_mille =
			    (int)number_of(optarg, 0, 1000);
		else if (c == 'k')
			soaker->kill_every =
			    (uint32_t)number_of(optarg, 0, UINT32_MAX);
		else if (c == 'w')
			soaker->limit = (double)number_of(optarg, 1, 3600);
		else if (c == 'm')
			soaker->growth = (long)number_of(optarg, 0, INT32_MAX);
		else if (c == 'q')
			soaker->quiet = strtod(optarg, NULL);
		else
			errx(EXIT_USAGE, "%s", usage_text);
	}
}

static void parse_words(struct soaker *soaker, int count, char **words)
{
	if (count < 2 || count > SOAKER_CHAINS)
		errx(EXIT_USAGE, "%s", usage_text);
	soaker->vcat = words[0];
	soaker->choice.chains = count - 1;
	for (int i = 0; i < soaker->choice.chains; i++)
		if (!chain_parse(&soaker->chains[i], words[i + 1], i))
			exit(EXIT_USAGE);
}

static void open_all(struct soaker *soaker)
{
	soaker->exchanges = calloc(soaker->total, sizeof *soaker->exchanges);
	soaker->clients_log = open(
	    "clients.err", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (soaker->exchanges == NULL || soaker->clients_log < 0)
		err(1, "clients.err");
	for (int i = 0; i < soaker->choice.chains; i++)
		if (!chain_start(&soaker->chains[i], soaker->vcat))
			exit(1);
}

static void close_all(struct soaker *soaker)
{
	for (int i = 0; i < soaker->choice.chains; i++)
		soaker->failures += chain_stop(&soaker->chains[i]);
	close(soaker->clients_log);
	free(soaker->exchanges);
}

int main(int argc, char **argv)
{
	static struct soaker soaker = {
		.total = 1000,
		.at_once = 64,
		.choice = { .seed = 1, .per_mille = 70 },
		.limit = 30,
		.growth = 1024,
		.quiet = 2.5,
	};
	uint64_t bytes = 0;

	parse_options(&soaker, argc, argv);
	parse_words(&soaker, argc - optind, argv + optind);
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("seed %" PRIu64 "\n", soaker.choice.seed);
	open_all(&soaker);
	run(&soaker);
	close_all(&soaker);
	table_print(&soaker);
	for (int i = 0; i < soaker.choice.chains; i++)
		bytes += soaker.chains[i].forth + soaker.chains[i].back;
	printf("soak: %u connections, %" PRIu64 " bytes, %ld failures\n",
	    soaker.total, bytes, soaker.failures);
	return soaker.failures == 0 ? 0 : 1;
}
