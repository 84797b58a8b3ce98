/*
 * courier: one end of a verified transfer, after vcat-frames(5), that does what
 * its command line says, right or wrong.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "courier.h"
#include "place.h"
#include "timing.h"

enum { EXIT_USAGE = 2, EXIT_TIME = 124, LIFE = 110, MANNERS = 10 };

static void usage(FILE *out)
{
	const struct courier_verb *verb;

	fputs("usage: courier connect|listen ADDR VERB...\n"
	      "ADDR is unix:PATH or tcp:ADDRESS:PORT; connect waits for it. It "
	      "prints the\nframes that it waits for, and fails if another "
	      "comes. Verbs:\n  repeat N VERB...: N turns; 0: until the peer "
	      "takes no more\n",
	    out);
	for (verb = courier_says; verb->name != NULL; verb++)
		fprintf(out, "  %s %s\n", verb->name, verb->help);
	for (verb = courier_waits; verb->name != NULL; verb++)
		fprintf(out, "  %s %s\n", verb->name, verb->help);
}

static void fail_usage(const char *what)
{
	fprintf(stderr, "courier: bad word: %s (-h lists them)\n", what);
	exit(EXIT_USAGE);
}

uint64_t courier_number(const struct courier *c, const char *operand)
{
	char *end;
	uint64_t number;

	if (strcmp(operand, "%") == 0)
		return c->turn;
	if (strcmp(operand, "last") == 0)
		return c->entries - 1;
	number = strtoull(operand, &end, 0);
	if (*operand == '\0' || *end != '\0')
		fail_usage(operand);
	return number;
}

struct bytes courier_text(const struct courier *c, const char *operand)
{
	struct bytes text = { 0 };
	char turn[24];
	unsigned int byte;

	snprintf(turn, sizeof(turn), "%llu", (unsigned long long)c->turn);
	while (*operand != '\0') {
		if (sscanf(operand, "\\x%2x", &byte) == 1) {
			bytes_add(
			    &text, &(unsigned char){ (unsigned char)byte }, 1);
			operand += 4;
		} else if (operand[0] == '%' && operand[1] != '%') {
			bytes_add(&text, turn, strlen(turn));
			operand++;
		} else {
			bytes_add(&text, operand, 1);
			operand += operand[0] == '%' ? 2 : 1;
		}
	}
	return text;
}

static const struct courier_verb *find(const char *name)
{
	const struct courier_verb *verb;

	for (verb = courier_says; verb->name != NULL; verb++)
		if (strcmp(verb->name, name) == 0)
			return verb;
	for (verb = courier_waits; verb->name != NULL; verb++)
		if (strcmp(verb->name, name) == 0)
			return verb;
	fail_usage(name);
	return NULL;
}

/* One verb of the script, with its operands. */
struct step {
	const struct courier_verb *verb;
	char **operands;
	uint64_t turns;
};

/* Reads the next step. Returns the words after it; exits if it is none. */
static char **step_read(struct step *step, char **words)
{
	static const struct courier none;
	int i;

	step->turns = 1;
	if (strcmp(*words, "repeat") == 0 && words[1] != NULL &&
	    words[2] != NULL) {
		step->turns = courier_number(&none, words[1]);
		words += 2;
	}
	step->verb = find(*words++);
	step->operands = words;
	for (i = 0; i < step->verb->operands; i++)
		if (words[i] == NULL)
			fail_usage(step->verb->name);
	return words + i;
}

static void check(char **words)
{
	struct step step;

	while (*words != NULL)
		words = step_read(&step, words);
}

static bool turns(struct courier *c, const struct step *step)
{
	double end = timing_now() + 2 * c->patience;
	uint64_t count = step->turns;

	for (c->turn = 0; count == 0 || c->turn < count; c->turn++) {
		if (!step->verb->run(c, step->operands))
			return false;
		if (c->deaf)
			break;
		if (count == 0 && timing_now() > end) {
			fputs("courier: the peer takes it for ever\n", stderr);
			return false;
		}
	}
	c->turn = 0;
	return true;
}

static bool perform(struct courier *c, char **words)
{
	struct step step;

	while (*words != NULL) {
		words = step_read(&step, words);
		if (!turns(c, &step)) {
			fprintf(stderr, "courier: at: %s %s\n", step.verb->name,
			    step.verb->operands > 0 ? step.operands[0] : "");
			return false;
		}
	}
	return true;
}

/* Tries again until somebody listens. */
static int dial(const union place *place)
{
	double end = timing_now() + MANNERS;
	int fd;

	while ((fd = place_connect(place, SOCK_STREAM, VMADDR_PORT_ANY)) < 0 &&
	       timing_now() < end)
		timing_pause(0.01);
	return fd;
}

static int take_one(const union place *place)
{
	int listener = place_listen(place, SOCK_STREAM), fd;

	if (listener < 0)
		return -1;
	fd = accept(listener, NULL, NULL);
	close(listener);
	place_forget(place);
	return fd;
}

static void out_of_time(int number)
{
	(void)number;
	_exit(EXIT_TIME);
}

int main(int argc, char **argv)
{
	struct courier c = { .fd = -1, .patience = MANNERS };
	union place place;
	bool done;

	if (argc < 3 || !place_parse(argv[2], &place)) {
		usage(argc == 2 ? stdout : stderr);
		return EXIT_USAGE;
	}
	check(argv + 3);
	signal(SIGPIPE, SIG_IGN);
	timing_limit(LIFE, out_of_time);
	c.facts.mode = 0644;
	if (strcmp(argv[1], "connect") == 0)
		c.fd = dial(&place);
	else if (strcmp(argv[1], "listen") == 0)
		c.fd = take_one(&place);
	else
		fail_usage(argv[1]);
	if (c.fd < 0) {
		perror("courier");
		return EXIT_FAILURE;
	}
	done = perform(&c, argv + 3);
	free(c.inbox.data);
	return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
