#include "lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "family.h"
#include "sandbox.h"

/* At once. Whoever asks for more names is told so. */
#define WORKERS 64

/* A resolver gives up long before; this is for one that hangs. */
#define WORK_SECONDS 60

/* A child, and the question that it works on. */
struct worker {
	pid_t pid; /* 0: none */
	uint32_t number;
};

struct desk {
	int fd;
	sigset_t waiting; /* the mask while there is nothing to do */
	struct worker workers[WORKERS];
};

static void note_child(int number)
{
	(void)number; /* it interrupts ppoll(2) */
}

/* A message is sent whole, or the other process has gone. */
static void answer(int fd, const struct lookup_answer *answer)
{
	while (send(fd, answer, sizeof *answer, MSG_NOSIGNAL) < 0 &&
	       errno == EINTR)
		;
}

static void answer_error(int fd, uint32_t number, int error, const char *said)
{
	struct lookup_answer failure = { .number = number, .error = error };

	strlcpy(failure.said, said, sizeof failure.said);
	answer(fd, &failure);
}

/* In a child: answers that question. */
static void work(int fd, const struct lookup_question *question)
{
	const struct family *family = family_of(question->address.kind);
	struct lookup_answer result = { .number = question->number };
	struct socket_fault fault = { .step = "" };
	struct names *names = family->resolve(&question->address, &fault);

	if (names == NULL) {
		answer_error(fd, question->number, errno, fault.said);
		return;
	}
	result.count =
	    names->count < LOOKUP_ADDRESSES ? names->count : LOOKUP_ADDRESSES;
	memcpy(result.list, names->list,
	    (size_t)result.count * sizeof result.list[0]);
	names_drop(names);
	answer(fd, &result);
}

/* What a child sets before it works. It must not outlive its parent. */
static void begin_work(pid_t parent)
{
	sigset_t alarms;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		raise(SIGKILL);
	signal(SIGALRM, SIG_DFL);
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &alarms, NULL);
	alarm(WORK_SECONDS);
}

static struct worker *find_worker(struct desk *desk, pid_t pid)
{
	for (int i = 0; i < WORKERS; i++)
		if (desk->workers[i].pid == pid)
			return &desk->workers[i];
	return NULL;
}

static void begin(struct desk *desk, const struct lookup_question *question)
{
	struct worker *worker = find_worker(desk, 0);
	pid_t self = getpid();

	if (worker == NULL) {
		answer_error(desk->fd, question->number, ETIMEDOUT,
		    "too many names are being looked up");
		return;
	}
	*worker = (struct worker){ fork(), question->number };
	if (worker->pid == 0) {
		begin_work(self);
		work(desk->fd, question);
		_exit(0);
	}
	if (worker->pid < 0) {
		worker->pid = 0;
		answer_error(desk->fd, question->number, errno, "");
	}
}

/* A child that broke has not answered. */
static void reap(struct desk *desk)
{
	struct worker *worker;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		worker = find_worker(desk, pid);
		if (worker == NULL)
			continue;
		worker->pid = 0;
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			answer_error(desk->fd, worker->number, ETIMEDOUT,
			    "the look-up was killed");
	}
}

/*
 * Whoever asks may be in the hands of a peer by now, and after the rights that
 * this process has: a kind leads to a function, and must be one that has names.
 */
static bool is_question(const struct lookup_question *question, ssize_t size)
{
	const struct address *address = &question->address;

	return size == (ssize_t)sizeof *question &&
	       address->kind == ADDRESS_TCP &&
	       memchr(address->host, '\0', sizeof address->host) != NULL;
}

/* Until nobody can ask any more, or somebody asks for anything else. */
static void serve(struct desk *desk)
{
	struct pollfd entry = { .fd = desk->fd, .events = POLLIN };
	struct lookup_question question;
	ssize_t n;

	for (;;) {
		if (ppoll(&entry, 1, NULL, &desk->waiting) < 0 &&
		    errno != EINTR)
			return;
		reap(desk);
		n = recv(desk->fd, &question, sizeof question, MSG_DONTWAIT);
		if (n > 0 && is_question(&question, n))
			begin(desk, &question);
		else if (n >= 0 || (errno != EAGAIN && errno != EINTR))
			return;
	}
}

/* Keeps that descriptor alone, and returns its new number. */
static int keep_only(int fd)
{
	int null = open("/dev/null", O_RDWR);
	int kept = STDERR_FILENO + 1;

	/* where there is none, closed is closed */
	for (int i = 0; i <= STDERR_FILENO; i++)
		if (null < 0 || dup2(null, i) < 0)
			close(i);
	if (dup2(fd, kept) < 0)
		return -1;
	closefrom(kept + 1);
	return kept;
}

static void confine(void)
{
	const struct sandbox sandbox = {
		.any_call = true,
		.rules = {
			.reads = true,
			.directory = -1,
			/* DNS, LDAP and others, over TCP */
			.tcp_ports = { .count = 1,
			    .list = { { 1, UINT16_MAX } } },
		},
	};

	sandbox_enter(&sandbox);
}

/* All signals are blocked. */
static void run(int fd, bool confined)
{
	struct sigaction noted = { .sa_handler = note_child };
	struct desk desk = { .fd = keep_only(fd) };

	sigfillset(&desk.waiting);
	sigdelset(&desk.waiting, SIGCHLD);
	sigaction(SIGCHLD, &noted, NULL);
	setsid(); /* a terminal is none of its business */
	prctl(PR_SET_NAME, "vcat-names");
	if (confined)
		confine();
	if (desk.fd >= 0)
		serve(&desk);
}

int lookup_start(bool confined)
{
	sigset_t all;
	sigset_t before;
	int ends[2];
	pid_t pid;
	int error;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	pid = fork();
	if (pid == 0) {
		run(ends[1], confined);
		_exit(0);
	}
	error = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(ends[1]);
	if (pid > 0)
		return ends[0];
	close(ends[0]);
	errno = error;
	return -1;
}
