/*
 * Two ends of a verified stream, each in a thread, with its stdin and stdout,
 * and the users of both.
 */
#ifndef VCAT_TEST_PAIR_H
#define VCAT_TEST_PAIR_H

#include "verified.h"

#include "talk.h"

/* One end, run in a thread. */
struct side {
	struct channel channel;
	struct stream stdio;
	struct verified_rules rules;
	bool complete;
	int keyboard, screen; /* the test's */
	pthread_t thread;
};

/* Both, connected to each other. */
struct pair {
	struct side near, far;
};

static const struct address pair_peer = { .kind = ADDRESS_UNIX,
	.path = "peer" };

/* Its stdin and stdout are pipes, which block or do not. */
static inline void pair_open_side(struct side *side, int fd, bool blocks)
{
	int in[2];
	int out[2];

	ends_nonblocking(fd);
	ends_must(pipe(in), "pipe");
	ends_must(pipe(out), "pipe");
	if (!blocks) {
		ends_nonblocking(in[0]);
		ends_nonblocking(out[1]);
	}
	*side = (struct side){
		.channel = { .fd = fd, .peer = &pair_peer },
		.stdio = { .kind = &stream_plain,
		    .in = { .fd = in[0], .blocks = blocks },
		    .out = { .fd = out[1], .blocks = blocks },
		    .ending = STREAM_CLOSE },
		.rules = { .reads = true, .writes = true },
		.keyboard = in[1],
		.screen = out[0],
	};
	ends_must(channel_open(&side->channel), "channel");
}

static inline void pair_open(struct pair *pair, bool blocks)
{
	int fd[2];

	if (talk_messages < 0)
		talk_listen();
	ends_sockets(SOCK_STREAM, fd);
	pair_open_side(&pair->near, fd[0], blocks);
	pair_open_side(&pair->far, fd[1], blocks);
}

static inline void *pair_run_side(void *arg)
{
	struct side *side = arg;

	side->complete =
	    verified_run(&side->channel, &side->stdio, &side->rules);
	close(side->channel.fd);
	return NULL;
}

static inline void pair_start_side(struct side *side)
{
	errno = pthread_create(&side->thread, NULL, pair_run_side, side);
	ends_must(errno == 0 ? 0 : -1, "pthread_create");
}

static inline void pair_start(struct pair *pair)
{
	pair_start_side(&pair->near);
	pair_start_side(&pair->far);
}

static inline void pair_end_side(struct side *side)
{
	pthread_join(side->thread, NULL);
	channel_close(&side->channel);
	close(side->stdio.in.fd);
	close(side->screen);
}

/* Ends both, and checks that both have come to their end. */
#define CHECK_COMPLETE(pair)                                                   \
	do {                                                                   \
		pair_end_side(&(pair)->near);                                  \
		pair_end_side(&(pair)->far);                                   \
		CHECK((pair)->near.complete);                                  \
		CHECK((pair)->far.complete);                                   \
		CHECK_STR(talk_said(), "");                                    \
		CHECK_INT((pair)->near.channel.status, STATUS_OK);             \
	} while (0)

/* Types that many bytes of that pattern, and then the end. */
static inline void *pair_type(void *arg)
{
	struct pump *pump = arg;

	pump_write(pump);
	close(pump->fd);
	return NULL;
}

/* The four threads of two users: what each types, the other reads. */
struct users {
	struct pump types[2], reads[2];
};

static inline void pair_start_users(
    struct users *users, struct pair *pair, size_t bytes)
{
	*users = (struct users){
		.types = { { .fd = pair->near.keyboard,
			       .seed = 1,
			       .bytes = bytes },
		    { .fd = pair->far.keyboard, .seed = 2, .bytes = bytes } },
		.reads = { { .fd = pair->near.screen, .seed = 2 },
		    { .fd = pair->far.screen, .seed = 1 } },
	};
	for (int i = 0; i < 2; i++) {
		pump_start(&users->types[i], pair_type);
		pump_start(&users->reads[i], pump_read);
	}
}

static inline void pair_join_users(struct users *users, size_t bytes)
{
	for (int i = 0; i < 2; i++) {
		pump_join(&users->types[i]);
		pump_join(&users->reads[i]);
		CHECK_PUMPED(users->reads[i], bytes);
	}
}

#endif
