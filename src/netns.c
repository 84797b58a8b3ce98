#include "netns.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd.h"
#include "log.h"
#include "sandbox.h"

/* The helper answers at once, unless it was stopped or killed. */
#define ANSWER_MS 10000

#define MODE_FILE "/proc/sys/net/vsock/ns_mode"

/* The first thing that we hear of the helper. */
struct arrival {
	int error; /* of setns(2), or 0 */
	bool mute; /* there is no ns_mode, although there is vsock */
	bool global;
};

static const struct {
	int error;
	const char *text;
} hints[] = {
	{ ENOENT, "ip netns list shows those in /run/netns" },
	{ EINVAL, "give the path of a network namespace: /run/netns/NAME or "
		  "/proc/PID/ns/net" },
	{ EPERM, "another network namespace needs CAP_SYS_ADMIN: run vcat as "
		 "root" },
	{ EACCES, "another network namespace needs CAP_SYS_ADMIN: run vcat as "
		  "root" },
};

/* Returns -1. */
static int complain(const char *path, const char *step, int error)
{
	log_error("--netns: %s: %s: %s", path, step, strerror(error));
	for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++)
		if (hints[i].error == error)
			log_hint("%s", hints[i].text);
	return -1;
}

/* Whether this namespace shares its VM sockets; -1: nobody can tell. */
static int is_global(void)
{
	char mode[] = "global";
	int fd = open(MODE_FILE, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, mode, sizeof mode - 1);
	close(fd);
	return n > 0 && memcmp(mode, "global", (size_t)n) == 0;
}

static struct arrival enter(int namespace)
{
	struct arrival arrival = { 0 };
	int fd;
	int global;

	if (setns(namespace, CLONE_NEWNET) < 0) {
		arrival.error = errno;
		return arrival;
	}
	/* the kernel loads its module now, which makes the file */
	fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return arrival; /* each socket will be this error */
	close(fd);
	global = is_global();
	arrival.mute = global < 0;
	arrival.global = global > 0;
	return arrival;
}

/* Makes a socket of each type that is asked for, until nobody is left. */
static void serve(int fd)
{
	int type;

	while (recv(fd, &type, sizeof type, 0) == (ssize_t)sizeof type) {
		int made = socket(AF_VSOCK, type, 0);
		int error = made < 0 ? errno : 0;

		if (made < 0) {
			send(fd, &error, sizeof error, MSG_NOSIGNAL);
			continue;
		}
		fd_pass(fd, made, &error, sizeof error);
		close(made);
	}
}

/* It keeps no other descriptor: a pipe would have no end. */
static void help(int fd, int namespace, bool confined)
{
	static const int ignored[] = { SIGHUP, SIGINT, SIGTERM, SIGUSR1 };
	const struct sandbox sandbox = {
		.needs = SANDBOX_DIALS_VSOCK,
		.rules.directory = -1,
	};
	struct arrival arrival;

	/* they may be for all processes of a job; whoever needs it ends it */
	for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
		signal(ignored[i], SIG_IGN);
	arrival = enter(namespace);
	dup2(fd, STDIN_FILENO);
	closefrom(STDIN_FILENO + 1);
	if (confined)
		sandbox_enter(&sandbox);
	send(STDIN_FILENO, &arrival, sizeof arrival, MSG_NOSIGNAL);
	serve(STDIN_FILENO);
}

/* Returns 0, or -1 with errno if the helper does not answer. */
static int wait_for(int helper)
{
	errno = ETIMEDOUT;
	return fd_poll(helper, POLLIN, ANSWER_MS) != 0 ? 0 : -1;
}

/* Returns 0, or -1 after a message. */
static int check(int helper, const char *path)
{
	struct arrival arrival;
	ssize_t n = wait_for(helper);

	if (n == 0)
		n = recv(helper, &arrival, sizeof arrival, 0);
	if (n != (ssize_t)sizeof arrival)
		return complain(path, "enter", n < 0 ? errno : ECHILD);
	if (arrival.error != 0)
		return complain(path, "enter", arrival.error);
	if (arrival.mute) {
		log_error("--netns: %s: VM sockets have no namespaces here: "
			  "%s is not there",
		    path, MODE_FILE);
		log_hint("they have since Linux 7.0; without --netns, vcat "
			 "uses those that all namespaces share");
		return -1;
	}
	if (arrival.global && is_global() > 0) {
		log_error("--netns: %s: no effect: its VM sockets are those "
			  "that all global namespaces share",
		    path);
		log_hint("a namespace has its own VM sockets if "
			 "/proc/sys/net/vsock/child_ns_mode was local when it "
			 "was made");
	}
	return 0;
}

/* In a child: makes the helper a child of nobody here, who had to wait for its
 * end. */
static void leave_helper(int fd, int namespace, bool confined)
{
	if (fork() == 0)
		help(fd, namespace, confined);
	_exit(0);
}

/* Returns its descriptor, or -1 after a message. */
static int start(const char *path, int namespace, bool confined)
{
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return complain(path, "socketpair", errno);
	pid = fork();
	if (pid == 0)
		leave_helper(ends[1], namespace, confined);
	if (pid < 0)
		complain(path, "fork", errno);
	else
		waitpid(pid, NULL, 0);
	close(ends[1]);
	if (pid > 0 && check(ends[0], path) == 0)
		return ends[0];
	close(ends[0]);
	return -1;
}

int netns_open(const char *path, bool confined)
{
	/* a fifo there must not make us wait */
	int namespace = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int helper;

	if (namespace < 0)
		return complain(path, "open", errno);
	helper = start(path, namespace, confined);
	close(namespace);
	return helper;
}

/* With errno: what a helper that has gone looks like is its end. */
static int note_end(void)
{
	if (errno == EPIPE || errno == ECONNRESET)
		errno = ECHILD;
	return -1;
}

int netns_socket(int helper, int type)
{
	int error = 0;
	int fd;

	if (send(helper, &type, sizeof type, MSG_NOSIGNAL) < 0)
		return note_end();
	if (wait_for(helper) < 0)
		return -1;
	fd = fd_receive(helper, &error, sizeof error);
	if (fd < 0 && error != 0)
		errno = error;
	return fd < 0 ? note_end() : fd;
}
