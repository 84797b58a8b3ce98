/*
 * The time limits of a service, on a listener that blocks, as systemd passes
 * it, and on one that does not.
 */
#include "service.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "ends.h"
#include "test.h"

struct rig {
	struct loop loop;
	struct allow allow;
	struct socket_choice choice;
	struct server server;
	struct service service;
	struct sockaddr_un name;
	socklen_t length;
	int taken;
};

static void take(struct server *server, int fd, const struct address *peer)
{
	struct rig *rig = loop_owner(server, struct rig, server);

	(void)peer;
	rig->taken++;
	close(fd);
	server_note_end(server, false);
}

static void end_all(struct server *server)
{
	(void)server;
}

/* On an abstract address, which the kernel chooses. */
static void rig_open(struct rig *rig, bool blocks)
{
	int flags = SOCK_CLOEXEC | (blocks ? 0 : SOCK_NONBLOCK);
	int fd = ends_must(socket(AF_UNIX, SOCK_STREAM | flags, 0), "socket");

	*rig = (struct rig){
		.name.sun_family = AF_UNIX,
		.length = sizeof rig->name,
		.server = {
			.reader = -1,
			.loop = &rig->loop,
			.listener = { .fd = fd, .may_wait = blocks },
			.at = &rig->server.listener.address,
			.choice = &rig->choice,
			.allow = &rig->allow,
			.take = take,
			.end_all = end_all,
		},
		.service = { .loop = &rig->loop, .most = 4 },
	};
	rig->server.listener.address.kind = ADDRESS_UNIX;
	ends_must(bind(fd, (struct sockaddr *)&rig->name,
		      sizeof rig->name.sun_family),
	    "bind");
	ends_must(getsockname(fd, (struct sockaddr *)&rig->name, &rig->length),
	    "getsockname");
	ends_must(listen(fd, 8), "listen");
	ends_must(loop_init(&rig->loop), "loop");
	service_init(&rig->service);
	service_add(&rig->service, &rig->server);
}

static void rig_visit(const struct rig *rig)
{
	int fd =
	    ends_must(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");

	ends_must(connect(fd, (const struct sockaddr *)&rig->name, rig->length),
	    "connect");
	close(fd);
}

static void test_nobody(void)
{
	for (int blocks = 0; blocks < 2; blocks++) {
		struct rig rig;

		rig_open(&rig, blocks);
		rig.service.exit_idle = 0.05;
		CHECK_INT(service_run(&rig.service), STATUS_OK);
		CHECK_INT(rig.server.listener.fd, -1);
		loop_free(&rig.loop);
		rig_open(&rig, blocks);
		rig.service.accept_timeout = 0.05;
		CHECK_INT(service_run(&rig.service), STATUS_TIMEOUT);
		loop_free(&rig.loop);
	}
}

static void test_somebody(void)
{
	for (int blocks = 0; blocks < 2; blocks++) {
		struct rig rig;

		rig_open(&rig, blocks);
		for (int i = 0; i < 3; i++)
			rig_visit(&rig);
		rig.service.accept_timeout = 0.05;
		rig.service.exit_idle = 0.1;
		CHECK_INT(service_run(&rig.service), STATUS_OK);
		CHECK_INT(rig.taken, 3);
		CHECK_INT((int)rig.server.accepted, 3);
		CHECK_INT(rig.service.room.taken, 0);
		loop_free(&rig.loop);
	}
}

static const struct test tests[] = {
	{ "service: nobody comes in time, and it ends", test_nobody },
	{ "service: who has come is served before it ends", test_somebody },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
