/*
 * The event loop, on socketpairs.
 */
#include "loop.h"

#include <errno.h>
#include <sys/socket.h>

#include "test.h"

struct counted {
	struct loop_task task;
	int runs;
	short revents[LOOP_FDS]; /* of the last run */
	struct loop *loop;
	struct counted *victim; /* to be taken out of the loop, when run */
};

static void run_counted(struct loop_task *task)
{
	struct counted *c = loop_owner(task, struct counted, task);

	c->runs++;
	for (int i = 0; i < LOOP_FDS; i++) {
		c->revents[i] = task->fds[i].revents;
		task->fds[i].revents = 0;
	}
	if (c->victim != NULL)
		loop_remove(c->loop, &c->victim->task);
}

static void begin(struct counted *c, struct loop *loop)
{
	*c = (struct counted){ .loop = loop };
	loop_task_init(&c->task, run_counted);
}

static void wait_for(struct counted *c, int fd, short events)
{
	c->task.fds[0] = (struct pollfd){ .fd = fd, .events = events };
	CHECK_INT(loop_update(c->loop, &c->task), 0);
}

static void open_pair(int fds[2])
{
	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
}

/* A loop with one task, and a pair of sockets for it. */
static void open_loop(struct loop *loop, struct counted *c, int fds[2])
{
	open_pair(fds);
	CHECK_INT(loop_init(loop), 0);
	begin(c, loop);
}

/* Turns until the time has come: other tasks may have theirs before. */
static void turn_for(struct loop *loop, double seconds)
{
	struct deadline end = deadline_in(seconds);

	while (!deadline_passed(end)) {
		struct counted c;

		begin(&c, loop);
		c.task.wake = end;
		CHECK_INT(loop_update(loop, &c.task), 0);
		CHECK_INT(loop_turn(loop), 0);
		loop_remove(loop, &c.task);
	}
}

static void test_readable(void)
{
	struct loop loop;
	struct counted c;
	char byte;
	int fds[2];

	open_loop(&loop, &c, fds);
	wait_for(&c, fds[0], POLLIN);
	turn_for(&loop, 0.02);
	CHECK_INT(c.runs, 0);
	CHECK_INT(write(fds[1], "x", 1), 1);
	CHECK_INT(loop_turn(&loop), 0);
	CHECK_INT(c.runs, 1);
	CHECK_INT(c.revents[0], POLLIN);
	/* as long as it is not read, it is due */
	CHECK_INT(loop_turn(&loop), 0);
	CHECK_INT(c.runs, 2);
	CHECK_INT(read(fds[0], &byte, 1), 1);
	turn_for(&loop, 0.02);
	CHECK_INT(c.runs, 2);
	loop_free(&loop);
}

/* One descriptor in two entries, as a relay's two flows have it. */
static void test_twice(void)
{
	struct loop loop;
	struct counted c;
	int fds[2];

	open_loop(&loop, &c, fds);
	c.task.fds[1] = (struct pollfd){ .fd = fds[0], .events = POLLOUT };
	c.task.fds[2] = (struct pollfd){ .fd = fds[1], .events = POLLIN };
	wait_for(&c, fds[0], POLLIN);
	CHECK_INT(loop_turn(&loop), 0);
	CHECK_INT(c.runs, 1);
	CHECK_INT(c.revents[0], 0);
	CHECK_INT(c.revents[1], POLLOUT);
	CHECK_INT(c.revents[2], 0);
	CHECK_INT(write(fds[1], "x", 1), 1);
	CHECK_INT(loop_turn(&loop), 0);
	CHECK_INT(c.revents[0], POLLIN);
	CHECK_INT(c.revents[1], POLLOUT);
	CHECK_INT(c.revents[2], 0);
	loop_free(&loop);
}

static void test_hangup(void)
{
	struct loop loop;
	struct counted c;
	int fds[2];

	open_loop(&loop, &c, fds);
	wait_for(&c, fds[0], 0);
	close(fds[1]);
	CHECK_INT(loop_turn(&loop), 0);
	CHECK_INT(c.runs, 1);
	CHECK_INT(c.revents[0], POLLHUP);
	/* of no more interest, it is not reported any more */
	wait_for(&c, -1, 0);
	turn_for(&loop, 0.02);
	CHECK_INT(c.runs, 1);
	loop_free(&loop);
}

static void test_number_reused(void)
{
	struct loop loop;
	struct counted c;
	struct counted other;
	int first[2];
	int second[2];

	open_pair(first);
	open_pair(second);
	CHECK_INT(loop_init(&loop), 0);
	begin(&c, &loop);
	begin(&other, &loop);
	wait_for(&c, first[0], POLLIN);
	/* closed, and only then told: the number is for another task */
	close(first[0]);
	wait_for(&c, -1, 0);
	CHECK_INT(dup2(second[0], first[0]), first[0]);
	wait_for(&other, first[0], POLLIN);
	CHECK_INT(write(second[1], "x", 1), 1);
	CHECK_INT(loop_turn(&loop), 0);
	CHECK_INT(c.runs, 0);
	CHECK_INT(other.runs, 1);
	loop_free(&loop);
}

static void test_times(void)
{
	struct loop loop;
	struct counted late;
	struct counted soon;

	CHECK_INT(loop_init(&loop), 0);
	begin(&late, &loop);
	begin(&soon, &loop);
	late.task.wake = deadline_in(60);
	soon.task.wake = deadline_in(0.02);
	CHECK_INT(loop_update(&loop, &late.task), 0);
	CHECK_INT(loop_update(&loop, &soon.task), 0);
	while (soon.runs == 0)
		CHECK_INT(loop_turn(&loop), 0);
	CHECK(deadline_passed(soon.task.wake));
	CHECK_INT(late.runs, 0);
	/* brought forward */
	late.task.wake = deadline_in(0);
	CHECK_INT(loop_update(&loop, &late.task), 0);
	CHECK_INT(loop_turn(&loop), 0);
	CHECK_INT(late.runs, 1);
	CHECK_INT(soon.runs, 1);
	loop_free(&loop);
}

static void test_put_off(void)
{
	struct loop loop;
	struct counted c;
	struct deadline first = deadline_in(0.02);

	CHECK_INT(loop_init(&loop), 0);
	begin(&c, &loop);
	c.task.wake = first;
	CHECK_INT(loop_update(&loop, &c.task), 0);
	c.task.wake = deadline_in(0.1);
	CHECK_INT(loop_update(&loop, &c.task), 0);
	while (c.runs == 0)
		CHECK_INT(loop_turn(&loop), 0);
	CHECK(deadline_passed(c.task.wake));
	/* and put off for ever */
	c.task.wake = deadline_in(0.02);
	CHECK_INT(loop_update(&loop, &c.task), 0);
	c.task.wake = deadline_never();
	CHECK_INT(loop_update(&loop, &c.task), 0);
	turn_for(&loop, 0.05);
	CHECK_INT(c.runs, 1);
	loop_free(&loop);
}

/* Both are due; whichever is run first takes the other out. */
static void test_removed_when_due(void)
{
	struct loop loop;
	struct counted a;
	struct counted b;
	int fds[2];

	open_pair(fds);
	CHECK_INT(loop_init(&loop), 0);
	begin(&a, &loop);
	begin(&b, &loop);
	a.victim = &b;
	b.victim = &a;
	wait_for(&a, fds[0], POLLOUT);
	wait_for(&b, fds[1], POLLOUT);
	CHECK_INT(loop_turn(&loop), 0);
	CHECK_INT(a.runs + b.runs, 1);
	loop_free(&loop);
}

static void test_many(void)
{
	enum { MANY = 400 };
	static struct counted tasks[MANY];
	struct loop loop;
	int fds[2];
	int runs = 0;

	CHECK_INT(loop_init(&loop), 0);
	for (int i = 0; i < MANY; i++) {
		open_pair(fds);
		begin(&tasks[i], &loop);
		wait_for(&tasks[i], fds[0], POLLIN);
		CHECK_INT(write(fds[1], "x", 1), 1);
	}
	/* one turn takes not all, but none is taken twice before all */
	CHECK_INT(loop_turn(&loop), 0);
	CHECK_INT(loop_turn(&loop), 0);
	for (int i = 0; i < MANY; i++)
		runs += tasks[i].runs > 0;
	CHECK_INT(runs, MANY);
	loop_free(&loop);
}

static void test_not_pollable(void)
{
	struct loop loop;
	struct counted c;

	CHECK_INT(loop_init(&loop), 0);
	begin(&c, &loop);
	c.task.fds[0] = (struct pollfd){ .fd = 9999, .events = POLLIN };
	CHECK_INT(loop_update(&loop, &c.task), -1);
	CHECK_INT(errno, EBADF);
	loop_remove(&loop, &c.task);
	loop_free(&loop);
}

static const struct test tests[] = {
	{ "loop: a task runs when its descriptor is ready, each turn",
	    test_readable },
	{ "loop: a descriptor in two entries has each one's own events",
	    test_twice },
	{ "loop: a hang-up is told whatever the events, until let go",
	    test_hangup },
	{ "loop: a closed descriptor's number is free for another task",
	    test_number_reused },
	{ "loop: times come in their order, and may be brought forward",
	    test_times },
	{ "loop: a time that is put off does not come early", test_put_off },
	{ "loop: a task taken out in the turn in which it is due is not run",
	    test_removed_when_due },
	{ "loop: more events than one turn takes are all seen", test_many },
	{ "loop: a descriptor that cannot be waited for is an error",
	    test_not_pollable },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
