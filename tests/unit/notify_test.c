/*
 * What a service manager hears: on datagram sockets, as systemd has them.
 */
#include "notify.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "scratch.h"
#include "test.h"
#include "unix.h"

static struct loop loop;

/* The manager's socket at that path; $NOTIFY_SOCKET names it. */
static int open_manager(const char *path)
{
	struct sockaddr_un un;
	socklen_t length = unix_sockaddr(path, &un);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	scratch_must(bind(fd, (struct sockaddr *)&un, length), "bind");
	setenv("NOTIFY_SOCKET", path, 1);
	return fd;
}

/* The next message, or "" if there is none. */
static const char *hear(int fd)
{
	static char text[1024];
	ssize_t n = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* Turns the loop until the manager has a message. */
static const char *await(int fd)
{
	while (recv(fd, NULL, 0, MSG_DONTWAIT | MSG_PEEK) < 0)
		if (!CHECK_INT(loop_turn(&loop), 0))
			return "";
	return hear(fd);
}

static char path[ADDRESS_PATH_SIZE];

/* A manager at a path, and we are connected to it. */
static int begin(struct notify *notify)
{
	scratch_make();
	snprintf(path, sizeof path, "%s/manager", scratch_path);
	scratch_must(loop_init(&loop), "epoll");
	*notify = (struct notify){ 0 };
	return open_manager(path);
}

static void test_whole_life(void)
{
	struct notify notify;
	int fd = begin(&notify);

	notify_open(&notify);
	CHECK_STR(hear(fd), "");
	notify_ready(&notify, &loop);
	CHECK_STR(hear(fd), "READY=1\n");
	notify_connections(&notify, 1, 1);
	CHECK_STR(hear(fd), "STATUS=1 connection, 1 accepted\n");
	notify_stopping(&notify);
	CHECK_STR(hear(fd), "STOPPING=1\n");
	notify_close(&notify);
	notify_status(&notify, "gone");
	CHECK_STR(hear(fd), "");
	loop_free(&loop);
}

static void test_abstract(void)
{
	struct notify notify = { 0 };
	int fd;

	snprintf(path, sizeof path, "@vcat-test-%d", (int)getpid());
	fd = open_manager(path);
	scratch_must(loop_init(&loop), "epoll");
	notify_open(&notify);
	notify_ready(&notify, &loop);
	CHECK_STR(hear(fd), "READY=1\n");
	loop_free(&loop);
}

static void test_environment(void)
{
	struct notify notify;

	begin(&notify);
	setenv("WATCHDOG_USEC", "1000000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	notify_open(&notify);
	CHECK(getenv("NOTIFY_SOCKET") == NULL);
	CHECK(getenv("WATCHDOG_USEC") == NULL);
	CHECK(getenv("WATCHDOG_PID") == NULL);
	CHECK(notify.interval == 0);
	loop_free(&loop);
}

/* Nobody is told, and nothing fails. */
static void check_mute(const char *socket)
{
	struct notify notify = { 0 };

	if (socket != NULL)
		setenv("NOTIFY_SOCKET", socket, 1);
	scratch_must(loop_init(&loop), "epoll");
	notify_open(&notify);
	CHECK(!notify.wanted);
	CHECK(getenv("NOTIFY_SOCKET") == NULL);
	notify_ready(&notify, &loop);
	notify_connections(&notify, 2, 3);
	notify_stopping(&notify);
	notify_close(&notify);
	loop_free(&loop);
}

static void test_nobody(void)
{
	char longest[300];

	memset(longest, 'a', sizeof longest);
	longest[0] = '/';
	longest[sizeof longest - 1] = '\0';
	check_mute(NULL);
	check_mute("");
	check_mute("/nonexistent/notify");
	check_mute("relative");
	check_mute("vsock:2:1234");
	check_mute(longest);
	longest[0] = '@';
	check_mute(longest);
	check_mute("/dev/null");
}

static void test_status(void)
{
	struct notify notify;
	int fd = begin(&notify);

	notify_open(&notify);
	notify_status(&notify, "before");
	CHECK_STR(hear(fd), "");
	notify_ready(&notify, &loop);
	CHECK_STR(hear(fd), "READY=1\nSTATUS=before\n");
	/* of many in one second, the last is sent */
	notify_status(&notify, "first");
	notify_status(&notify, "second");
	notify_status(&notify, "third");
	CHECK_STR(hear(fd), "");
	CHECK_STR(await(fd), "STATUS=third\n");
	/* what it was last needs no message */
	notify_status(&notify, "fourth");
	notify_status(&notify, "third");
	CHECK(deadline_is_never(notify.task.wake));
	loop_free(&loop);
}

static void test_long_status(void)
{
	struct notify notify;
	int fd = begin(&notify);
	char text[500];

	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	notify_open(&notify);
	notify_status(&notify, text);
	notify_ready(&notify, &loop);
	notify_stopping(&notify);
	CHECK_INT(strlen(hear(fd)),
	    strlen("READY=1\nSTATUS=\n") + NOTIFY_STATUS_SIZE - 1);
	CHECK_STR(hear(fd), "STOPPING=1\n");
	loop_free(&loop);
}

static void test_watchdog(void)
{
	char self[16];
	struct notify notify;
	int fd = begin(&notify);

	snprintf(self, sizeof self, "%d", (int)getpid());
	setenv("WATCHDOG_PID", self, 1);
	setenv("WATCHDOG_USEC", "100000", 1);
	notify_open(&notify);
	CHECK(notify.interval > 0.049 && notify.interval < 0.051);
	notify_ready(&notify, &loop);
	CHECK_STR(hear(fd), "READY=1\n");
	for (int i = 0; i < 3; i++)
		CHECK_STR(await(fd), "WATCHDOG=1\n");
	/* a loop that does not turn gives no sign of life */
	usleep(200000);
	CHECK_STR(hear(fd), "");
	loop_free(&loop);
}

static void check_interval(const char *usec, const char *pid, double wanted)
{
	struct notify notify = { 0 };

	setenv("NOTIFY_SOCKET", path, 1);
	setenv("WATCHDOG_USEC", usec, 1);
	if (pid != NULL)
		setenv("WATCHDOG_PID", pid, 1);
	notify_open(&notify);
	CHECK(notify.interval == wanted);
	notify_close(&notify);
}

static void test_watchdog_words(void)
{
	struct notify notify;

	begin(&notify);
	check_interval("30000000", NULL, 15);
	check_interval("36000000000", NULL, 18000);
	check_interval("30000000", "1", 0);
	check_interval("30000000", "", 0);
	check_interval("0", NULL, 0);
	check_interval("", NULL, 0);
	check_interval("-5", NULL, 0);
	check_interval("18446744073709551615", NULL, 0);
	check_interval("1s", NULL, 0);
	loop_free(&loop);
}

/* The manager takes nothing for a while: what counts arrives later. */
static void test_full(void)
{
	struct notify notify;
	int fd = begin(&notify);
	int other = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	struct sockaddr_un un;
	socklen_t length = unix_sockaddr(path, &un);
	int filled = 0;

	notify_open(&notify);
	while (sendto(other, "x", 1, 0, (struct sockaddr *)&un, length) == 1)
		filled++;
	CHECK_INT(errno, EAGAIN);
	notify_ready(&notify, &loop);
	notify_status(&notify, "one");
	notify_status(&notify, "two");
	notify_stopping(&notify);
	CHECK(notify.wanted);
	while (filled-- > 0)
		CHECK_STR(hear(fd), "x");
	CHECK_STR(await(fd), "READY=1\nSTOPPING=1\nSTATUS=two\n");
	loop_free(&loop);
}

static void test_manager_goes(void)
{
	struct notify notify;
	int fd = begin(&notify);

	notify_open(&notify);
	notify_ready(&notify, &loop);
	close(fd);
	notify_status(&notify, "still here");
	CHECK(!notify.wanted);
	notify_stopping(&notify);
	loop_free(&loop);
}

static const struct test tests[] = {
	{ "notify: ready, a status, the end", test_whole_life },
	{ "notify: a socket with an abstract name", test_abstract },
	{ "notify: the variables are gone from the environment",
	    test_environment },
	{ "notify: without a socket that takes it, nothing fails",
	    test_nobody },
	{ "status: at most one a second, and only what is new", test_status },
	{ "status: one that is too long is cut", test_long_status },
	{ "watchdog: a sign of life while the loop turns", test_watchdog },
	{ "watchdog: the time and the process that the variables name",
	    test_watchdog_words },
	{ "full: what was not sent is sent when there is room", test_full },
	{ "gone: a manager that has gone is no failure", test_manager_goes },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
