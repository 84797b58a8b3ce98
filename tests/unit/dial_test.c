/*
 * Dialling without waiting, over AF_UNIX.
 */
#include "dialling.h"

#include <errno.h>
#include <sys/un.h>

#include "test.h"

#define OK "OK 1073741824\n"

/* A socket that listens on an abstract name of this process; sets *target. */
static int listen_unix(struct dial_target *target, int backlog)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	int length;

	*target = (struct dial_target){
		.address = { .kind = ADDRESS_UNIX },
		.choice = { .buffer = 65536 },
		.timeout = 5,
		.retry = -1,
	};
	length = snprintf(target->address.path, sizeof target->address.path,
	    "@vcat-dial-%d", getpid());
	memcpy(un.sun_path + 1, target->address.path + 1, (size_t)length - 1);
	CHECK_INT(bind(fd, (struct sockaddr *)&un,
		      (socklen_t)(sizeof un.sun_family + (size_t)length)),
	    0);
	if (backlog >= 0)
		CHECK_INT(listen(fd, backlog), 0);
	return fd;
}

/* A VMM, for port 52. */
static int listen_mux(struct dial_target *target)
{
	int fd = listen_unix(target, 5);

	target->address.kind = ADDRESS_MUX;
	target->address.port = 52;
	return fd;
}

static void test_unix(void)
{
	struct dial_target target;
	struct dial dial;
	int listener = listen_unix(&target, 5);

	CHECK_INT(dial_begin(&dial, &target), DIAL_CONNECTED);
	CHECK_INT(dial_interest(&dial).fd, -1);
	CHECK(deadline_is_never(dial_deadline(&dial)));
	CHECK_INT(write(dial.attempt.fd, "x", 1), 1);
	close(listener);
}

static void test_refused(void)
{
	struct dial_target target;
	struct dial dial;
	int fd = listen_unix(&target, -1);

	CHECK_INT(dial_begin(&dial, &target), DIAL_FAILED);
	CHECK_INT(dial.error, ECONNREFUSED);
	CHECK_STR(dial.attempt.fault.step, "connect");
	CHECK_INT(dial.attempt.fd, -1);
	close(fd);
}

static void test_queue(void)
{
	struct dial_target target;
	struct dial first;
	struct dial second;
	struct dial third;
	int listener = listen_unix(&target, 0);

	/* a backlog of 0 holds one */
	CHECK_INT(dial_begin(&first, &target), DIAL_CONNECTED);
	CHECK_INT(dial_begin(&second, &target), DIAL_WAITING);
	CHECK(second.attempt.fd >= 0);
	CHECK_INT(dial_interest(&second).fd, -1);
	CHECK(deadline_poll_ms(dial_deadline(&second)) <= 1000);
	CHECK_INT(dial_step(&second, 100), DIAL_WAITING);
	CHECK(accept(listener, NULL, NULL) >= 0);
	while (dial_step(&second, 100) == DIAL_WAITING)
		continue;
	CHECK_INT(second.state, DIAL_CONNECTED);
	/* and its time limit */
	target.timeout = 0.05;
	CHECK_INT(dial_begin(&third, &target), DIAL_WAITING);
	CHECK_INT(dial_run(&third), -1);
	CHECK_INT(third.error, ETIMEDOUT);
	CHECK_INT(third.attempt.fd, -1);
}

static void expect_request(int fd)
{
	char text[32] = "";

	CHECK_INT(read(fd, text, sizeof text - 1), 11);
	CHECK_STR(text, "CONNECT 52\n");
}

static void test_handshake(void)
{
	struct dial_target target;
	struct dial dial;
	char after[8] = "";
	int listener = listen_mux(&target);
	int vmm;

	CHECK_INT(dial_begin(&dial, &target), DIAL_SHAKING);
	CHECK_INT(dial_interest(&dial).events, POLLIN);
	vmm = accept(listener, NULL, NULL);
	expect_request(vmm);
	CHECK_INT(dial_advance(&dial, 0), DIAL_SHAKING);
	/* in pieces, and with the guest's first bytes */
	CHECK_INT(write(vmm, OK, 5), 5);
	CHECK_INT(dial_step(&dial, 1000), DIAL_SHAKING);
	CHECK_INT(write(vmm, &OK[5], sizeof OK - 6), sizeof OK - 6);
	CHECK_INT(write(vmm, "hello", 5), 5);
	CHECK_INT(dial_step(&dial, 1000), DIAL_CONNECTED);
	CHECK_INT(read(dial.attempt.fd, after, sizeof after - 1), 5);
	CHECK_STR(after, "hello");
}

static void test_handshake_refused(void)
{
	struct dial_target target;
	struct dial dial;
	int listener = listen_mux(&target);

	CHECK_INT(dial_begin(&dial, &target), DIAL_SHAKING);
	close(accept(listener, NULL, NULL));
	CHECK_INT(dial_run(&dial), -1);
	CHECK_INT(dial.error, ECONNREFUSED);
	CHECK_STR(dial.attempt.fault.step, "handshake");
	CHECK_INT(dial.attempt.fd, -1);
}

static void test_handshake_silent(void)
{
	struct dial_target target;
	struct dial dial;
	int listener = listen_mux(&target);

	target.timeout = 0.05;
	CHECK_INT(dial_begin(&dial, &target), DIAL_SHAKING);
	CHECK_INT(dial_run(&dial), -1);
	CHECK_INT(dial.error, ETIMEDOUT);
	close(listener);
}

static void test_retry(void)
{
	struct dial_target target;
	struct dial dial;
	int fd = listen_unix(&target, -1);

	target.retry = 0;
	CHECK_INT(dial_begin(&dial, &target), DIAL_WAITING);
	CHECK_INT(dial.attempt.fd, -1);
	CHECK_INT(dial_interest(&dial).fd, -1);
	CHECK(deadline_poll_ms(dial_deadline(&dial)) <= 1000);
	CHECK_INT(dial_step(&dial, 1000), DIAL_WAITING);
	CHECK_INT(listen(fd, 5), 0);
	CHECK_INT(dial_run(&dial), 0);
	CHECK_INT(dial.state, DIAL_CONNECTED);
}

static void test_retry_over(void)
{
	struct dial_target target;
	struct dial dial;
	int fd = listen_unix(&target, -1);

	target.retry = 0.12;
	CHECK_INT(dial_begin(&dial, &target), DIAL_WAITING);
	CHECK_INT(dial_run(&dial), -1);
	CHECK_INT(dial.error, ECONNREFUSED);
	CHECK(deadline_passed(dial.until));
	close(fd);
}

static void test_no_retry(void)
{
	struct dial_target target;
	struct dial dial;
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	snprintf(
	    un.sun_path, sizeof un.sun_path, "/tmp/vcat-dial-%d", getpid());
	CHECK_INT(bind(fd, (struct sockaddr *)&un, sizeof un), 0);
	CHECK_INT(listen(fd, 5), 0);
	target = (struct dial_target){
		.address = { .kind = ADDRESS_UNIX },
		.choice = { .buffer = 65536 },
	};
	strlcpy(target.address.path, un.sun_path, sizeof target.address.path);
	/* no later attempt would go better */
	CHECK_INT(dial_begin(&dial, &target), DIAL_FAILED);
	CHECK_INT(dial.error, EPROTOTYPE);
	unlink(un.sun_path);
	close(fd);
}

static void test_abort(void)
{
	struct dial_target target;
	struct dial dial;
	char text[32];
	int listener = listen_mux(&target);
	int vmm;

	CHECK_INT(dial_begin(&dial, &target), DIAL_SHAKING);
	vmm = accept(listener, NULL, NULL);
	dial_abort(&dial);
	CHECK_INT(dial.state, DIAL_FAILED);
	CHECK_INT(dial.attempt.fd, -1);
	CHECK_INT(read(vmm, text, sizeof text), 11);
	CHECK_INT(read(vmm, text, sizeof text), 0);
}

static const struct test tests[] = {
	{ "dial: a listener is reached at once, and there is no more to wait "
	  "for",
	    test_unix },
	{ "dial: a refusal is a failure with its errno and step",
	    test_refused },
	{ "dial: a full backlog is waited for, up to the time limit",
	    test_queue },
	{ "dial: a handshake in pieces, and no byte after it is read",
	    test_handshake },
	{ "dial: a VMM that closes has refused", test_handshake_refused },
	{ "dial: a VMM that says nothing is given up in time",
	    test_handshake_silent },
	{ "dial: with retry it pauses and tries again until it works",
	    test_retry },
	{ "dial: a retry ends with its time, by the last error",
	    test_retry_over },
	{ "dial: what will not pass is not tried again", test_no_retry },
	{ "dial: given up, its socket is closed", test_abort },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
