/*
 * libFuzzer: what a VMM answers to CONNECT on its hybrid socket, cut into
 * pieces. The outcome must be that of the answer as a whole, however it was
 * cut; and what follows the answer's newline are the guest's bytes: all of them
 * must be in the socket yet.
 *
 * The first byte says whether the VMM closes after its answer, the next ones
 * how the answer is cut.
 */
#include "fuzz.h"
#include "mux.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

/* An answer of more bytes is none. */
#define ANSWER_MOST 32
#define BYTES_MOST  256
#define PIECES      3

/* Both ends: ours, and the VMM's. */
struct pair {
	int ours, vmm;
};

struct outcome {
	int error;   /* 0: connected; EAGAIN: more is to come */
	size_t used; /* bytes of the answer */
};

/* What must come of so many bytes of an answer. */
static struct outcome expect(
    const unsigned char *answer, size_t size, bool closed)
{
	const unsigned char *end =
	    memchr(answer, '\n', size < ANSWER_MOST ? size : ANSWER_MOST);
	size_t line = end != NULL ? (size_t)(end - answer) : size;
	int64_t number;

	if (end == NULL && size >= ANSWER_MOST)
		return (struct outcome){ EPROTO, ANSWER_MOST };
	if (end == NULL && !closed)
		return (struct outcome){ EAGAIN, size };
	if (end == NULL)
		return (
		    struct outcome){ size == 0 ? ECONNREFUSED : EPROTO, size };
	if (line < 4 || memcmp(answer, "OK ", 3) != 0)
		return (struct outcome){ EPROTO, line + 1 };
	number = fuzz_number((const char *)answer + 3, line - 3);
	return (struct outcome){
		number >= 0 && number <= UINT32_MAX ? 0 : EPROTO, line + 1
	};
}

static struct pair open_pair(void)
{
	int fd[2];

	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd) == 0,
	    "socketpair");
	return (struct pair){ fd[0], fd[1] };
}

static void close_pair(const struct pair *pair)
{
	close(pair->ours);
	close(pair->vmm);
}

/* The request is one line, and comes at once. */
static void check_request(struct socket_attempt *attempt, int vmm)
{
	const struct address to = { .kind = ADDRESS_MUX, .port = 52 };
	char request[64];
	ssize_t n;

	must(mux_family.ask(attempt, &to) == 0, "asking");
	n = recv(vmm, request, sizeof request, 0);
	must(
	    n == 11 && memcmp(request, "CONNECT 52\n", 11) == 0, "the request");
}

static void check_outcome(const struct socket_attempt *attempt, int result,
    int error, const struct outcome *wanted)
{
	const char *said = attempt->fault.said;

	must((result == 0) == (wanted->error == 0), "whether it is connected");
	must(result == 0 || error == wanted->error, "the error");
	if (result == 0 || error != EPROTO)
		return;
	must(memchr(said, '\0', SOCKET_SAID_SIZE) != NULL, "what was said");
	must(strstr(said, "the answer was \"") != NULL, "what was said");
	for (; *said != '\0'; said++)
		must(*said >= ' ' && *said <= '~', "what a terminal may get");
}

/* All bytes that were not used up are there, and no others. */
static void check_rest(int fd, const unsigned char *rest, size_t size)
{
	unsigned char there[BYTES_MOST + 1];
	ssize_t n = recv(fd, there, sizeof there, 0);

	if (n < 0)
		must(errno == EAGAIN || errno == ECONNRESET, "reading on");
	must((n > 0 ? (size_t)n : 0) == size, "how much is left");
	must(n <= 0 || memcmp(there, rest, size) == 0, "what is left");
}

/* Sends the pieces, and hears what there is after each. */
static void converse(struct pair *pair, const size_t cuts[PIECES],
    const unsigned char *bytes, bool closes)
{
	struct socket_attempt attempt = { .fd = pair->ours };
	struct outcome wanted = { EAGAIN, 0 };
	size_t size = cuts[PIECES - 1];
	size_t sent = 0;

	check_request(&attempt, pair->vmm);
	for (int i = 0; i < PIECES && wanted.error == EAGAIN; i++) {
		bool last = closes && i == PIECES - 1;

		if (cuts[i] > sent)
			send(pair->vmm, bytes + sent, cuts[i] - sent, 0);
		sent = cuts[i];
		if (last)
			shutdown(pair->vmm, SHUT_WR);
		wanted = expect(bytes, sent, last);
		check_outcome(
		    &attempt, mux_family.hear(&attempt), errno, &wanted);
	}
	if (sent < size)
		send(pair->vmm, bytes + sent, size - sent, 0);
	check_rest(pair->ours, bytes + wanted.used, size - wanted.used);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static struct pair kept = { -1, -1 };
	struct fuzz fuzz = { data, size };
	bool closes = (fuzz_byte(&fuzz) & 1) != 0;
	size_t cuts[PIECES] = { fuzz_byte(&fuzz), fuzz_byte(&fuzz), 0 };
	size_t most = fuzz.left < BYTES_MOST ? fuzz.left : BYTES_MOST;
	struct pair fresh;

	cuts[2] = most;
	cuts[1] = cuts[1] < most ? cuts[1] : most;
	cuts[0] = cuts[0] < cuts[1] ? cuts[0] : cuts[1];
	if (closes) {
		fresh = open_pair();
		converse(&fresh, cuts, fuzz.at, closes);
		close_pair(&fresh);
		return 0;
	}
	/* a pair that is open and empty is as good as a new one */
	if (kept.ours < 0)
		kept = open_pair();
	converse(&kept, cuts, fuzz.at, closes);
	return 0;
}
