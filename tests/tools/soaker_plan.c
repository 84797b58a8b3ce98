#include "soaker_plan.h"

#include "prng.h"

const char *const plan_orders[SOAKER_ORDERS] = {
	[SOAKER_BOTH] = "both at once",
	[SOAKER_QUESTION] = "answer after the question's end",
	[SOAKER_ANSWER] = "question after the answer's end",
	[SOAKER_ONE_WAY] = "one way, then close",
};

const char *const plan_endings[SOAKER_ENDINGS] = {
	[SOAKER_CLEAN] = "clean",
	[SOAKER_CLIENT_CLOSES] = "client closes early",
	[SOAKER_SERVER_CLOSES] = "server closes early",
	[SOAKER_CLIENT_RESETS] = "client resets",
	[SOAKER_SERVER_RESETS] = "server resets",
	[SOAKER_CLIENT_KILLED] = "client killed",
};

static uint64_t draw(struct prng *prng)
{
	uint64_t word;

	prng_fill(prng, &word, sizeof word);
	return word;
}

static uint64_t below(struct prng *prng, uint64_t limit)
{
	uint64_t word = draw(prng);

	return limit > 0 ? word % limit : 0;
}

static void begin(struct prng *prng, uint64_t seed, uint32_t number)
{
	prng_init(prng, (seed << 32) ^ number);
}

uint64_t plan_below(uint64_t limit, uint64_t seed, uint32_t number)
{
	struct prng prng;

	begin(&prng, ~seed, number);
	return below(&prng, limit);
}

/* Small ones mostly; the largest do not fit into a vcat's buffer. */
static uint64_t draw_bytes(struct prng *prng)
{
	uint64_t kind = below(prng, 100);

	if (kind < 8)
		return 0;
	if (kind < 40)
		return 1 + below(prng, 100);
	if (kind < 70)
		return 1 + below(prng, 4096);
	if (kind < 92)
		return 1 + below(prng, 65536);
	return 1 + below(prng, kind < 99 ? 256 * 1024 : 2 * 1024 * 1024);
}

/* Tiny ones, too, but no more than some hundred of them. */
static size_t draw_piece(struct prng *prng, uint64_t bytes)
{
	static const size_t most[] = { 16, 1500, 16384, SOAKER_PIECE };
	size_t least = (size_t)(bytes / 200);
	size_t piece = 1 + (size_t)below(prng, most[below(prng, 4)]);

	return piece > least ? piece : least;
}

static void draw_way(struct prng *prng, struct soaker_way *way)
{
	uint64_t slow = below(prng, 100);

	way->seed = draw(prng);
	way->bytes = draw_bytes(prng);
	way->chunk = draw_piece(prng, way->bytes);
	way->gulp = draw_piece(prng, way->bytes);
	way->pauses = slow < 20 ? 1 + (int)below(prng, 4) : 0;
	way->pause = (double)below(prng, 10000) / 1e6;
	way->late = 0;
	if (slow >= 20 && slow < 30)
		way->late = (double)below(prng, 100000) / 1e6;
	if (slow == 99)
		way->late = (double)below(prng, 1000000) / 1e6;
}

static enum soaker_order draw_order(struct prng *prng)
{
	uint64_t kind = below(prng, 100);

	if (kind < 40)
		return SOAKER_BOTH;
	if (kind < 65)
		return SOAKER_QUESTION;
	return kind < 85 ? SOAKER_ANSWER : SOAKER_ONE_WAY;
}

/* A process cannot reset, but it can be killed. */
static enum soaker_ending draw_ending(struct prng *prng, bool process)
{
	uint64_t kind = below(prng, 100);

	if (kind < 64)
		return SOAKER_CLEAN;
	if (kind < 74)
		return SOAKER_CLIENT_CLOSES;
	if (kind < 84)
		return SOAKER_SERVER_CLOSES;
	if (kind < 92)
		return SOAKER_SERVER_RESETS;
	return process ? SOAKER_CLIENT_KILLED : SOAKER_CLIENT_RESETS;
}

void plan_draw(struct soaker_plan *plan, const struct soaker_choice *choice,
    uint32_t number)
{
	struct prng prng;

	begin(&prng, choice->seed, number);
	plan->chain = (int)below(&prng, (uint64_t)choice->chains);
	plan->process = below(&prng, 1000) < (uint64_t)choice->per_mille;
	plan->order = draw_order(&prng);
	plan->ending = draw_ending(&prng, plan->process);
	draw_way(&prng, &plan->forth);
	draw_way(&prng, &plan->back);
	if (plan->order == SOAKER_ONE_WAY)
		plan->back.bytes = 0;
	plan->leave_at = below(
	    &prng, SOAKER_HEADER + plan->forth.bytes + plan->back.bytes + 1);
}
