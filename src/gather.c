#include "gather.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "collector.h"
#include "confine.h"
#include "fd.h"
#include "log.h"
#include "plan.h"
#include "prepare.h"
#include "trouble.h"

struct gather {
	struct loop loop;
	struct dial_target far;
	struct stream stdio;
	struct collector collector;
	struct server server;
	struct service service;
	bool serves; /* else one connection that was passed to us */
	bool over;   /* which has ended */
	enum status status;
};

static void note_sender(struct collector *collector, bool failed)
{
	struct gather *gather = loop_owner(collector, struct gather, collector);

	gather->over = true;
	if (gather->serves)
		server_note_end(&gather->server, failed);
}

static void note_lost_output(struct collector *collector)
{
	struct gather *gather = loop_owner(collector, struct gather, collector);

	gather->status = STATUS_FAILED;
	if (gather->serves)
		server_close(&gather->server);
}

static void take(struct server *server, int fd, const struct address *peer)
{
	struct gather *gather = loop_owner(server, struct gather, server);

	collector_add(&gather->collector, fd, peer);
}

static void end_all(struct server *server)
{
	struct gather *gather = loop_owner(server, struct gather, server);

	collector_end(&gather->collector);
}

static void count_bytes(struct server *server, uint64_t bytes[2])
{
	struct gather *gather = loop_owner(server, struct gather, server);

	bytes[0] = gather->collector.received;
	bytes[1] = 0;
}

/* A socket that was passed to us may be of another type. */
static bool is_stream(int fd)
{
	if (fd_socket_number(fd, SO_TYPE) == SOCK_STREAM)
		return true;
	log_error("-: the socket that was passed has messages, and --lines "
		  "needs a stream");
	return false;
}

static enum status serve_passed(
    struct gather *gather, const struct address *peer)
{
	int fd = gather->server.listener.fd;

	if (!server_admits(&gather->server, fd, peer))
		return STATUS_FAILED;
	notify_ready(&gather->service.notify, &gather->loop);
	collector_add(&gather->collector, fd, peer);
	while (!gather->over)
		if (loop_turn(&gather->loop) < 0) {
			trouble_at(peer, "poll", errno);
			return STATUS_FAILED;
		}
	return gather->status;
}

static enum status serve(struct gather *gather)
{
	enum status status;

	gather->serves = true;
	status = service_run(&gather->service);
	listener_close(&gather->server.listener);
	if (gather->service.signal > 0)
		loop_die(gather->service.signal);
	return status != STATUS_OK ? status : gather->status;
}

static enum status meet(struct gather *gather, const struct options *options)
{
	struct listener *listener = &gather->server.listener;
	const struct socket_choice *choice = &gather->far.choice;
	struct address peer;
	bool connected;

	service_init(&gather->service);
	service_add(&gather->service, &gather->server);
	if (prepare_netns(options, &gather->far, &gather->far) < 0 ||
	    prepare_listener(options, choice, listener) < 0 ||
	    !is_stream(listener->fd))
		return STATUS_FAILED;
	connected = listener_is_connected(listener, choice, &peer);
	confine_opening(options, listener->file.path, -1);
	return connected ? serve_passed(gather, &peer) : serve(gather);
}

enum status gather_lines(const struct options *options)
{
	struct gather gather = {
		.far = plan_target(options, &options->address),
		.server = plan_server(options),
		.service = plan_service(options),
		.collector = plan_collector(options),
		.status = STATUS_OK,
	};
	enum status status = STATUS_FAILED;

	signal(SIGPIPE, SIG_IGN);
	stream_from_stdio(&gather.stdio, true);
	gather.server.at = &gather.server.listener.address;
	gather.server.loop = &gather.loop;
	gather.server.choice = &gather.far.choice;
	gather.server.take = take;
	gather.server.end_all = end_all;
	gather.server.count = count_bytes;
	gather.service.loop = &gather.loop;
	gather.collector.loop = &gather.loop;
	gather.collector.stdio = &gather.stdio;
	gather.collector.done = note_sender;
	gather.collector.lost = note_lost_output;
	collector_init(&gather.collector);
	if (loop_init(&gather.loop) < 0) {
		trouble_at(&options->address, "epoll", errno);
		return STATUS_FAILED;
	}
	status = meet(&gather, options);
	collector_end(&gather.collector);
	loop_free(&gather.loop);
	return status;
}
