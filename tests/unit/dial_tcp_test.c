/*
 * needs: loopback
 *
 * Dialling without waiting, over TCP on loopback.
 */
#include "dialling.h"

#include <errno.h>
#include <netinet/in.h>

#include "names.h"
#include "test.h"

/* Listens on loopback, or only takes a port if the backlog is negative. */
static int listen_tcp(struct dial_target *target, int backlog)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t length = sizeof in;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	CHECK_INT(bind(fd, (struct sockaddr *)&in, length), 0);
	CHECK_INT(getsockname(fd, (struct sockaddr *)&in, &length), 0);
	if (backlog >= 0)
		CHECK_INT(listen(fd, backlog), 0);
	*target = (struct dial_target){
		.address = { .kind = ADDRESS_TCP, .port = ntohs(in.sin_port) },
		.choice = { .buffer = 65536 },
		.timeout = 5,
		.retry = -1,
	};
	strlcpy(target->address.host, "127.0.0.1", sizeof target->address.host);
	return fd;
}

static void test_tcp(void)
{
	struct dial_target target;
	struct dial first;
	struct dial second;
	struct socket_fault fault;
	int listener = listen_tcp(&target, 5);

	CHECK_INT(dial_resolve(&target, &fault), 0);
	CHECK(target.names != NULL);
	/* two under way at once, with what was looked up once */
	CHECK(dial_begin(&first, &target) <= DIAL_CONNECTED);
	CHECK(dial_begin(&second, &target) <= DIAL_CONNECTED);
	CHECK_INT(dial_run(&second), 0);
	CHECK_INT(dial_run(&first), 0);
	CHECK(first.attempt.fd != second.attempt.fd);
	dial_forget(&target);
	CHECK(target.names == NULL);
	close(listener);
}

static void test_tcp_refused(void)
{
	struct dial_target target;
	struct dial dial;
	int fd = listen_tcp(&target, -1);

	dial_begin(&dial, &target);
	CHECK_INT(dial_run(&dial), -1);
	CHECK_INT(dial.error, ECONNREFUSED);
	CHECK_STR(dial.attempt.fault.step, "connect");
	dial_forget(&target);
	close(fd);
}

/* To this machine, a target that is asked at once is never waited for. */
static void test_tcp_at_once(void)
{
	struct dial_target target;
	struct dial dial;
	int listener = listen_tcp(&target, 5);

	target.choice.at_once = true;
	CHECK_INT(dial_begin(&dial, &target), DIAL_CONNECTED);
	CHECK_INT(send(dial.attempt.fd, "x", 1, MSG_DONTWAIT), 1);
	close(dial.attempt.fd);
	close(listener);
	CHECK_INT(dial_begin(&dial, &target), DIAL_FAILED);
	CHECK_INT(dial.error, ECONNREFUSED);
	CHECK_STR(dial.attempt.fault.step, "connect");
	dial_forget(&target);
}

/* One that takes its time is waited for as ever. */
static void test_tcp_at_once_late(void)
{
	struct dial_target target;
	struct dial dial;
	int listener = listen_tcp(&target, 0);
	struct dial filling[3];

	for (int i = 0; i < 3; i++)
		dial_begin(&filling[i], &target);
	target.choice.at_once = true;
	target.timeout = 0.1;
	CHECK_INT(dial_begin(&dial, &target), DIAL_CONNECTING);
	CHECK_INT(dial_run(&dial), -1);
	CHECK_INT(dial.error, ETIMEDOUT);
	for (int i = 0; i < 3; i++)
		close(filling[i].attempt.fd);
	dial_forget(&target);
	close(listener);
}

static void test_tcp_second_address(void)
{
	struct dial_target target;
	struct dial_target other;
	union names_address both[2];
	struct dial dial;
	struct socket_fault fault;
	int listener = listen_tcp(&other, 5);

	target = other;
	strlcpy(target.address.host, "127.0.0.2", sizeof target.address.host);
	CHECK_INT(dial_resolve(&target, &fault), 0);
	CHECK_INT(dial_resolve(&other, &fault), 0);
	/* as of a name with two addresses, where nobody listens on the first */
	both[0] = target.names->list[0];
	both[1] = other.names->list[0];
	dial_forget(&target);
	dial_forget(&other);
	target.names = names_make(both, 2);
	dial_begin(&dial, &target);
	CHECK_INT(dial_run(&dial), 0);
	CHECK_INT(write(dial.attempt.fd, "x", 1), 1);
	CHECK(accept(listener, NULL, NULL) >= 0);
	dial_forget(&target);
}

static void test_unresolved(void)
{
	struct dial_target target = {
		.address = { .kind = ADDRESS_TCP, .port = 1 },
		.retry = -1,
	};
	struct dial dial;

	strlcpy(
	    target.address.host, "256.256.256.256", sizeof target.address.host);
	CHECK_INT(dial_begin(&dial, &target), DIAL_FAILED);
	CHECK_STR(dial.attempt.fault.step, "resolve");
	CHECK(dial.attempt.fault.said[0] != '\0');
}

static const struct test tests[] = {
	{ "dial: two at once share what was looked up", test_tcp },
	{ "dial: a TCP refusal that comes later is told", test_tcp_refused },
	{ "dial: TCP to this machine is there at once, or refused",
	    test_tcp_at_once },
	{ "dial: TCP that is not there at once is waited for",
	    test_tcp_at_once_late },
	{ "dial: the second address of a name is tried",
	    test_tcp_second_address },
	{ "dial: a name that is none says what the resolver said",
	    test_unresolved },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
