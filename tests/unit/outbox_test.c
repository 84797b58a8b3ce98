/*
 * Messages through a thread: their boundaries, its patience, its end.
 */
#include "outbox.h"

#include "ends.h"
#include "test.h"

#define SIZE 4096

struct post {
	struct outbox *outbox;
	int fd, peer;
};

static struct post post_open(void)
{
	int fd[2];
	struct post post;

	ends_sockets(SOCK_SEQPACKET, fd);
	post.outbox = outbox_open(fd[0], SIZE);
	post.fd = fd[0];
	post.peer = fd[1];
	if (post.outbox == NULL)
		ends_must(-1, "outbox_open");
	return post;
}

static void post_close(struct post *post)
{
	outbox_close(post->outbox);
	close(post->fd);
	close(post->peer);
}

static ssize_t post_send(struct post *post, const char *data, size_t length)
{
	struct iovec piece = { .iov_base = (char *)data, .iov_len = length };

	return outbox_send(post->outbox, &piece, 1);
}

static bool post_ready(struct post *post, int ms)
{
	return ends_ready(outbox_fd(post->outbox), POLLOUT, ms);
}

/* Sends messages of SIZE until one is stuck. Returns how many were taken. */
static int post_stuff(struct post *post)
{
	static char data[SIZE];
	int count = 0;

	while (post_ready(post, 300)) {
		memset(data, count, sizeof data);
		if (post_send(post, data, sizeof data) < 0)
			break;
		count++;
	}
	memset(data, 0xff, sizeof data); /* it has been copied */
	return count;
}

static void test_boundaries(void)
{
	struct post post = post_open();

	CHECK_INT(post_send(&post, "one", 3), 3);
	CHECK(post_ready(&post, 1000));
	CHECK_INT(post_send(&post, "three", 5), 5);
	CHECK(post_ready(&post, 1000));
	CHECK_INT(post_send(&post, "x", 1), 1);
	CHECK_STR(ends_hear(post.peer), "one");
	CHECK_STR(ends_hear(post.peer), "three");
	CHECK_STR(ends_hear(post.peer), "x");
	post_close(&post);
}

static void test_pieces(void)
{
	struct post post = post_open();
	struct iovec piece[2] = {
		{ .iov_base = (char *)"to", .iov_len = 2 },
		{ .iov_base = (char *)"gether", .iov_len = 6 },
	};

	CHECK_INT(outbox_send(post.outbox, piece, 2), 8);
	CHECK_STR(ends_hear(post.peer), "together");
	post_close(&post);
}

static void test_busy(void)
{
	struct post post = post_open();
	char data[SIZE];
	int taken = post_stuff(&post);

	CHECK(taken > 1);
	CHECK(!post_ready(&post, 0));
	CHECK_INT(post_send(&post, "x", 1), -1);
	CHECK_INT(errno, EAGAIN);
	CHECK_INT(outbox_flushed(post.outbox), -1);
	CHECK_INT(errno, EAGAIN);
	for (int i = 0; i < taken; i++) {
		CHECK_INT(recv(post.peer, data, sizeof data, 0), SIZE);
		CHECK_INT(data[0], (char)i);
		CHECK_INT(data[SIZE - 1], (char)i);
	}
	CHECK(post_ready(&post, 1000));
	CHECK_INT(outbox_flushed(post.outbox), 0);
	CHECK_INT(post_send(&post, "x", 1), 1);
	CHECK_STR(ends_hear(post.peer), "x");
	post_close(&post);
}

static void test_too_long(void)
{
	struct post post = post_open();
	static char data[SIZE + 1];
	struct iovec piece[2] = {
		{ .iov_base = data, .iov_len = SIZE },
		{ .iov_base = data, .iov_len = 1 },
	};

	CHECK_INT(post_send(&post, data, SIZE + 1), -1);
	CHECK_INT(errno, EMSGSIZE);
	CHECK_INT(outbox_send(post.outbox, piece, 2), -1);
	CHECK_INT(errno, EMSGSIZE);
	/* nothing of it was sent, and the next is whole */
	CHECK_INT(outbox_flushed(post.outbox), 0);
	CHECK(post_ready(&post, 0));
	memset(data, 'x', sizeof data);
	CHECK_INT(post_send(&post, data, SIZE), SIZE);
	CHECK_INT(recv(post.peer, data, sizeof data, 0), SIZE);
	post_close(&post);
}

static void test_error(void)
{
	struct post post = post_open();

	shutdown(post.peer, SHUT_RD);
	CHECK_INT(post_send(&post, "lost", 4), 4);
	CHECK(post_ready(&post, 1000));
	CHECK_INT(outbox_flushed(post.outbox), -1);
	CHECK_INT(errno, EPIPE);
	CHECK_INT(post_send(&post, "next", 4), -1);
	CHECK_INT(errno, EPIPE);
	CHECK_INT(outbox_flushed(post.outbox), -1);
	CHECK_INT(errno, EPIPE);
	post_close(&post);
}

static void test_close(void)
{
	struct post post = post_open();
	double began = ends_now();

	post_close(&post);
	post = post_open();
	post_stuff(&post);
	CHECK(!post_ready(&post, 0));
	began = ends_now();
	post_close(&post);
	CHECK(ends_now() - began < 1);
}

static void on_signal(int number)
{
	(void)number;
}

static void test_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct post post = post_open();
	char data[SIZE];
	int taken = post_stuff(&post);
	sigset_t usual;

	/* no other thread may take them */
	sigaction(SIGUSR1, &action, NULL);
	sigemptyset(&usual);
	sigaddset(&usual, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &usual, NULL);
	for (int i = 0; i < 50; i++) {
		kill(getpid(), SIGUSR1);
		ends_sleep(0.002);
	}
	CHECK(!post_ready(&post, 0));
	for (int i = 0; i < taken; i++)
		CHECK_INT(recv(post.peer, data, sizeof data, 0), SIZE);
	CHECK(post_ready(&post, 1000));
	CHECK_INT(outbox_flushed(post.outbox), 0);
	post_close(&post);
}

static const struct test tests[] = {
	{ "outbox: what is sent at once arrives as one message",
	    test_boundaries },
	{ "outbox: the pieces are one message", test_pieces },
	{ "outbox: while one is on its way the next has to wait, and does",
	    test_busy },
	{ "outbox: a message that is too long is refused whole",
	    test_too_long },
	{ "outbox: a message that was not sent is told, for good", test_error },
	{ "outbox: closing does not wait for a peer that reads nothing",
	    test_close },
	{ "outbox: signals do not cut a message that is on its way",
	    test_signals },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
