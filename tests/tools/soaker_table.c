/* What a soak prints at its end. */
#include <inttypes.h>
#include <stdio.h>

#include "soaker.h"

/* vcat keeps some pipes for later. */
enum { PIPES_MOST = 48 };

#define MIB (1024.0 * 1024.0)

static void print_chains(const struct soaker *soaker)
{
	printf("%-28s %11s %7s %7s %9s %10s %10s %9s\n", "chain", "connections",
	    "whole", "cut", "disturbed", "forth MiB", "back MiB", "mean ms");
	for (int i = 0; i < soaker->choice.chains; i++) {
		const struct soaker_chain *chain = &soaker->chains[i];
		double mean = chain->connections > 0
				  ? chain->seconds / (double)chain->connections
				  : 0;

		printf("%-28s %11ld %7ld %7ld %9ld %10.1f %10.1f %9.1f\n",
		    chain->name, chain->connections, chain->whole, chain->cut,
		    chain->disturbed, (double)chain->forth / MIB,
		    (double)chain->back / MIB, mean * 1e3);
	}
}

static void print_tally(const char *name, const struct soaker_tally *tally)
{
	printf("%-32s %7ld %7ld %7ld\n", name, tally->connections, tally->whole,
	    tally->cut);
}

static void print_plans(const struct soaker *soaker)
{
	printf("%-28s %11s %7s %7s\n", "plan", "connections", "whole", "cut");
	for (int i = 0; i < SOAKER_ORDERS; i++)
		print_tally(plan_orders[i], &soaker->orders[i]);
	for (int i = 0; i < SOAKER_ENDINGS; i++)
		print_tally(plan_endings[i], &soaker->endings[i]);
	print_tally("of these, by a vcat with pipes", &soaker->processes);
}

static void print_change(long before, long after)
{
	printf("  %6ld -> %-6ld", before, after);
}

static void print_members(const struct soaker *soaker)
{
	printf("%-28s %8s  %-16s  %-16s  %-16s  %s\n", "vcat", "restarts",
	    "     descriptors", "           pipes", "     RssAnon KiB",
	    "children");
	for (int i = 0; i < soaker->choice.chains; i++)
		for (int j = 0; j < soaker->chains[i].length; j++) {
			const struct soaker_member *m =
			    &soaker->chains[i].members[j];

			printf("%-26s %d %8d", soaker->chains[i].name, j + 1,
			    m->restarts);
			print_change(
			    m->before.descriptors, m->after.descriptors);
			print_change(m->before.pipes, m->after.pipes);
			print_change(m->before.rss, m->after.rss);
			printf("  %d\n", m->after.children);
		}
}

void table_print(const struct soaker *soaker)
{
	print_chains(soaker);
	print_plans(soaker);
	print_members(soaker);
	printf("%u connections in %.1f s: %.0f a second, %d at once; %ld vcats "
	       "killed and started again; %ld ends without a header\n",
	    soaker->total, soaker->took, (double)soaker->total / soaker->took,
	    soaker->at_once, soaker->kills, soaker->nameless);
}

static const char *excess(
    const struct soaker *soaker, const struct soaker_member *member)
{
	const struct soaker_look *before = &member->before;
	const struct soaker_look *after = &member->after;

	if (after->descriptors != before->descriptors)
		return "other descriptors";
	if (after->pipes > PIPES_MOST)
		return "too many pipes";
	if (after->rss < 0 || after->rss > before->rss + soaker->growth)
		return "more memory";
	return after->children != 0 ? "children" : NULL;
}

bool table_is_as_before(struct soaker *soaker, bool say)
{
	bool same = true;

	for (int i = 0; i < soaker->choice.chains; i++)
		for (int j = 0; j < soaker->chains[i].length; j++) {
			struct soaker_member *m = &soaker->chains[i].members[j];
			const char *why;

			chain_look(m, &m->after);
			why = excess(soaker, m);
			if (why == NULL)
				continue;
			same = false;
			if (say)
				soaker_fail(soaker, "%s: vcat %d has %s",
				    soaker->chains[i].name, j + 1, why);
		}
	return same;
}
