/*
 * One end of a verified stream, with a peer by hand; its stdin and stdout are
 * pipes, whose other ends are the test's.
 */
#ifndef VCAT_TEST_VERIFIED_RIG_H
#define VCAT_TEST_VERIFIED_RIG_H

#include "verified.h"

#include "talk.h"

struct rig {
	struct talk talk;
	struct stream stdio;
	struct verified_rules rules;
	bool complete;
	int keyboard, screen; /* the test's */
	pthread_t thread;
};

static inline void open_rig(struct rig *rig)
{
	int in[2];
	int out[2];

	ends_pipe(in, 0);
	ends_pipe(out, 1);
	*rig = (struct rig){
		.stdio = { .kind = &stream_plain,
		    .in.fd = in[0],
		    .out.fd = out[1],
		    .ending = STREAM_CLOSE },
		.rules = { .reads = true, .writes = true },
		.complete = true,
		.keyboard = in[1],
		.screen = out[0],
	};
	talk_open(&rig->talk);
}

static inline void *run_rig(void *arg)
{
	struct rig *rig = arg;

	rig->complete =
	    verified_run(&rig->talk.channel, &rig->stdio, &rig->rules);
	shutdown(rig->talk.channel.fd, SHUT_RDWR);
	return NULL;
}

static inline void start(struct rig *rig)
{
	errno = pthread_create(&rig->thread, NULL, run_rig, rig);
	ends_must(errno == 0 ? 0 : -1, "pthread_create");
}

static inline void begin(struct rig *rig)
{
	open_rig(rig);
	start(rig);
}

/* Waits for its end. Returns whether it was complete. */
static inline bool end(struct rig *rig)
{
	pthread_join(rig->thread, NULL);
	if (!rig->complete)
		CHECK_INT(rig->talk.channel.status, STATUS_FAILED);
	talk_close(&rig->talk);
	return rig->complete;
}

/* The peer's END of a stream that is one block; it says that size. */
static inline void say_end_of(struct rig *rig, const char *bytes, uint64_t size)
{
	size_t length = strlen(bytes);
	struct frame_digest digest = { { 0 } };
	const struct frame frame = {
		.type = FRAME_END, .at = size, .length = sizeof digest.bytes
	};

	if (length > 0)
		frame_digest_add(&digest, 0, length, frame_hash(bytes, length));
	talk_say(&rig->talk, frame, digest.bytes);
}

static inline void say_end(struct rig *rig, const char *bytes)
{
	say_end_of(rig, bytes, strlen(bytes));
}

static inline void say_data(struct rig *rig, uint64_t at, const char *bytes)
{
	const struct frame frame = {
		.type = FRAME_DATA, .at = at, .length = (uint32_t)strlen(bytes)
	};

	talk_say(&rig->talk, frame, bytes);
}

/* All the peer sends, then its end: what is said here, and to the peer? */
static inline void refuse(struct rig *rig, const char *what)
{
	const unsigned char *payload;
	struct frame frame = { 0 };

	shutdown(rig->talk.peer, SHUT_WR);
	while (talk_hear(&rig->talk, &frame, &payload) &&
	       frame.type != FRAME_FATAL)
		CHECK(frame.type != FRAME_BYE);
	CHECK_INT(frame.type, FRAME_FATAL);
	CHECK(frame.length == strlen(what) &&
	      memcmp(payload, what, frame.length) == 0);
	CHECK(!end(rig));
	CHECK_MENTIONED(what);
	close(rig->keyboard);
	close(rig->screen);
	talk_forget();
}

#endif
