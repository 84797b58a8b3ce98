/*
 * needs: loopback
 *
 * What an accepted socket has of its listener, one of ours or one passed to us.
 */
#include "listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "ends.h"
#include "test.h"

/* What a connection that comes in there has of TCP_NODELAY; -1: none came. */
static int nodelay_of_accepted(
    struct listener *listener, const struct socket_choice *choice)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)listener->address.port),
		.sin_addr = { htonl(INADDR_LOOPBACK) },
	};
	int client = socket(AF_INET, SOCK_STREAM, 0);
	struct address peer;
	int value = -1;
	socklen_t length = sizeof value;
	int fd = -1;

	if (CHECK_INT(connect(client, (struct sockaddr *)&to, sizeof to), 0) &&
	    ends_ready(listener->fd, POLLIN, ENDS_WAIT_MS))
		fd = listener_accept(listener, choice, &peer);
	if (CHECK(fd >= 0)) {
		getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &length);
		CHECK_STR(peer.host, "127.0.0.1");
		close(fd);
	}
	close(client);
	return value;
}

static void check_nodelay(bool passed)
{
	const struct socket_choice choice = { .backlog = 5 };
	const struct address at = { .kind = ADDRESS_TCP, .port = 0 };
	struct listener listener;
	int off = 0;

	if (!CHECK_INT(listener_open(&listener, &at, &choice), 0))
		return;
	listener.passed = passed;
	/* whoever makes a socket for us need not think of it */
	if (passed)
		setsockopt(
		    listener.fd, IPPROTO_TCP, TCP_NODELAY, &off, sizeof off);
	CHECK_INT(nodelay_of_accepted(&listener, &choice), 1);
	listener_close(&listener);
}

static void test_ours(void)
{
	check_nodelay(false);
}

static void test_passed(void)
{
	check_nodelay(true);
}

static const struct test tests[] = {
	{ "tcp: what comes in at a listener of ours does not wait to send",
	    test_ours },
	{ "tcp: nor what comes in at one that was passed", test_passed },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
