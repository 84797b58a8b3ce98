#include "soaker_chain.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "timing.h"

enum { BACKLOG = 4096, PORT_FIRST = 10000, PORTS = 20000 };

/* A port that no outgoing connection takes, and nobody has. 0: none. */
static unsigned int free_port(int number)
{
	int start = getpid() * 37 + number * 101;

	for (int i = 0; i < PORTS; i++) {
		unsigned int port = PORT_FIRST + (unsigned)(start + i) % PORTS;
		char text[CHAIN_ADDRESS];
		union place place;
		int fd;

		snprintf(text, sizeof text, "tcp:127.0.0.1:%u", port);
		place_parse(text, &place);
		fd = place_listen(&place, SOCK_STREAM);
		if (fd < 0)
			continue;
		close(fd);
		return port;
	}
	return 0;
}

static bool set_point(struct soaker_point *point, const char *kind, int number)
{
	char *listens = point->listens, *dials = point->dials;
	const size_t size = CHAIN_ADDRESS;

	if (strcmp(kind, "unix") == 0)
		snprintf(listens, size, "unix:s%d", number);
	else if (strcmp(kind, "tcp") == 0)
		snprintf(listens, size, "tcp:127.0.0.1:%u", free_port(number));
	else if (strcmp(kind, "vsock") == 0)
		snprintf(listens, size, "vsock:1:%d", PORT_FIRST + number);
	else if (strcmp(kind, "mux") == 0)
		snprintf(listens, size, "mux:v:%d", number);
	else if (strcmp(kind, "vmm") == 0)
		snprintf(listens, size, "unix:guest_%d", number);
	else
		return false;
	if (strcmp(kind, "mux") == 0)
		snprintf(dials, size, "unix:v_%d", number);
	else if (strcmp(kind, "vmm") == 0)
		snprintf(dials, size, "mux:v:%d", number);
	else
		strlcpy(dials, listens, size);
	return true;
}

bool chain_parse(struct soaker_chain *chain, const char *name, int number)
{
	char words[128];
	char *rest = words, *word;

	chain->name = name;
	chain->length = -1;
	chain->resets = true;
	strlcpy(words, name, sizeof words);
	while ((word = strsep(&rest, "-")) != NULL) {
		if (chain->length == CHAIN_MEMBERS ||
		    !set_point(&chain->points[chain->length + 1], word,
			number * (CHAIN_MEMBERS + 1) + chain->length + 1)) {
			warnx("%s: no chain at '%s'", name, word);
			return false;
		}
		chain->length++;
		if (strcmp(word, "tcp") != 0)
			chain->resets = false;
	}
	if (chain->length < 1) {
		warnx("%s: a chain has two points at least", name);
		return false;
	}
	return place_parse(chain->points[0].dials, &chain->entry) ||
	       place_parse(chain->points[0].listens, &chain->entry);
}

static void become(const char *vcat, const char *listens, const char *dials)
{
	int null = open("/dev/null", O_RDWR);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_DFL);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	close(null);
	execl(vcat, vcat, "-l", "-k", "-v", "--shutdown", listens, "-t", dials,
	    (char *)NULL);
	warn("%s", vcat);
	_exit(127);
}

/* Until it says that it listens. */
static bool await(struct soaker_member *member)
{
	const double limit = timing_now() + 30;
	struct pollfd fd = { .fd = member->hears, .events = POLLIN };

	while (!member->listens && member->hears >= 0 && timing_now() < limit) {
		poll(&fd, 1, 100);
		chain_hear(member);
	}
	return member->listens;
}

bool chain_start_member(struct soaker_chain *chain, int index, const char *vcat)
{
	struct soaker_member *member = &chain->members[index];
	const char *listens = chain->points[index].listens;
	const char *dials = chain->points[index + 1].dials;
	int said[2];

	if (pipe2(said, O_CLOEXEC) < 0)
		err(1, "pipe");
	member->listens = false;
	member->length = 0;
	member->hears = said[0];
	fcntl(said[0], F_SETFL, O_NONBLOCK);
	member->pid = fork();
	if (member->pid < 0)
		err(1, "fork");
	if (member->pid == 0) {
		dup2(said[1], STDERR_FILENO);
		become(vcat, listens, dials);
	}
	close(said[1]);
	if (!await(member))
		warnx("%s: %s does not listen: %s", chain->name, listens,
		    member->said);
	return member->listens;
}

bool chain_start(struct soaker_chain *chain, const char *vcat)
{
	union place exit;

	if (!place_parse(chain->points[chain->length].listens, &exit)) {
		warnx("%s: cannot listen at its exit", chain->name);
		return false;
	}
	chain->listener = place_listen(&exit, SOCK_STREAM);
	if (chain->listener < 0 || listen(chain->listener, BACKLOG) < 0) {
		warn("%s: listen", chain->name);
		return false;
	}
	fcntl(chain->listener, F_SETFL, O_NONBLOCK);
	for (int i = 0; i < chain->length; i++)
		if (!chain_start_member(chain, i, vcat))
			return false;
	return true;
}

static void stop_hearing(struct soaker_member *member)
{
	if (member->hears >= 0)
		close(member->hears);
	member->hears = -1;
}

void chain_kill_member(struct soaker_chain *chain, int index)
{
	struct soaker_member *member = &chain->members[index];

	kill(member->pid, SIGKILL);
	waitpid(member->pid, NULL, 0);
	stop_hearing(member);
	member->restarts++;
}

/* By SIGTERM, or by exit(3) with the status a shell would give that. */
static bool ended_well(int status)
{
	return (WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) ||
	       (WIFEXITED(status) && WEXITSTATUS(status) == 128 + SIGTERM);
}

/* It says its last words first; its end closes stderr. */
static bool stop(struct soaker_member *member)
{
	const double limit = timing_now() + 30;
	struct pollfd fd = { .fd = member->hears, .events = POLLIN };
	int status;

	kill(member->pid, SIGTERM);
	while (member->hears >= 0 && timing_now() < limit) {
		poll(&fd, 1, 100);
		chain_hear(member);
	}
	if (member->hears >= 0)
		kill(member->pid, SIGKILL);
	waitpid(member->pid, &status, 0);
	stop_hearing(member);
	return ended_well(status) && !member->sick;
}

int chain_stop(struct soaker_chain *chain)
{
	union place exit;
	int failures = 0;

	for (int i = 0; i < chain->length; i++) {
		if (stop(&chain->members[i]))
			continue;
		warnx("%s: vcat %d did not end well", chain->name, i + 1);
		failures++;
	}
	close(chain->listener);
	place_parse(chain->points[chain->length].listens, &exit);
	place_forget(&exit);
	return failures;
}

/* From a sanitizer's first word on, all of it matters. */
static void note_line(struct soaker_member *member)
{
	if (strncmp(member->said, "listening on ", 13) == 0)
		member->listens = true;
	if (strstr(member->said, "Sanitizer") != NULL ||
	    strstr(member->said, "runtime error:") != NULL)
		member->sick = true;
	if (member->sick)
		warnx("%s", member->said);
}

static void note_said(struct soaker_member *member, const char *said, ssize_t n)
{
	for (ssize_t i = 0; i < n; i++) {
		if (said[i] != '\n' &&
		    member->length < sizeof member->said - 1) {
			member->said[member->length++] = said[i];
			continue;
		}
		member->said[member->length] = '\0';
		note_line(member);
		member->length = 0;
	}
}

void chain_hear(struct soaker_member *member)
{
	char said[4096];
	ssize_t n;

	while ((n = read(member->hears, said, sizeof said)) > 0)
		note_said(member, said, n);
	if (n == 0 || errno != EAGAIN)
		stop_hearing(member);
}
