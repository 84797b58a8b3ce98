/*
 * Names that are looked up again, with answers that the test gives itself.
 */
#include "resolver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>

#include "lookup.h"
#include "test.h"

#define FOR_EVER 1e9

static const struct address address = {
	.kind = ADDRESS_TCP,
	.port = 7,
	.host = "our.example",
};

struct rig {
	int fd; /* the end of whoever looks names up */
	struct resolver *resolver;
	struct names *first; /* 127.0.0.1 */
	struct resolver_name *name;
	struct socket_fault fault;
};

static union names_address number(const char *text)
{
	union names_address one = { .v4 = { .sin_family = AF_INET } };

	CHECK_INT(inet_pton(AF_INET, text, &one.v4.sin_addr), 1);
	return one;
}

static void set_up(struct rig *rig, bool known, bool once)
{
	const union names_address first = number("127.0.0.1");
	int ends[2];

	*rig = (struct rig){ .first = names_make(&first, 1) };
	CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	rig->fd = ends[1];
	rig->resolver = resolver_on(ends[0]);
	rig->name = resolver_follow(
	    rig->resolver, &address, known ? rig->first : NULL, once);
	CHECK(rig->name != NULL);
}

static void tear_down(struct rig *rig)
{
	names_drop(rig->first);
	close(rig->fd);
	resolver_end(&rig->resolver);
	CHECK(rig->resolver == NULL);
}

/* The number of the question that has been asked; 0: none. */
static uint32_t heard(const struct rig *rig)
{
	struct lookup_question question;
	ssize_t n = recv(rig->fd, &question, sizeof question, MSG_DONTWAIT);

	if (n != (ssize_t)sizeof question)
		return 0;
	CHECK_STR(question.address.host, "our.example");
	return question.number;
}

static void say(const struct rig *rig, const struct lookup_answer *answer)
{
	CHECK_INT(send(rig->fd, answer, sizeof *answer, 0), sizeof *answer);
}

static struct lookup_answer tells(uint32_t question, const char *text)
{
	return (struct lookup_answer){
		.number = question,
		.count = 1,
		.list = { number(text) },
	};
}

static struct lookup_answer fails(uint32_t question, const char *why)
{
	struct lookup_answer answer = { .number = question, .error = ENXIO };

	strlcpy(answer.said, why, sizeof answer.said);
	return answer;
}

/* What the name is now; "" if that is not known, with errno. */
static const char *taken(struct rig *rig, double patience)
{
	static char text[INET_ADDRSTRLEN];
	struct names *names = resolver_take(rig->name, patience, &rig->fault);

	text[0] = '\0';
	if (names != NULL)
		inet_ntop(
		    AF_INET, &names->list[0].v4.sin_addr, text, sizeof text);
	names_drop(names);
	return text;
}

static void test_new(void)
{
	struct rig rig;

	set_up(&rig, true, false);
	resolver_ask(rig.name);
	CHECK_INT(heard(&rig), 0);
	CHECK_STR(taken(&rig, FOR_EVER), "127.0.0.1");
	tear_down(&rig);
}

static void test_unknown(void)
{
	struct rig rig;
	struct lookup_answer answer;
	uint32_t question;

	set_up(&rig, false, false);
	resolver_ask(rig.name);
	question = heard(&rig);
	CHECK(question != 0);
	CHECK_STR(taken(&rig, 0), "");
	CHECK_INT(errno, EAGAIN);
	resolver_ask(rig.name);
	CHECK_INT(heard(&rig), 0); /* it is being looked up */
	answer = fails(question, "no such\nname");
	say(&rig, &answer);
	CHECK_STR(taken(&rig, FOR_EVER), "");
	CHECK_INT(errno, ENXIO);
	CHECK_STR(rig.fault.step, "resolve");
	CHECK_STR(rig.fault.said, "no such?name");
	/* who has nothing asks at once again */
	resolver_ask(rig.name);
	question = heard(&rig);
	CHECK(question != 0);
	answer = tells(question, "127.0.0.2");
	say(&rig, &answer);
	CHECK_STR(taken(&rig, 0), "127.0.0.2");
	tear_down(&rig);
}

static void test_old(void)
{
	struct rig rig;
	struct lookup_answer answer;
	uint32_t question;

	set_up(&rig, true, false);
	sleep(6);
	resolver_ask(rig.name);
	question = heard(&rig);
	CHECK(question != 0);
	CHECK_STR(taken(&rig, FOR_EVER), "");
	CHECK_INT(errno, EAGAIN);
	/* whoever does not want to wait any longer takes what there is */
	CHECK_STR(taken(&rig, 0), "127.0.0.1");
	answer = tells(question, "127.0.0.2");
	say(&rig, &answer);
	CHECK_STR(taken(&rig, FOR_EVER), "127.0.0.2");
	resolver_ask(rig.name);
	CHECK_INT(heard(&rig), 0);
	tear_down(&rig);
}

static void test_failed(void)
{
	struct rig rig;
	struct lookup_answer answer;

	set_up(&rig, true, false);
	sleep(6);
	resolver_ask(rig.name);
	answer = fails(heard(&rig), "");
	say(&rig, &answer);
	CHECK_STR(taken(&rig, FOR_EVER), "127.0.0.1");
	/* it is not asked for each connection */
	resolver_ask(rig.name);
	CHECK_INT(heard(&rig), 0);
	CHECK_STR(taken(&rig, FOR_EVER), "127.0.0.1");
	tear_down(&rig);
}

static void test_once(void)
{
	struct rig rig;
	struct lookup_answer answer;

	set_up(&rig, false, true);
	resolver_ask(rig.name);
	answer = tells(heard(&rig), "127.0.0.2");
	say(&rig, &answer);
	CHECK_STR(taken(&rig, 0), "127.0.0.2");
	sleep(6);
	resolver_ask(rig.name);
	CHECK_INT(heard(&rig), 0);
	CHECK_STR(taken(&rig, 0), "127.0.0.2");
	tear_down(&rig);
}

static void test_held(void)
{
	struct rig rig;
	struct lookup_answer answer;
	struct names *held;

	set_up(&rig, false, false);
	resolver_ask(rig.name);
	answer = tells(heard(&rig), "127.0.0.2");
	say(&rig, &answer);
	held = resolver_take(rig.name, 0, &rig.fault);
	tear_down(&rig);
	CHECK_INT(held->list[0].v4.sin_addr.s_addr, htonl(0x7f000002));
	names_drop(held);
}

static void test_others(void)
{
	struct rig rig;
	struct lookup_answer answer;
	uint32_t question;

	set_up(&rig, false, false);
	resolver_ask(rig.name);
	question = heard(&rig);
	answer = tells(question + 1, "127.0.0.3");
	say(&rig, &answer); /* nobody has asked that */
	answer.number = 0;
	say(&rig, &answer);
	CHECK_STR(taken(&rig, 0), "");
	CHECK_INT(errno, EAGAIN);
	answer = tells(question, "127.0.0.2");
	say(&rig, &answer);
	answer = tells(question, "127.0.0.3");
	say(&rig, &answer); /* that has been answered */
	CHECK_STR(taken(&rig, 0), "127.0.0.2");
	CHECK_STR(taken(&rig, 0), "127.0.0.2");
	tear_down(&rig);
}

/* Sends so many bytes of the answer to a question, which break the resolver. */
static void check_wrong(struct lookup_answer answer, size_t size)
{
	static char bytes[sizeof answer + 1];
	struct rig rig;

	set_up(&rig, false, false);
	resolver_ask(rig.name);
	answer.number = heard(&rig);
	memcpy(bytes, &answer, sizeof answer);
	CHECK_INT(send(rig.fd, bytes, size, 0), size);
	CHECK_STR(taken(&rig, FOR_EVER), "");
	CHECK_INT(errno, EPIPE);
	CHECK_INT(recv(rig.fd, bytes, 1, MSG_DONTWAIT), 0); /* closed */
	resolver_ask(rig.name);
	CHECK_STR(taken(&rig, FOR_EVER), "");
	CHECK_INT(errno, EPIPE);
	tear_down(&rig);
}

static void test_wrong(void)
{
	struct lookup_answer good = tells(0, "127.0.0.2");
	struct lookup_answer wrong = good;

	close(STDERR_FILENO);
	check_wrong(good, sizeof good - 1);
	check_wrong(good, sizeof good + 1);
	check_wrong(good, 1);
	wrong.count = 0;
	check_wrong(wrong, sizeof wrong);
	wrong.count = LOOKUP_ADDRESSES + 1;
	check_wrong(wrong, sizeof wrong);
	wrong.count = -1;
	check_wrong(wrong, sizeof wrong);
	wrong.count = 2; /* the second has no family */
	check_wrong(wrong, sizeof wrong);
	wrong = good;
	wrong.list[0].any.sa_family = AF_UNIX;
	check_wrong(wrong, sizeof wrong);
	wrong = fails(0, "");
	wrong.error = -1;
	check_wrong(wrong, sizeof wrong);
	wrong.error = EAGAIN;
	check_wrong(wrong, sizeof wrong);
	wrong = fails(0, "");
	memset(wrong.said, 'x', sizeof wrong.said);
	check_wrong(wrong, sizeof wrong);
}

static void test_gone(void)
{
	struct rig rig;

	set_up(&rig, true, false);
	close(STDERR_FILENO);
	shutdown(rig.fd, SHUT_RDWR);
	for (int i = 0; i < 3; i++) {
		resolver_ask(rig.name);
		CHECK_STR(taken(&rig, FOR_EVER), "127.0.0.1");
	}
	tear_down(&rig);
}

/* Whoever is asked does not read. */
static void test_full(void)
{
	struct rig rig;
	char byte = 0;

	set_up(&rig, false, false);
	resolver_ask(rig.name);
	CHECK(heard(&rig) != 0);
	tear_down(&rig);

	set_up(&rig, false, false);
	for (int i = 0; i < 5000; i++) {
		struct resolver_name *other =
		    resolver_follow(rig.resolver, &address, NULL, false);

		resolver_ask(other);
	}
	resolver_ask(rig.name);
	CHECK_STR(taken(&rig, FOR_EVER), "");
	CHECK_INT(errno, ETIMEDOUT);
	CHECK(recv(rig.fd, &byte, 1, MSG_DONTWAIT) == 1);
	tear_down(&rig);
}

/* The process itself. */
static void test_process(void)
{
	struct address here = { .kind = ADDRESS_TCP, .host = "127.0.0.9" };
	struct socket_fault fault = { .step = NULL };
	struct resolver *resolver = resolver_start(true);
	struct resolver_name *name;
	struct names *names = NULL;

	CHECK(resolver != NULL);
	name = resolver_follow(resolver, &here, NULL, false);
	resolver_ask(name);
	while (names == NULL) {
		names = resolver_take(name, FOR_EVER, &fault);
		if (names == NULL && !CHECK_INT(errno, EAGAIN))
			return;
		usleep(1000);
	}
	CHECK_INT(names->count, 1);
	CHECK_INT(names->list[0].v4.sin_addr.s_addr, htonl(0x7f000009));
	names_drop(names);
	resolver_end(&resolver);
	CHECK(wait(NULL) > 0); /* it has ended */
}

static const struct test tests[] = {
	{ "resolver: new addresses are used without a question", test_new },
	{ "resolver: a name that is not known is asked for until it is",
	    test_unknown },
	{ "resolver: old addresses are asked for, and used while that lasts",
	    test_old },
	{ "resolver: after a failure the old addresses serve for a while",
	    test_failed },
	{ "resolver: with once, what was found first stays", test_once },
	{ "resolver: addresses stay valid for whoever holds them", test_held },
	{ "resolver: an answer that nobody waits for changes nothing",
	    test_others },
	{ "resolver: what is no answer ends it", test_wrong },
	{ "resolver: when the process has gone, the old addresses serve",
	    test_gone },
	{ "resolver: a process that does not read holds up nobody", test_full },
	{ "resolver: the process looks up, and ends with its socket",
	    test_process },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
