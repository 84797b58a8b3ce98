/*
 * One connection to its exit status, and what is said about it on stderr.
 */
#include "connection.h"

#include "rig.h"
#include "test.h"

/* A connection in a thread, between the ends of a rig. */
struct show {
	struct rig rig;
	struct loop loop;
	struct connections connections;
	enum status status;
	bool stdout_gone;
	bool over;
	pthread_t thread;
	int said[2]; /* a pipe for stderr */
	int aside;
};

static void note_end(struct connections *all, const struct connection_end *end)
{
	struct show *show = loop_owner(all, struct show, connections);

	show->status = end->status;
	show->stdout_gone = end->stdout_gone;
	show->over = true;
}

static void *show_run(void *arg)
{
	static const struct address peer = {
		.kind = ADDRESS_VSOCK,
		.cid = 3,
		.port = 1234,
	};
	struct show *show = arg;

	connection_begin(&show->connections, show->rig.far.in.fd, &peer);
	while (!show->over && loop_turn(&show->loop) == 0)
		;
	return NULL;
}

static void show_open(struct show *show, int type)
{
	static const struct address stdio = { .kind = ADDRESS_STDIO };

	*show = (struct show){ .connections = {
				   .loop = &show->loop,
				   .stdio = &show->rig.near,
				   .near_address = &stdio,
				   .rules = rig_rules(),
				   .alone = true,
				   .done = note_end,
			       } };
	ends_must(loop_init(&show->loop), "loop");
	rig_open(&show->rig, type);
	if (type == SOCK_SEQPACKET) { /* the connection makes its own */
		int fd = ends_must(dup(show->rig.far.in.fd), "dup");

		stream_close(&show->rig.far);
		show->rig.far.in.fd = fd;
		ends_nonblocking(fd);
	}
	ends_pipe(show->said, 0);
	show->aside = ends_must(fcntl(2, F_DUPFD_CLOEXEC, 10), "F_DUPFD");
	dup2(show->said[1], 2);
}

static void show_start(struct show *show)
{
	errno = pthread_create(&show->thread, NULL, show_run, show);
	ends_must(errno == 0 ? 0 : -1, "pthread_create");
}

/* Waits for its end; returns what it said, in a static buffer. */
static const char *show_end(struct show *show)
{
	static char text[4096];
	struct rig *rig = &show->rig;
	ssize_t got;

	pthread_join(show->thread, NULL);
	dup2(show->aside, 2);
	close(show->aside);
	got = read(show->said[0], text, sizeof text - 1);
	text[got > 0 ? got : 0] = '\0';
	close(show->said[0]);
	close(show->said[1]);
	rig_end(&rig->keyboard);
	rig_end(&rig->screen);
	rig_end(&rig->peer);
	rig_end(&rig->near.in.fd);
	rig_end(&rig->near.out.fd);
	loop_free(&show->loop);
	return text;
}

static void test_ok(void)
{
	struct show show;

	show_open(&show, SOCK_STREAM);
	show_start(&show);
	ends_say(show.rig.keyboard, "request");
	rig_end(&show.rig.keyboard);
	CHECK_STR(ends_hear(show.rig.peer), "request");
	ends_say(show.rig.peer, "answer");
	rig_end(&show.rig.peer);
	CHECK_STR(ends_hear(show.rig.screen), "answer");
	CHECK_STR(show_end(&show), "");
	CHECK_INT(show.status, STATUS_OK);
}

static void test_summary(void)
{
	struct show show;
	const char *said;

	show_open(&show, SOCK_STREAM);
	show.connections.verbose = true;
	ends_say(show.rig.keyboard, "request");
	rig_end(&show.rig.keyboard);
	ends_say(show.rig.peer, "answer!!");
	shutdown(show.rig.peer, SHUT_WR);
	show_start(&show);
	said = show_end(&show);
	CHECK(
	    strstr(said, "vm(3):1234: sent 7 bytes, received 8 bytes") != NULL);
	CHECK_INT(show.status, STATUS_OK);
}

static void test_reset(void)
{
	struct show show;

	show_open(&show, SOCK_STREAM);
	show_start(&show);
	ends_say(show.rig.keyboard, "unread");
	ends_ready(show.rig.peer, POLLIN, ENDS_WAIT_MS);
	rig_end(&show.rig.peer);
	CHECK_STR(show_end(&show),
	    "vcat: vm(3):1234: read: Connection reset by peer\n");
	CHECK_INT(show.status, STATUS_FAILED);
}

static void test_disk_full(void)
{
	struct show show;

	show_open(&show, SOCK_STREAM);
	rig_end(&show.rig.near.out.fd);
	show.rig.near.out.fd = ends_must(open("/dev/full", O_WRONLY), "open");
	show_start(&show);
	ends_say(show.rig.peer, "no room");
	rig_end(&show.rig.keyboard);
	CHECK_STR(
	    show_end(&show), "vcat: stdout: write: No space left on device\n");
	CHECK_INT(show.status, STATUS_FAILED);
	CHECK(show.stdout_gone);
}

static void test_undelivered(void)
{
	struct show show;
	const char *said;

	show_open(&show, SOCK_STREAM);
	show_start(&show);
	ends_nonblocking(show.rig.keyboard);
	ends_stuff(show.rig.keyboard);
	shutdown(show.rig.peer, SHUT_RDWR);
	said = show_end(&show);
	CHECK(strncmp(said, "vcat: vm(3):1234: write: ", 25) == 0);
	CHECK(strchr(said, '\n') == said + strlen(said) - 1);
	CHECK_INT(show.status, STATUS_FAILED);
}

static void test_strict(void)
{
	struct show show;
	const char *said;

	show_open(&show, SOCK_STREAM);
	show.connections.rules.strict = true;
	show_start(&show);
	ends_say(show.rig.peer, "some of");
	rig_end(&show.rig.peer);
	said = show_end(&show);
	CHECK(strncmp(said, "vcat: vm(3):1234: read: ", 24) == 0);
	CHECK(strstr(said, "truncated") != NULL);
	CHECK_INT(show.status, STATUS_FAILED);
}

static void test_idle(void)
{
	struct show show;
	const char *said;

	show_open(&show, SOCK_STREAM);
	show.connections.rules.idle = 0.2;
	show_start(&show);
	said = show_end(&show);
	CHECK(strncmp(said, "vcat: vm(3):1234: idle", 22) == 0);
	CHECK_INT(show.status, STATUS_TIMEOUT);
}

static void test_quit(void)
{
	struct show show;

	show_open(&show, SOCK_STREAM);
	show.connections.rules.quit_after = 0.2;
	show_start(&show);
	rig_end(&show.rig.keyboard);
	CHECK_STR(show_end(&show), "");
	CHECK_INT(show.status, STATUS_OK);
}

static void test_quit_unsent(void)
{
	struct show show;
	static char data[50 * 1024];
	int small = 4096;

	/* our end has been read, and waits behind what the peer does not */
	show_open(&show, SOCK_STREAM);
	setsockopt(
	    show.rig.far.out.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
	show.connections.rules.quit_after = 0.2;
	CHECK_INT(write(show.rig.keyboard, data, sizeof data), sizeof data);
	rig_end(&show.rig.keyboard);
	show_start(&show);
	CHECK(strlen(show_end(&show)) > 0);
	CHECK_INT(show.status, STATUS_TIMEOUT);
}

static void test_quit_unseen(void)
{
	struct show show;
	static char data[100 * 1024];

	/* received, and never seen: stdout was blocked */
	show_open(&show, SOCK_STREAM);
	show.connections.rules.quit_after = 0.3;
	show_start(&show);
	CHECK_INT(write(show.rig.peer, data, sizeof data), sizeof data);
	rig_end(&show.rig.keyboard);
	CHECK(strlen(show_end(&show)) > 0);
	CHECK_INT(show.status, STATUS_TIMEOUT);
}

/* Whether more than that waits there, or soon will. */
static bool grows(int fd, size_t before)
{
	for (int i = 0; i < 60 && ends_waiting(fd) <= before; i++)
		ends_sleep(0.005);
	return ends_waiting(fd) > before;
}

static void test_quit_message(void)
{
	struct show show;
	struct rig *rig = &show.rig;
	static char data[4000];
	size_t before;

	/* the last message is on its way to a peer that does not read */
	show_open(&show, SOCK_SEQPACKET);
	show.connections.rules.quit_after = 0.3;
	show_start(&show);
	do {
		before = ends_waiting(rig->peer);
		CHECK_INT(write(rig->keyboard, data, sizeof data), sizeof data);
	} while (grows(rig->peer, before));
	rig_end(&rig->keyboard);
	CHECK(strlen(show_end(&show)) > 0);
	CHECK(show.status != STATUS_OK);
}

static void test_message_too_long(void)
{
	struct show show;
	static char data[RIG_BUFFER + 1];
	const char *said;

	show_open(&show, SOCK_SEQPACKET);
	show_start(&show);
	CHECK_INT(write(show.rig.peer, data, sizeof data), sizeof data);
	rig_end(&show.rig.keyboard);
	said = show_end(&show);
	CHECK(strncmp(said, "vcat: vm(3):1234: read: ", 24) == 0);
	CHECK(strstr(said, "\nhint: ") != NULL);
	CHECK(strstr(said, "--buffer") != NULL);
	CHECK_INT(show.status, STATUS_FAILED);
}

static const struct test tests[] = {
	{ "connection: both ways to their ends are status 0, and silence",
	    test_ok },
	{ "connection: -v tells the bytes each way", test_summary },
	{ "connection: a reset is status 1 and a line", test_reset },
	{ "connection: a full disk is a failure, named stdout",
	    test_disk_full },
	{ "connection: what the peer left is status 1 and a line",
	    test_undelivered },
	{ "connection: a truncation is status 1 and a line", test_strict },
	{ "connection: the idle limit is status 3 and a line", test_idle },
	{ "connection: -q that cuts nothing off is status 0", test_quit },
	{ "connection: -q that cuts off what was not sent is status 3",
	    test_quit_unsent },
	{ "connection: -q that cuts off what was not written is status 3",
	    test_quit_unseen },
	{ "connection: -q that cuts off a message on its way is no success",
	    test_quit_message },
	{ "connection: a message that is too long is status 1, with a hint",
	    test_message_too_long },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
