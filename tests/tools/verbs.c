/* The actions themselves, and the table of them at the end. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "action.h"
#include "duplex.h"
#include "place.h"
#include "timing.h"

static int fail(struct session *s, const char *why)
{
	strlcpy(s->why, why, sizeof(s->why));
	return -1;
}

static int run_read(struct session *s, const struct step *step)
{
	return session_receive_exactly(s, step->number);
}

static int run_read_eof(struct session *s, const struct step *step)
{
	(void)step;
	return session_receive_all(s, 0, 0);
}

static int run_slow_read(struct session *s, const struct step *step)
{
	return session_receive_all(s, step->number, step->seconds);
}

static int run_seed(struct session *s, const struct step *step)
{
	prng_init(&s->prng, step->number);
	return 0;
}

static int run_send(struct session *s, const struct step *step)
{
	return session_send_random(s, step->number);
}

static int run_text(struct session *s, const struct step *step)
{
	return session_send(s, step->text, strlen(step->text));
}

static int run_file(struct session *s, const struct step *step)
{
	return session_send_file(s, step->text);
}

static int run_message(struct session *s, const struct step *step)
{
	char *message = malloc(step->number + 1);
	ssize_t n;

	if (message == NULL)
		return -1;
	prng_fill(&s->prng, message, step->number);
	n = session_send_some(s, message, step->number, 0);
	free(message);
	if (n < 0)
		return -1;
	return (uint64_t)n < step->number ? fail(s, "sent in part") : 0;
}

static int run_messages(struct session *s, const struct step *step)
{
	char *message = malloc(SESSION_MESSAGE_MAX);
	ssize_t n;

	(void)step;
	if (message == NULL)
		return -1;
	while ((n = session_receive(s, message, SESSION_MESSAGE_MAX, 0)) > 0) {
		printf("%zd\n", n);
		fflush(stdout);
	}
	free(message);
	return (int)n;
}

static int run_echo(struct session *s, const struct step *step)
{
	(void)step;
	return duplex_echo(s);
}

static int run_both(struct session *s, const struct step *step)
{
	return duplex_both(s, step->number);
}

static int run_shutdown(struct session *s, const struct step *step)
{
	(void)step;
	return shutdown(s->fd, SHUT_WR);
}

static int run_shutdown_read(struct session *s, const struct step *step)
{
	(void)step;
	return shutdown(s->fd, SHUT_RD);
}

static int run_close(struct session *s, const struct step *step)
{
	int fd = s->fd;

	(void)step;
	s->fd = -1;
	return close(fd);
}

static int run_linger_reset(struct session *s, const struct step *step)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	if (setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)))
		return -1;
	return run_close(s, step);
}

static int run_kill(struct session *s, const struct step *step)
{
	(void)s;
	(void)step;
	fflush(stdout);
	return kill(getpid(), SIGKILL);
}

static int run_sleep(struct session *s, const struct step *step)
{
	(void)s;
	timing_pause(step->seconds);
	return 0;
}

static int run_expect_eof(struct session *s, const struct step *step)
{
	char byte;
	ssize_t n = recv(s->fd, &byte, 1, 0);

	(void)step;
	return n > 0 ? fail(s, "data instead of the end of stream") : (int)n;
}

static int run_expect_reset(struct session *s, const struct step *step)
{
	if (run_read_eof(s, step) == 0)
		return fail(s, "end of stream instead of a reset");
	return errno == ECONNRESET ? 0 : -1;
}

static int run_expect_open(struct session *s, const struct step *step)
{
	struct pollfd pfd = { .fd = s->fd, .events = POLLIN | POLLRDHUP };
	char byte;

	(void)step;
	if (recv(s->fd, &byte, 1, MSG_DONTWAIT) >= 0)
		return fail(s, "data or the end of stream");
	if (errno != EAGAIN)
		return -1;
	if (poll(&pfd, 1, 0) != 0)
		return fail(s, "poll reports an event");
	return 0;
}

static int run_expect_epipe(struct session *s, const struct step *step)
{
	enum { TRIES = 200 };

	(void)step;
	for (int i = 0; i < TRIES; i++) {
		if (send(s->fd, "", 0, MSG_NOSIGNAL) < 0)
			return errno == EPIPE ? 0 : -1;
		timing_pause(0.01);
	}
	return fail(s, "still writable after 2 s");
}

static void print_tally(const char *name, const struct tally *tally)
{
	SHA2_CTX hash = tally->hash; /* finishing it spoils it */
	char hex[SHA256_DIGEST_STRING_LENGTH];

	printf(
	    "%s %" PRIu64 " %s\n", name, tally->bytes, SHA256End(&hash, hex));
}

static int run_print(struct session *s, const struct step *step)
{
	(void)step;
	print_tally("received", &s->received);
	print_tally("sent", &s->sent);
	return fflush(stdout);
}

static int run_print_peer(struct session *s, const struct step *step)
{
	union place peer;
	socklen_t size = sizeof(peer);

	(void)step;
	memset(&peer, 0, sizeof(peer));
	if (getpeername(s->fd, &peer.any, &size) < 0)
		return -1;
	if (peer.any.sa_family == AF_VSOCK)
		printf("peer vsock:%u:%u\n", peer.vm.svm_cid, peer.vm.svm_port);
	else
		printf("peer unix:%s\n", peer.un.sun_path);
	return fflush(stdout);
}

static int run_wait_file(struct session *s, const struct step *step)
{
	(void)s;
	while (access(step->text, F_OK) < 0)
		timing_pause(0.01);
	return 0;
}

static int run_touch(struct session *s, const struct step *step)
{
	int fd = open(step->text, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

	(void)s;
	return fd < 0 ? -1 : close(fd);
}

static int run_save(struct session *s, const struct step *step)
{
	if (s->save >= 0)
		close(s->save);
	s->save =
	    open(step->text, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	return s->save < 0 ? -1 : 0;
}

const struct action action_table[] = {
	{ "read", "n", run_read, "BYTES: receive exactly so many" },
	{ "read-eof", "", run_read_eof, "receive until the end of stream" },
	{ "slow-read", "nm", run_slow_read,
	    "BYTES MSEC: the same, BYTES at a time, MSEC between" },
	{ "messages", "", run_messages,
	    "the same, and print each message's length" },
	{ "save", "t", run_save, "PATH: append what is received later" },
	{ "seed", "n", run_seed, "SEED: begin that stream (at first 1)" },
	{ "send", "n", run_send, "BYTES: send the stream's next" },
	{ "text", "t", run_text, "STRING: send it as it is" },
	{ "file", "t", run_file, "PATH: send its contents" },
	{ "message", "n", run_message,
	    "BYTES: send the stream's next by one send(2)" },
	{ "echo", "", run_echo,
	    "send back what comes, until the end of stream" },
	{ "both", "n", run_both,
	    "BYTES: send and half-close, receiving until the end meanwhile" },
	{ "shutdown", "", run_shutdown, "half-close: SHUT_WR" },
	{ "shutdown-read", "", run_shutdown_read, "SHUT_RD" },
	{ "close", "", run_close, "close the connection" },
	{ "linger-reset", "", run_linger_reset,
	    "close it with SO_LINGER on and 0 seconds" },
	{ "kill", "", run_kill, "die by SIGKILL" },
	{ "sleep", "s", run_sleep, "SECS: do nothing" },
	{ "wait-file", "t", run_wait_file, "PATH: wait until it exists" },
	{ "touch", "t", run_touch, "PATH: create it" },
	{ "expect-eof", "", run_expect_eof, "the next read must give 0" },
	{ "expect-reset", "", run_expect_reset,
	    "receive until ECONNRESET; an end of stream fails" },
	{ "expect-open", "", run_expect_open,
	    "no data, no end of stream, no error just now" },
	{ "expect-epipe", "", run_expect_epipe,
	    "an empty send must give EPIPE within 2 s" },
	{ "print", "", run_print,
	    "print received BYTES SHA256 and sent BYTES SHA256" },
	{ "print-peer", "", run_print_peer, "print peer ADDR" },
	{ NULL, NULL, NULL, NULL },
};
