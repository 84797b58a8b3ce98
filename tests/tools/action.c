#include "action.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct action *find(const char *name)
{
	const struct action *action = action_table;

	while (action->name != NULL && strcmp(action->name, name) != 0)
		action++;
	return action->name != NULL ? action : NULL;
}

bool action_parse_seconds(const char *text, double *seconds)
{
	const double longest = 1e6;
	char *end;

	*seconds = strtod(text, &end);
	return end != text && *end == '\0' && *seconds >= 0 &&
	       *seconds <= longest;
}

static bool parse_number(const char *text, uint64_t *number)
{
	const char *why;

	*number = (uint64_t)strtonum(text, 0, INT64_MAX, &why);
	return why == NULL;
}

static bool parse_operand(struct step *step, char kind, const char *word)
{
	switch (kind) {
	case 'n':
		return parse_number(word, &step->number);
	case 's':
		return action_parse_seconds(word, &step->seconds);
	case 'm':
		if (!action_parse_seconds(word, &step->seconds))
			return false;
		step->seconds /= 1000;
		return true;
	default:
		step->text = word;
		return true;
	}
}

/* Reads one action, its operands included; returns the words after it. */
static char **parse_step(char **words, struct step *step)
{
	memset(step, 0, sizeof(*step));
	if (strcmp(*words, "may-fail") == 0 && words[1] != NULL) {
		step->may_fail = true;
		words++;
	}
	step->action = find(*words);
	if (step->action == NULL) {
		fprintf(stderr, "peer: %s: unknown action\n", *words);
		return NULL;
	}
	words++;
	for (const char *kind = step->action->operands; *kind; kind++) {
		if (*words == NULL || !parse_operand(step, *kind, *words)) {
			fprintf(stderr, "peer: %s: bad operand: %s\n",
			    step->action->name, *words ? *words : "none");
			return NULL;
		}
		words++;
	}
	return words;
}

int action_parse(char **words, struct step *steps)
{
	int count = 0;

	while (*words != NULL) {
		words = parse_step(words, &steps[count++]);
		if (words == NULL)
			return -1;
	}
	return count;
}

static void complain(const struct session *s, const struct step *step)
{
	const char *why = s->why[0] != '\0' ? s->why : strerror(errno);

	fprintf(stderr, "peer: %s: %s\n", step->action->name, why);
}

bool action_run(struct session *s, const struct step *steps, int count)
{
	for (int i = 0; i < count; i++) {
		s->why[0] = '\0';
		if (steps[i].action->run(s, &steps[i]) == 0)
			continue;
		if (!steps[i].may_fail) {
			complain(s, &steps[i]);
			return false;
		}
	}
	return true;
}

void action_help(FILE *out)
{
	for (const struct action *a = action_table; a->name != NULL; a++)
		fprintf(out, "  %-14s %s\n", a->name, a->help);
	fprintf(
	    out, "  %-14s %s\n", "may-fail", "ACTION: go on even if it fails");
}
