/*
 * Servers that make their connections: when the next one is due. Nothing waits
 * here: the door of a server says until when it is shut.
 */
#include "server.h"

#include "deadline.h"
#include "test.h"

#define LASTING_NS 11000000000

struct caller {
	struct loop loop;
	struct room room;
	struct server server;
	int calls, changes;
};

static void count_call(struct server *server)
{
	loop_owner(server, struct caller, server)->calls++;
}

static void count_change(struct server *server)
{
	loop_owner(server, struct caller, server)->changes++;
}

static void open_caller(struct caller *caller)
{
	*caller = (struct caller){
		.server = {
			.reader = -1,
			.loop = &caller->loop,
			.listener.fd = -1,
			.room = &caller->room,
			.most = 1,
			.call = count_call,
			.changed = count_change,
		},
	};
	CHECK_INT(loop_init(&caller->loop), 0);
	room_open(&caller->room, 10, 1);
	server_begin(&caller->server);
}

/* It is time. */
static void ring(struct caller *caller)
{
	caller->server.door.run(&caller->server.door);
}

/* How long the door is shut, in tenths of a second, rounded up. */
static int shut(const struct caller *caller)
{
	double seconds =
	    (double)(caller->server.door.wake.at - deadline_now()) / 1e9;

	return (int)(seconds * 10 + 0.999);
}

/* One that is open for so long, or never. Returns how long it is shut then. */
static int serve(struct caller *caller, int64_t lasting)
{
	ring(caller);
	if (lasting >= 0) {
		server_note_open(&caller->server);
		caller->server.opened -= lasting;
	}
	server_note_end(&caller->server, lasting < 0);
	return shut(caller);
}

static void test_first(void)
{
	struct caller caller;

	open_caller(&caller);
	CHECK(deadline_passed(caller.server.door.wake));
	CHECK_INT(caller.calls, 0);
	ring(&caller);
	CHECK_INT(caller.calls, 1);
	CHECK_INT(caller.server.running, 1);
	CHECK(deadline_is_never(caller.server.door.wake));
	/* one at a time */
	ring(&caller);
	CHECK_INT(caller.calls, 1);
	loop_free(&caller.loop);
}

static void test_pauses(void)
{
	static const int pauses[] = { 1, 2, 4, 8, 16, 32, 64, 100, 100, 100 };
	struct caller caller;

	for (int64_t lasting = -1; lasting <= 0; lasting++) {
		open_caller(&caller);
		for (size_t i = 0; i < LENGTH(pauses); i++)
			CHECK_INT(serve(&caller, lasting), pauses[i]);
		CHECK_INT(caller.calls, LENGTH(pauses));
		CHECK_INT(
		    caller.server.failed, lasting < 0 ? LENGTH(pauses) : 0);
		/* one that has lasted */
		CHECK_INT(serve(&caller, LASTING_NS), 1);
		CHECK_INT(serve(&caller, -1), 2);
		loop_free(&caller.loop);
	}
}

static void test_closed(void)
{
	struct caller caller;

	open_caller(&caller);
	ring(&caller);
	server_close(&caller.server);
	server_note_end(&caller.server, false);
	CHECK(deadline_is_never(caller.server.door.wake));
	ring(&caller);
	CHECK_INT(caller.calls, 1);
	/* nor is it opened by room */
	server_reopen(&caller.server);
	CHECK(deadline_is_never(caller.server.door.wake));
	loop_free(&caller.loop);
}

static void test_full(void)
{
	struct caller caller;
	int others = 0;

	open_caller(&caller);
	while (caller.room.taken < 10)
		room_enter(&caller.room, &others);
	ring(&caller);
	CHECK_INT(caller.calls, 0);
	CHECK(caller.room.refused);
	room_leave(&caller.room, &others);
	server_reopen(&caller.server);
	CHECK(deadline_passed(caller.server.door.wake));
	ring(&caller);
	CHECK_INT(caller.calls, 1);
	loop_free(&caller.loop);
}

static const struct test tests[] = {
	{ "server: the first connection is made at once", test_first },
	{ "server: pauses grow to ten seconds, until one has lasted",
	    test_pauses },
	{ "server: what is closed makes no more", test_closed },
	{ "server: a connection is made when there is room", test_full },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
