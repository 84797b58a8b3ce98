/* One connection, from its client's start to the verdict on both its ends. */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "soaker.h"

extern char **environ;

/* A vcat says 1 or 3 of a connection that failed. */
enum { MOST_STATUS = 3 };

static void write_header(
    const struct soaker *soaker, uint32_t number, unsigned char *header)
{
	uint32_t words[] = { htonl((uint32_t)soaker->choice.seed),
		htonl(number) };

	memcpy(header, words, SOAKER_HEADER);
}

static void spawn(
    const struct soaker *soaker, struct soaker_end *end, const char *address)
{
	char *words[] = { (char *)soaker->vcat, "--shutdown", (char *)address,
		NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t pipe_signal;
	int in[2], out[2], error;

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		err(1, "pipe");
	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigdefault(&attributes, &pipe_signal);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(
	    &actions, soaker->clients_log, STDERR_FILENO);
	error = posix_spawn(
	    &end->pid, words[0], &actions, &attributes, words, environ);
	if (error != 0)
		errc(1, error, "%s", words[0]);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	close(in[0]);
	close(out[1]);
	fcntl(in[1], F_SETFL, O_NONBLOCK);
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	end->in = out[0];
	end->out = in[1];
}

void exchange_begin(struct soaker *soaker, double now)
{
	uint32_t number = soaker->next++;
	struct soaker_exchange *exchange = &soaker->exchanges[number];
	struct soaker_chain *chain;
	unsigned char header[SOAKER_HEADER];
	struct soaker_end *end;

	exchange->number = number;
	plan_draw(&exchange->plan, &soaker->choice, number);
	write_header(soaker, number, header);
	chain = &soaker->chains[exchange->plan.chain];
	end = end_client(exchange, header, now);
	if (end == NULL)
		err(1, "memory");
	exchange->client = end;
	LIST_INSERT_HEAD(&soaker->ends, end, next);
	soaker->live++;
	if (exchange->plan.process)
		spawn(soaker, end, chain->points[0].dials);
	else
		end_connect(end, &chain->entry);
}

void exchange_accept(struct soaker *soaker, int chain, double now)
{
	struct soaker_end *end;
	int fd;

	while ((fd = accept4(soaker->chains[chain].listener, NULL, NULL,
		    SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		end = end_server(fd, chain, now);
		if (end == NULL)
			err(1, "memory");
		LIST_INSERT_HEAD(&soaker->ends, end, next);
	}
	if (errno != EAGAIN && errno != ECONNABORTED)
		err(1, "accept");
}

/* Whether its header says which connection it is. */
static bool find_exchange(struct soaker *soaker, struct soaker_end *end)
{
	struct soaker_exchange *exchange;
	uint32_t words[2];

	memcpy(words, end->header, sizeof words);
	if (ntohl(words[0]) != (uint32_t)soaker->choice.seed ||
	    ntohl(words[1]) >= soaker->next)
		return false;
	exchange = &soaker->exchanges[ntohl(words[1])];
	if (exchange->server_came || exchange->plan.chain != end->chain)
		return false;
	exchange->server = end;
	exchange->server_came = true;
	end_attach(end, exchange);
	return true;
}

/* It may be told nothing, and need not see everything. */
static bool may_break(const struct soaker_exchange *exchange)
{
	return exchange->disturbed || exchange->plan.ending != SOAKER_CLEAN;
}

static uint64_t to_receive(const struct soaker_end *end)
{
	const struct soaker_plan *plan = &end->exchange->plan;

	return end->server ? SOAKER_HEADER + plan->forth.bytes
			   : plan->back.bytes;
}

static bool is_whole(const struct soaker_end *end)
{
	return end != NULL && !end->left && end->in_error == 0 &&
	       end->out_error == 0 && end->sent == end->total &&
	       end->received == to_receive(end) && end->status == 0;
}

/* It was reset, and has seen a stream that came to its end. */
static bool hides_reset(
    const struct soaker *soaker, const struct soaker_end *end)
{
	const struct soaker_exchange *exchange = end->exchange;
	enum soaker_ending ending = exchange->plan.ending;

	return (ending == SOAKER_CLIENT_RESETS ||
		   ending == SOAKER_SERVER_RESETS) &&
	       soaker->chains[end->chain].resets && !exchange->disturbed &&
	       !end->left && end->in_error == 0 && end->out_error == 0 &&
	       end->received < to_receive(end) && end->status == 0;
}

/* What is wrong with it, whatever its plan; NULL: nothing. */
static const char *fault_of(
    const struct soaker *soaker, const struct soaker_end *end)
{
	if (end == NULL)
		return NULL;
	if (end->why != NULL)
		return end->why;
	if (WIFEXITED(end->status) && WEXITSTATUS(end->status) > MOST_STATUS)
		return "a vcat ended with a status of its own";
	if (WIFSIGNALED(end->status) &&
	    (WTERMSIG(end->status) != SIGKILL || !end->left))
		return "a vcat was ended by a signal";
	if (hides_reset(soaker, end))
		return "a reset looked like an end";
	return NULL;
}

static void describe(const char *name, const struct soaker_end *end)
{
	if (end == NULL) {
		fprintf(stderr, "  %s: not there\n", name);
		return;
	}
	fprintf(stderr,
	    "  %s: sent %" PRIu64 " of %" PRIu64 " (%s), received %" PRIu64
	    " of %" PRIu64 " (%s)%s%s, status %#x\n",
	    name, end->sent, end->total,
	    end->out_error != 0 ? strerror(end->out_error)
	    : end->out_over     ? "ended"
				: "open",
	    end->received, to_receive(end),
	    end->in_error != 0 ? strerror(end->in_error)
	    : end->in_over     ? "ended"
			       : "open",
	    end->left ? ", left early" : "",
	    end->state == END_OVER ? "" : ", not over",
	    (unsigned int)end->status);
}

static void complain(struct soaker *soaker,
    const struct soaker_exchange *exchange, const char *why)
{
	const struct soaker_plan *plan = &exchange->plan;

	soaker_fail(soaker, "connection %u (%s, %s, %s, by a %s%s): %s",
	    exchange->number, soaker->chains[plan->chain].name,
	    plan_orders[plan->order], plan_endings[plan->ending],
	    plan->process ? "process" : "socket",
	    exchange->disturbed ? ", disturbed" : "", why);
	describe("client", exchange->client);
	describe("server", exchange->server);
}

static void count(struct soaker_tally *tally, bool whole)
{
	tally->connections++;
	if (whole)
		tally->whole++;
	else
		tally->cut++;
}

/* Bytes that arrived. */
static void count_bytes(struct soaker *soaker, const struct soaker_end *end)
{
	struct soaker_chain *chain = &soaker->chains[end->chain];

	if (end->server)
		chain->forth += end->received;
	else
		chain->back += end->received;
}

static void drop(struct soaker *soaker, struct soaker_end *end)
{
	count_bytes(soaker, end);
	LIST_REMOVE(end, next);
	LIST_INSERT_HEAD(&soaker->gone, end, next);
	end->state = END_GONE;
}

static void judge(
    struct soaker *soaker, struct soaker_exchange *exchange, double now)
{
	const struct soaker_plan *plan = &exchange->plan;
	struct soaker_chain *chain = &soaker->chains[plan->chain];
	bool whole = is_whole(exchange->client) && is_whole(exchange->server);
	const char *why = fault_of(soaker, exchange->client);

	if (why == NULL)
		why = fault_of(soaker, exchange->server);
	if (why == NULL && !whole && !may_break(exchange))
		why = "not all arrived";
	if (why != NULL)
		complain(soaker, exchange, why);
	exchange->judged = true;
	soaker->live--;
	count(&soaker->endings[plan->ending], whole);
	count(&soaker->orders[plan->order], whole);
	if (plan->process)
		count(&soaker->processes, whole);
	chain->connections++;
	chain->whole += whole;
	chain->cut += !whole;
	chain->disturbed += exchange->disturbed;
	chain->seconds += now - exchange->client->began;
	drop(soaker, exchange->client);
	exchange->client = NULL;
	if (exchange->server != NULL)
		drop(soaker, exchange->server);
	exchange->server = NULL;
}

/* A part of a header must be of ours. */
static void end_nameless(struct soaker *soaker, struct soaker_end *end)
{
	uint32_t seed = htonl((uint32_t)soaker->choice.seed);
	size_t part = end->received < sizeof seed ? end->received : sizeof seed;

	soaker->nameless++;
	if (memcmp(end->header, &seed, part) != 0)
		soaker_fail(soaker, "%s: %zu bytes that nobody sent",
		    soaker->chains[end->chain].name, part);
	drop(soaker, end);
}

/* Its connection was judged without it, and this is the rest. */
static void end_late(struct soaker *soaker, struct soaker_end *end)
{
	struct soaker_exchange *exchange = end->exchange;

	if (fault_of(soaker, end) != NULL)
		complain(soaker, exchange, fault_of(soaker, end));
	exchange->server = NULL;
	drop(soaker, end);
}

static bool is_over(const struct soaker_end *end)
{
	return end != NULL && end->state == END_OVER;
}

static void note_over(struct soaker *soaker, struct soaker_end *end, double now)
{
	struct soaker_exchange *exchange = end->exchange;

	if (exchange == NULL)
		end_nameless(soaker, end);
	else if (exchange->judged)
		end_late(soaker, end);
	else if (is_over(exchange->client) &&
		 (is_over(exchange->server) ||
		     (!exchange->server_came && may_break(exchange))))
		judge(soaker, exchange, now);
}

/* Too late is a failure, of whoever is not over yet. */
static void note_time(struct soaker *soaker, struct soaker_end *end, double now)
{
	struct soaker_exchange *exchange = end->exchange;

	if (now - end->began < soaker->limit)
		return;
	if (exchange == NULL || exchange->judged) {
		if (exchange == NULL)
			soaker_fail(soaker, "%s: no header and no end",
			    soaker->chains[end->chain].name);
		end->why = "has not ended in time";
		end->state = END_OVER;
		note_over(soaker, end, now);
		return;
	}
	if (exchange->client->why == NULL)
		exchange->client->why = "has not ended in time";
	judge(soaker, exchange, now);
}

void exchange_advance(struct soaker *soaker, struct soaker_end *end,
    const struct pollfd fds[2], double now)
{
	if (end->state == END_QUEUING)
		end_connect(end, &soaker->chains[end->chain].entry);
	else if (end->state < END_OVER)
		end_advance(end, fds, now);
	if (end->state == END_NAMELESS && end->received == SOAKER_HEADER &&
	    !find_exchange(soaker, end)) {
		soaker_fail(soaker, "%s: a header that nobody sent",
		    soaker->chains[end->chain].name);
		drop(soaker, end);
	}
	if (end->state == END_OVER)
		note_over(soaker, end, now);
	if (end->state != END_GONE)
		note_time(soaker, end, now);
}
