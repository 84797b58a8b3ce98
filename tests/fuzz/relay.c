/*
 * libFuzzer: a relay, and what its two users do, in any order: write, read,
 * end, read no more, close, wait. The first bytes of the input are the kind of
 * the ends and the rules; each byte after them is something that a user does,
 * or a turn of the relay.
 *
 * What is checked: what arrives is what was sent, and all of it unless its
 * receiver left; the end is seen when it has come, and not before; the relay
 * rests when there is nothing to do, and only then; it is over when it must be;
 * and its exit status says whether something was lost. The time is not that of
 * the machine, so limits pass without waiting.
 */
#include "relay_model.h"

#include <signal.h>

/* A way of FAIR_SHARE rounds and more, and some turns to tell of an end. */
#define TURNS_MOST 200000
/* Turns in a row may bring nothing: more is a loop that burns CPU time. */
#define IDLE_TURNS 2
#define STEPS_MOST 48

static bool has_moved(const struct relay *before, const struct relay *now)
{
	return before->out.moved != now->out.moved ||
	       before->in.moved != now->in.moved ||
	       before->out.state != now->out.state ||
	       before->in.state != now->in.state || before->state != now->state;
}

static void note_times(struct rig *rig, uint64_t moved)
{
	const struct flow *out = &rig->relay.out;

	if (out->moved + rig->relay.in.moved != moved)
		rig->moved_at = rig_clock;
	if (rig->ended_at < 0 &&
	    (out->stop == FLOW_STOP_END || out->stop == FLOW_STOP_ERROR))
		rig->ended_at = rig_clock;
	if (rig->done_at < 0 && out->state == FLOW_DONE)
		rig->done_at = rig_clock;
}

/* Runs the relay once if there is a reason to. Returns whether there was. */
static bool turn(struct rig *rig)
{
	struct relay *relay = &rig->relay;
	struct relay before = *relay;
	bool due = deadline_passed(relay_deadline(relay));
	struct pollfd fds[RELAY_FDS];
	int ready;

	if (relay->state != RELAY_RUNNING)
		return false;
	relay_interest(relay, fds);
	do { /* libFuzzer has a timer */
		ready = poll(fds, RELAY_FDS, 0);
	} while (ready < 0 && errno == EINTR);
	if (ready == 0 && !due)
		return false;
	relay_advance(relay, fds);
	note_times(rig, before.out.moved + before.in.moved);
	model_check_time(rig);
	rig->idle_turns =
	    due || has_moved(&before, relay) ? 0 : rig->idle_turns + 1;
	must(rig->idle_turns <= IDLE_TURNS, "turns in which nothing happens");
	return true;
}

/* Runs the relay until it rests. */
static void rest(struct rig *rig)
{
	int turns = 0;

	while (turn(rig))
		must(++turns < TURNS_MOST, "it does not come to rest");
	model_check_time(rig);
}

/* Runs the relay and reads all that comes, until nothing more comes. */
static void settle(struct rig *rig)
{
	bool more = true;

	while (more) {
		rest(rig);
		more = rig_read(rig, &rig->near, SENT_MAX);
		more = rig_read(rig, &rig->far, SENT_MAX) || more;
	}
	model_check_still(rig);
	model_check_settled(rig);
}

/* Lets the time pass: up to what the relay waits for, or for a while. */
static void pass(struct rig *rig, unsigned number)
{
	static const int64_t whiles[] = { SECOND / 10, SECOND, 5 * SECOND };
	struct deadline until = relay_deadline(&rig->relay);

	if (number % 4 > 0)
		rig_clock += whiles[number % 4 - 1];
	else if (!deadline_is_never(until) && until.at > rig_clock)
		rig_clock = until.at;
}

/* Nothing fails where bytes do not pass through read and write. */
static void harm(struct rig *rig, struct side *side, unsigned number)
{
	if (number % 4 == 0)
		rig_go_deaf(rig, side);
	else if (number % 4 == 1)
		rig_close(rig, side);
	else if (number % 4 == 2 && rig->rules.pipes == NULL)
		side->jammed = true;
	else if (rig->rules.pipes == NULL && !side->said_end) {
		side->fails = true;
		rig_end(rig, side);
	}
}

/* How many bytes: few beside the buffer, or so many that it takes turns. */
static size_t amount(const struct rig *rig, unsigned number)
{
	static const unsigned parts[] = { 0, 1, 5, 18 };
	size_t buffer = rig->rules.buffer;
	size_t n = parts[number % 4] == 0 ? 1 : buffer * parts[number % 4] + 3;

	return n < 70000 ? n : 70000;
}

static void step(struct rig *rig, unsigned byte)
{
	struct side *side = (byte & 1) != 0 ? &rig->far : &rig->near;
	size_t n = amount(rig, byte >> 4);

	switch (byte >> 1 & 7) {
	case 0:
		rig_write(rig, side, n);
		break;
	case 1:
		rig_read(rig, side, n);
		break;
	case 2:
		rig_end(rig, side);
		break;
	case 3:
		harm(rig, side, byte >> 4);
		break;
	case 4:
		turn(rig);
		break;
	case 5:
		rest(rig);
		model_check_still(rig);
		break;
	case 6:
		settle(rig);
		break;
	default:
		pass(rig, byte >> 4);
		turn(rig);
		break;
	}
}

static struct relay_rules rules_of(unsigned first, unsigned second)
{
	static struct splice_pool pipes;
	static const size_t buffers[] = { 1, 3, 16, 100, 1000, 4096, 5000,
		70000 };
	static const double quits[] = { -1, -1, 0, 1.5 };
	enum relay_way ways[] = { RELAY_BOTH, RELAY_BOTH, RELAY_SEND_ONLY,
		RELAY_RECV_ONLY };

	return (struct relay_rules){
		.way = ways[first & 3],
		.strict = (first & 4) != 0,
		.end_with_far = (first & 8) != 0,
		.buffer = buffers[second & 7],
		.idle = (second & 8) != 0 ? 1 : 0,
		.quit_after = quits[second >> 4 & 3],
		.pipes = (second & 0x80) != 0 ? &pipes : NULL,
	};
}

static void open_rig(struct rig *rig, unsigned first, unsigned second)
{
	bool small = (first & 0x80) != 0;
	bool other = (second & 0x80) != 0;

	*rig = (struct rig){
		.rules = rules_of(first, second), .ended_at = -1, .done_at = -1
	};
	rig->near = (first & 0x10) != 0
			? rig_socket(small)
			: rig_pipes(small, (second & 0x40) != 0, other);
	rig->far = rig_socket(small);
	if ((first & 0x20) != 0)
		rig->far.stream.ending = STREAM_KEEP;
	if ((first & 0x40) != 0 && !rig->near.socket)
		rig->near.stream.ending = STREAM_KEEP;
	rig_clock = SECOND;
	rig->moved_at = rig_clock;
	if (rig->rules.way == RELAY_RECV_ONLY)
		rig->done_at = rig_clock;
	relay_init(
	    &rig->relay, &rig->near.stream, &rig->far.stream, &rig->rules);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct fuzz fuzz = { data, size < STEPS_MOST ? size : STEPS_MOST };
	unsigned first = fuzz_byte(&fuzz);
	unsigned second = fuzz_byte(&fuzz);
	static struct rig rig;

	open_rig(&rig, first, second);
	while (fuzz.left > 0 && rig.relay.state == RELAY_RUNNING)
		step(&rig, fuzz_byte(&fuzz));
	rig_end(&rig, &rig.near);
	rig_end(&rig, &rig.far);
	settle(&rig);
	must(rig.relay.state != RELAY_RUNNING, "it is not over");
	model_check_end(&rig);
	rig_free(&rig);
	if (rig.rules.pipes != NULL)
		must(rig.rules.pipes->made == rig.rules.pipes->idles,
		    "a pipe is not given back");
	return 0;
}
