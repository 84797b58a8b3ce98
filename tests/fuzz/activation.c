/*
 * libFuzzer: what a process finds that is started with `-l -`: the variables of
 * sd_listen_fds(3), and whatever lies at descriptor 3. It may take that over
 * only if all of it is meant for this process, and is a socket that listens or
 * is connected.
 *
 * The first byte chooses what lies at 3, the second which variables are set to
 * right values; the others get the texts that follow.
 */
#include "fuzz.h"
#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define PLACE    3   /* SD_LISTEN_FDS_START */
#define TEMPLATE 100 /* and up: what may lie there, all the time */
#define TEXT     512

enum use { NO_SOCKET, USELESS, CONNECTED, LISTENS };

struct thing {
	int fd; /* -1: nothing */
	enum use use;
	enum address_kind kind;
};

struct things {
	struct thing list[32];
	unsigned count;
};

/* Keeps it out of the way of descriptor 3. */
static void add(struct things *things, int fd, enum use use, int domain)
{
	int away = fd < 0 ? -1 : fcntl(fd, F_DUPFD, TEMPLATE);

	must(fd < 0 || away >= TEMPLATE, "a thing");
	things->list[things->count++] = (struct thing){ away, use,
		domain == AF_UNIX ? ADDRESS_UNIX : ADDRESS_TCP };
	if (fd >= 0)
		close(fd);
}

/* One that nobody has connected, and perhaps one that listens. */
static void add_alone(struct things *things, int domain, int type)
{
	const struct sockaddr_in loopback = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct sockaddr name = { .sa_family = AF_UNIX };
	int fd = socket(domain, type | SOCK_NONBLOCK, 0);
	int bound =
	    domain == AF_UNIX
		? bind(fd, &name, sizeof name.sa_family)
		: bind(fd, (const struct sockaddr *)&loopback, sizeof loopback);

	must(bound == 0, "bind");
	add(things, socket(domain, type, 0), USELESS, domain);
	if (listen(fd, 1) == 0)
		add(things, fd, LISTENS, domain);
	else
		add(things, fd, USELESS, domain);
}

/* A TCP connection over the loopback, of which we keep both ends. */
static void add_tcp_connection(struct things *things)
{
	const struct thing *listening = &things->list[things->count - 1];
	struct sockaddr_storage name;
	socklen_t length = sizeof name;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	must(listening->use == LISTENS, "a listening socket");
	getsockname(listening->fd, (struct sockaddr *)&name, &length);
	must(connect(fd, (struct sockaddr *)&name, length) == 0, "connect");
	add(things, accept(listening->fd, NULL, NULL), CONNECTED, AF_INET);
	add(things, fd, CONNECTED, AF_INET);
}

static void add_pair(struct things *things, int type, enum use use)
{
	int fd[2];

	must(socketpair(AF_UNIX, type, 0, fd) == 0, "socketpair");
	add(things, fd[0], use, AF_UNIX);
	add(things, fd[1], use, AF_UNIX);
}

static void prepare(struct things *things)
{
	static const int types[] = { SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM };
	int fd[2];

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		add_pair(things, types[i],
		    types[i] == SOCK_DGRAM ? USELESS : CONNECTED);
		add_alone(things, AF_UNIX, types[i]);
	}
	add_alone(things, AF_INET, SOCK_DGRAM);
	add_alone(things, AF_INET, SOCK_STREAM);
	add_tcp_connection(things);
	add(things, -1, NO_SOCKET, AF_UNIX);
	must(pipe(fd) == 0, "pipe");
	add(things, fd[0], NO_SOCKET, AF_UNIX);
	add(things, fd[1], NO_SOCKET, AF_UNIX);
	add(things, open("/dev/null", O_RDWR), NO_SOCKET, AF_UNIX);
	add(things, open("/proc/self/exe", O_RDONLY), NO_SOCKET, AF_UNIX);
	add(things, open("/", O_DIRECTORY), NO_SOCKET, AF_UNIX);
	add(things, eventfd(0, 0), NO_SOCKET, AF_UNIX);
	add(things, epoll_create1(0), NO_SOCKET, AF_UNIX);
}

/* The variable NAME=VALUE is set. The text must last: nothing is copied. */
static void set(char text[TEXT], const char *name, const char *value)
{
	snprintf(text, TEXT, "%s=%s", name, value);
	putenv(text);
}

/* Sets a variable or not. Returns whether its value is that number. */
static bool set_number(
    struct fuzz *fuzz, char *text, const char *name, int64_t right)
{
	unsigned how = fuzz_byte(fuzz);
	char number[32];
	char *value;
	bool good;

	unsetenv(name);
	if (how % 8 == 0)
		return false;
	if (how % 8 < 5) {
		snprintf(number, sizeof number, "%d", (int)right);
		set(text, name, number);
		return true;
	}
	value = fuzz_text(fuzz, '\n');
	value[strnlen(value, TEXT / 2)] = '\0';
	good = fuzz_number(value, strlen(value)) == right;
	set(text, name, value);
	free(value);
	return good;
}

static void check_taken(
    const struct listener *listener, const struct thing *thing)
{
	static const struct socket_choice choice = { .buffer = 65536 };
	struct address peer;
	int flags = fcntl(PLACE, F_GETFL);

	must(listener->fd == PLACE, "another descriptor");
	must(listener->address.kind == thing->kind, "another kind");
	must((fcntl(PLACE, F_GETFD) & FD_CLOEXEC) != 0, "not close-on-exec");
	must(flags == fcntl(thing->fd, F_GETFL), "other flags");
	must(listener->may_wait ==
		 (thing->kind == ADDRESS_VSOCK || (flags & O_NONBLOCK) == 0),
	    "may wait");
	must(listener->file.path[0] == '\0', "a file to be removed");
	must(listener_is_connected(listener, &choice, &peer) ==
		 (thing->use == CONNECTED),
	    "whether it is a connection");
	if (thing->use == LISTENS)
		must(listener_accept(listener, &choice, &peer) == -1 &&
			 errno == EAGAIN,
		    "who has connected?");
}

/* Descriptor 3 is ours before libFuzzer opens a file there. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	must(dup2(STDERR_FILENO, PLACE) == PLACE, "dup2");
	return 0;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static struct things things;
	static char texts[3][TEXT];
	struct fuzz fuzz = { data, size };
	struct listener listener = { .fd = -1 };
	const struct thing *thing;
	unsigned long before = fuzz_messages;
	bool good;
	int result;

	if (things.count == 0)
		prepare(&things);
	thing = &things.list[fuzz_byte(&fuzz) % things.count];
	if (thing->fd < 0)
		close(PLACE);
	else
		must(dup2(thing->fd, PLACE) == PLACE, "dup2");
	good = set_number(&fuzz, texts[0], "LISTEN_FDS", 1);
	good = set_number(&fuzz, texts[1], "LISTEN_PID", getpid()) && good;
	set_number(&fuzz, texts[2], "LISTEN_FDNAMES", 0);
	good = good && thing->use >= CONNECTED;
	result = listener_adopt(&listener);
	must(result == (good ? 0 : -1), "whether it is taken");
	must(fuzz_messages - before == (good ? 0 : 2), "an error and a hint");
	must(getenv("LISTEN_FDS") == NULL && getenv("LISTEN_PID") == NULL &&
		 getenv("LISTEN_FDNAMES") == NULL,
	    "variables that are there yet");
	if (good)
		check_taken(&listener, thing);
	else if (thing->fd >= 0)
		must(fcntl(PLACE, F_GETFD) == 0, "left as it was");
	else
		dup2(STDERR_FILENO, PLACE);
	return 0;
}
