/*
 * A flow from a pipe to a pipe, advanced by hand, and the pipes' other ends:
 *
 *	source -> from   flow   to -> sink
 */
#ifndef VCAT_TEST_LINE_H
#define VCAT_TEST_LINE_H

#include "ends.h"
#include "flow.h"
#include "test.h"

#define LINE_SIZE 4096

struct line {
	struct stream from, to;
	struct flow flow;
	int source, sink;
};

static inline struct stream line_stream(int in, int out)
{
	return (struct stream){
		.kind = &stream_plain,
		.in.fd = in,
		.out.fd = out,
		.ending = STREAM_CLOSE,
	};
}

static inline void line_open(struct line *line)
{
	int in[2];
	int out[2];

	ends_pipe(in, 0);
	ends_pipe(out, 1);
	line->from = line_stream(in[0], -1);
	line->to = line_stream(-1, out[1]);
	line->source = in[1];
	line->sink = out[0];
	flow_init(&line->flow, &line->from, &line->to, LINE_SIZE);
}

static inline void line_end(struct line *line)
{
	if (line->source >= 0)
		close(line->source);
	line->source = -1;
}

static inline void line_close(struct line *line)
{
	flow_free(&line->flow);
	if (line->from.in.fd >= 0)
		close(line->from.in.fd);
	if (line->to.out.fd >= 0)
		close(line->to.out.fd);
	line_end(line);
	close(line->sink);
}

/* As if poll(2) had found both descriptors ready, and the end may pass. */
static inline void line_advance(struct line *line)
{
	line->flow.readable = true;
	line->flow.writable = true;
	flow_advance(&line->flow);
	flow_finish(&line->flow);
}

#endif
