/*
 * The meter on a terminal: the bytes that a pseudoterminal gets.
 */
#include "progress.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>

#include "log.h"
#include "test.h"

static void test_no_terminal(void)
{
	struct progress p;
	int pipes[2];
	char byte;

	CHECK_INT(pipe2(pipes, O_NONBLOCK), 0);
	dup2(pipes[1], STDERR_FILENO);
	progress_begin(&p, true, 5);
	CHECK(!p.shown);
	CHECK(deadline_is_never(p.next));
	progress_add(&p, 3);
	progress_add(&p, 0);
	CHECK_INT(p.bytes, 3);
	progress_hide(&p);
	CHECK(!progress_end(&p));
	CHECK(read(pipes[0], &byte, 1) < 0 && errno == EAGAIN);
}

/* A terminal of that width on stderr. Returns its other end. */
static int open_terminal(unsigned short columns)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	struct winsize size = { .ws_row = 24, .ws_col = columns };
	int slave;

	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		exit(TEST_SKIPPED);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	if (slave < 0)
		exit(TEST_SKIPPED);
	ioctl(slave, TIOCSWINSZ, &size);
	dup2(slave, STDERR_FILENO);
	close(slave);
	log_open();
	return master;
}

/* What the terminal has got, in a static buffer. */
static const char *shown(int master)
{
	static char text[65536];
	size_t used = 0;
	ssize_t n;

	while (used < sizeof text - 1 &&
	       (n = read(master, text + used, sizeof text - 1 - used)) > 0)
		used += (size_t)n;
	text[used] = '\0';
	return text;
}

/* Draws now, whatever the time. */
static void draw(struct progress *p)
{
	p->next.at = 1;
	progress_add(p, 0);
	CHECK(!deadline_passed(p->next));
	p->next.at = INT64_MAX - 1;
}

static void test_terminal(void)
{
	int master = open_terminal(17);
	struct progress p;

	progress_begin(&p, false, 5);
	CHECK(!p.shown && deadline_is_never(p.next));
	progress_begin(&p, true, 5);
	CHECK(p.shown && !deadline_is_never(p.next));
	progress_hide(&p);
	p.next.at = INT64_MAX - 1;
	progress_add(&p, 5);
	CHECK_STR(shown(master), "");
	draw(&p);
	CHECK_STR(shown(master), "\r\033[K5 B of 5 B  100%");
	progress_hide(&p);
	CHECK_STR(shown(master), "\r\033[K");
	progress_hide(&p);
	CHECK_STR(shown(master), "");
	draw(&p);
	CHECK_STR(shown(master), "\r\033[K5 B of 5 B  100%");
	CHECK(progress_end(&p));
	CHECK_STR(shown(master), "\r\033[K");
	progress_add(&p, 1);
	CHECK_STR(shown(master), "");
}

static void test_window(void)
{
	int64_t now = deadline_now();
	struct progress p;

	open_terminal(80);
	progress_begin(&p, true, PROGRESS_UNKNOWN);
	p.bytes = 500;
	p.kept = 200;
	draw(&p);
	CHECK_INT(p.marks[0].moved, 0);
	CHECK_INT(p.marks[1].moved, 0);
	/* long ago */
	p.marks[1] = (struct progress_mark){ now - 4000000000LL, 100 };
	draw(&p);
	CHECK_INT(p.marks[0].at, now - 4000000000LL);
	CHECK_INT(p.marks[0].moved, 100);
	CHECK(p.marks[1].at >= now);
	CHECK_INT(p.marks[1].moved, 300);
}

static void test_resized(void)
{
	int master = open_terminal(0);
	struct winsize size = { .ws_row = 24, .ws_col = 9 };
	struct progress p;

	progress_begin(&p, true, 4);
	p.bytes = 1;
	CHECK_INT(log_columns(), 80);
	ioctl(master, TIOCSWINSZ, &size);
	CHECK_INT(log_columns(), 9);
	draw(&p);
	CHECK_STR(shown(master), "\r\033[K25%");
	size.ws_col = 1;
	ioctl(master, TIOCSWINSZ, &size);
	draw(&p);
	CHECK_STR(shown(master), "\r\033[K");
}

static void test_messages(void)
{
	int master = open_terminal(5);
	struct progress p;

	progress_begin(&p, true, 4);
	draw(&p);
	log_error("first");
	log_error("second");
	CHECK_STR(
	    shown(master), "\r\033[K0%\r\033[Kvcat: first\r\nvcat: second\r\n");
	draw(&p);
	CHECK_STR(shown(master), "\r\033[K0%");
}

static void test_stuck_terminal(void)
{
	int master = open_terminal(80);
	struct progress p;

	progress_begin(&p, true, 4);
	/* more than a terminal holds that nobody reads */
	for (int i = 0; i < 10000; i++)
		draw(&p);
	CHECK(strlen(shown(master)) > 1000);
	draw(&p);
	CHECK(strstr(shown(master), "\r\033[K0 B of 4 B") != NULL);
}

static const struct test tests[] = {
	{ "no terminal: nothing is written", test_no_terminal },
	{ "terminal: the line is redrawn in place, and goes", test_terminal },
	{ "terminal: the rate forgets what was long ago", test_window },
	{ "terminal: its width is asked for each time", test_resized },
	{ "terminal: a message takes the line off first", test_messages },
	{ "terminal: one that takes no more is not waited for",
	    test_stuck_terminal },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
