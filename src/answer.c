#include "answer.h"

#include <stdlib.h>

#include "loop.h"

static struct stream *make(struct connection_maker *maker, int far)
{
	struct answer *answer = loop_owner(maker, struct answer, maker);
	const struct measure_hello ours = { .relay = answer->relay };
	struct gauge *gauge = malloc(sizeof *gauge);

	if (gauge == NULL)
		return NULL;
	if (gauge_open(gauge, &answer->gauges, &ours, far) == 0)
		return &gauge->stream;
	free(gauge);
	return NULL;
}

static void unmake(struct connection_maker *maker, struct stream *near)
{
	struct gauge *gauge = loop_owner(near, struct gauge, stream);

	(void)maker;
	gauge_close(gauge);
	free(gauge);
}

void answer_begin(struct answer *answer, const struct options *options,
    struct connections *all)
{
	if (options->echo) {
		greeting_write(answer->greeting, GREETING_ECHO);
		all->greeting = answer->greeting;
		return;
	}
	answer->relay = options->buffer;
	answer->maker = (struct connection_maker){ make, unmake };
	gauge_prepare(&answer->gauges);
	all->maker = &answer->maker;
}

void answer_end(struct answer *answer)
{
	gauge_forget(&answer->gauges);
}
