#include "broker.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd.h"
#include "log.h"
#include "trouble.h"

/*
 * A signal may be for us both, from a terminal or a service manager, and would
 * count twice if we passed it on as well. So a child that runs a service
 * hears of signals from us alone, and sees from our socket that we have gone.
 * Another one dies of the first, or with us, and must not stop at its messages
 * for a terminal, where it is in the background.
 */
static void begin_child(const struct broker *broker, pid_t parent)
{
	static const int ending[] = { SIGHUP, SIGINT, SIGTERM };

	for (size_t i = 0; i < sizeof ending / sizeof ending[0]; i++)
		if (broker->serves)
			signal(ending[i], SIG_IGN);
	notify_close(broker->notify); /* the parent is the service */
	setpgid(0, 0);
	signal(SIGTTOU, SIG_IGN);
	if (broker->serves)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* it leaves nothing behind */
	if (getppid() != parent)
		raise(SIGKILL);
}

pid_t broker_fork(struct broker *broker)
{
	pid_t parent = getpid();
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	signal(SIGCHLD, SIG_DFL); /* ignored, the child's end would be lost */
	broker->child = fork();
	if (broker->child == 0)
		begin_child(broker, parent);
	broker->fd = ends[broker->child == 0];
	close(ends[broker->child != 0]);
	return broker->child;
}

int broker_hand(struct broker *broker, int fd, const struct address *peer)
{
	return fd_pass(broker->fd, fd, peer, sizeof *peer);
}

int broker_hand_out(int fd)
{
	if (fd_set_blocking(fd) == 0 && fd_pass(STDOUT_FILENO, fd, "", 1) == 0)
		return 0;
	log_error("stdout: pass the socket: %s", strerror(errno));
	log_hint("-F needs a program that takes a descriptor over its "
		 "ProxyCommand's stdout: ssh -o ProxyUseFdpass=yes");
	return -1;
}

static void run_notes(struct loop_task *task)
{
	struct broker *broker = loop_owner(task, struct broker, door);
	struct server *server = broker->server;
	struct broker_note note = { 0 };
	ssize_t n = recv(broker->fd, &note, sizeof note, MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n != (ssize_t)sizeof note) { /* the parent has gone */
		loop_remove(server->loop, task);
		server_close(server);
		note = (struct broker_note){ .ended = UINT_MAX };
	}
	for (; note.ended > 0 && server->running > 0; note.ended--)
		server_note_end(server, false);
	for (; note.signals > 0; note.signals--)
		service_note_signal(server->service, note.number);
}

void broker_attend(struct broker *broker, struct server *server)
{
	broker->server = server;
	loop_task_init(&broker->door, run_notes);
	broker->door.fds[0] = (struct pollfd){ broker->fd, POLLIN, 0 };
	if (loop_update(server->loop, &broker->door) < 0)
		service_fail(
		    server->service, errno); /* it would hear of no signal */
}

/* Tells the child, as soon as it can be told without waiting. */
static void tell(struct broker *broker)
{
	struct broker_note *news = &broker->news;

	if ((news->ended > 0 || news->signals > 0) &&
	    send(broker->fd, news, sizeof *news, MSG_DONTWAIT | MSG_NOSIGNAL) >
		0)
		*news = (struct broker_note){ 0 };
	broker->door.fds[0] = (struct pollfd){
		.fd = broker->fd,
		.events = news->ended > 0 || news->signals > 0
			      ? POLLIN | POLLOUT
			      : POLLIN,
	};
	if (loop_update(&broker->loop, &broker->door) < 0)
		broker->error = errno;
}

static void count(struct broker *broker, int change)
{
	broker->running += change;
	broker->accepted += change > 0 ? 1 : 0;
	notify_connections(broker->notify, broker->running, broker->accepted);
}

static void start_command(
    struct broker *broker, int fd, const struct address *peer)
{
	if (exec_start(broker->exec, fd, peer) == 0) {
		count(broker, 1);
		return;
	}
	trouble_at(peer, "fork", errno);
	broker->news.ended++;
}

/*
 * Takes one connection that the child hands over. Returns whether there was
 * one. The child may be in the hands of a peer: what it sends of one is only
 * made harmless.
 */
static bool take(struct broker *broker)
{
	struct address peer;
	int fd = fd_receive(broker->fd, &peer, sizeof peer);

	if (fd < 0 && errno != EAGAIN && errno != EPIPE)
		broker->missed = errno;
	if (fd < 0 && errno != EMFILE)
		return false;
	if (fd < 0) {
		trouble_at(broker->at, "hand over", errno);
		broker->news.ended++;
		return true;
	}
	peer.kind = broker->at->kind;
	peer.path[sizeof peer.path - 1] = '\0';
	peer.host[sizeof peer.host - 1] = '\0';
	if (broker->once && broker->taken < 0) {
		broker->taken = fd;
		broker->peer = peer;
		return true;
	}
	if (!broker->once)
		start_command(broker, fd, &peer);
	close(fd);
	return true;
}

static void run_door(struct loop_task *task)
{
	struct broker *broker = loop_owner(task, struct broker, door);

	while (take(broker))
		;
	if ((task->fds[0].revents & POLLHUP) != 0)
		loop_remove(&broker->loop, task); /* SIGCHLD tells more */
	else
		tell(broker);
}

/* Whether the child has ended; if its end cannot be learned, it was no good. */
static bool has_ended(struct broker *broker)
{
	pid_t pid;

	do {
		pid = waitpid(broker->child, &broker->wait_status, WNOHANG);
	} while (pid < 0 && errno == EINTR);
	if (pid < 0)
		broker->error = errno;
	return pid > 0;
}

/* Also takes what the child has handed over right before its end. */
static void note_children(struct broker *broker)
{
	int ended;

	if (has_ended(broker)) {
		broker->over = true;
		while (take(broker))
			;
	}
	ended = exec_reap(broker->exec);
	broker->news.ended += (unsigned)ended;
	if (ended > 0)
		count(broker, -ended);
	if (!broker->over)
		tell(broker);
}

static void note_signal(struct broker *broker, int number)
{
	if (number == SIGUSR1) {
		if (broker->serves && !broker->over)
			kill(broker->child, number);
		return;
	}
	broker->signal = number;
	broker->news.number = number;
	notify_stopping(broker->notify);
	if (broker->over)
		return;
	if (!broker->serves)
		kill(broker->child, SIGKILL);
	broker->news.signals++;
	tell(broker);
}

static void run_bell(struct loop_task *task)
{
	struct broker *broker = loop_owner(task, struct broker, bell);
	int number;

	while ((number = loop_next_signal(task)) != 0) {
		if (number == SIGCHLD)
			note_children(broker);
		else
			note_signal(broker, number);
	}
}

/* Ends as the child did, by the signal that we were to end by, too. */
static enum status follow(const struct broker *broker)
{
	int number = WTERMSIG(broker->wait_status);

	if (!WIFSIGNALED(broker->wait_status))
		return (enum status)WEXITSTATUS(broker->wait_status);
	if (number == broker->signal)
		loop_die(number);
	log_error("-e: the process that opens connections was killed by "
		  "signal %d",
	    number);
	return STATUS_FAILED;
}

enum status broker_serve(struct broker *broker)
{
	enum status status;
	int result;

	broker->taken = -1;
	loop_task_init(&broker->bell, run_bell);
	loop_task_init(&broker->door, run_door);
	result = loop_init(&broker->loop);
	if (result == 0)
		result = loop_watch_signals(&broker->loop, &broker->bell, true);
	if (result == 0)
		notify_ready(broker->notify, &broker->loop);
	if (result == 0)
		note_children(broker); /* what came before is not signalled */
	while (result == 0 && !broker->over && broker->error == 0)
		result = loop_turn(&broker->loop);
	if (result < 0)
		broker->error = errno;
	if (broker->error != 0) {
		log_error("-e: %s", strerror(broker->error));
		exec_end(broker->exec);
		return STATUS_FAILED; /* by which the child ends, too */
	}
	if (broker->once && broker->signal != 0)
		loop_die(broker->signal); /* though the child may not know */
	if (broker->taken >= 0) {
		exec_become(broker->exec, broker->taken, &broker->peer);
		return STATUS_FAILED;
	}
	exec_end(broker->exec);
	status = follow(broker);
	if (broker->once && status == STATUS_OK) {
		trouble_at(broker->at, "hand over",
		    broker->missed != 0 ? broker->missed : EPIPE);
		return STATUS_FAILED; /* there is a connection, but not here */
	}
	return status;
}
