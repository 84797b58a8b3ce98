/*
 * The process that looks names up. Whoever asks may be in the hands of a peer,
 * and be after the rights that this process has.
 */
#include "lookup.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test.h"

static struct lookup_question ask_for(const char *host)
{
	struct lookup_question question = {
		.number = 5,
		.address = { .kind = ADDRESS_TCP, .port = 7 },
	};

	strlcpy(question.address.host, host, sizeof question.address.host);
	return question;
}

/* Returns what recv(2) does, which is 0 if the process has ended. */
static ssize_t answer_to(
    int fd, const void *question, size_t size, struct lookup_answer *answer)
{
	CHECK_INT(send(fd, question, size, MSG_NOSIGNAL), size);
	return recv(fd, answer, sizeof *answer, 0);
}

static void test_answers(void)
{
	struct lookup_question question = ask_for("127.0.0.9");
	struct lookup_answer answer;
	int fd = lookup_start(false);

	for (int i = 0; i < 3; i++) {
		CHECK_INT(answer_to(fd, &question, sizeof question, &answer),
		    sizeof answer);
		CHECK_INT(answer.number, 5);
		CHECK_INT(answer.error, 0);
		CHECK_INT(answer.count, 1);
		CHECK_INT(answer.list[0].any.sa_family, AF_INET);
	}
	close(fd);
}

/* The process ends rather than do what nobody who is sound asks for. */
static void refuses(const struct lookup_question *question, size_t size)
{
	struct lookup_answer answer;
	int fd = lookup_start(false);

	CHECK_INT(answer_to(fd, question, size, &answer), 0);
	close(fd);
}

static void test_kinds(void)
{
	static const int kinds[] = { ADDRESS_VSOCK, ADDRESS_MUX, ADDRESS_UNIX,
		ADDRESS_STDIO, ADDRESS_STDIO + 1, 1000000, -1, -1000000 };
	struct lookup_question question = ask_for("127.0.0.9");

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		question.address.kind = (enum address_kind)kinds[i];
		refuses(&question, sizeof question);
	}
}

static void test_text_without_end(void)
{
	struct lookup_question question = ask_for("");

	memset(question.address.host, 'a', sizeof question.address.host);
	refuses(&question, sizeof question);
}

static void test_size(void)
{
	struct lookup_question question = ask_for("127.0.0.9");

	refuses(&question, sizeof question - 1);
}

static const struct test tests[] = {
	{ "lookup: each question has an answer", test_answers },
	{ "lookup: an address without a name ends it", test_kinds },
	{ "lookup: a name without an end ends it", test_text_without_end },
	{ "lookup: what is no question ends it", test_size },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
