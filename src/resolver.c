#include "resolver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "deadline.h"
#include "log.h"
#include "lookup.h"
#include "text.h"

/* Addresses that are not older are new, and a failure is not tried again.
 * Nobody tells how long they may be used: getaddrinfo(3) does not. */
#define NEW_SECONDS 5

#define SECOND INT64_C(1000000000)

static const char gone[] = "the process that looks names up has ended";

struct resolver {
	int fd;          /* -1: the other process has gone */
	uint32_t number; /* of the latest question */
	struct resolver_name *names;
};

struct resolver_name {
	struct resolver *resolver;
	struct address address;
	bool once;
	struct names *known; /* NULL: none yet */
	int64_t asked;       /* the latest question, as deadline_now() */
	uint32_t number;     /* its, if there is no answer yet; else 0 */
	int64_t learned;     /* known: when that was asked */
	int error;           /* of the latest answer; 0: none */
	int64_t failed;      /* when we heard of that error */
	char said[SOCKET_SAID_SIZE];
	struct resolver_name *next;
};

struct resolver *resolver_on(int fd)
{
	struct resolver *resolver = calloc(1, sizeof *resolver);

	if (resolver == NULL)
		socket_abandon(fd);
	else
		resolver->fd = fd;
	return resolver;
}

struct resolver *resolver_start(bool confined)
{
	int fd = lookup_start(confined);

	return fd < 0 ? NULL : resolver_on(fd);
}

void resolver_end(struct resolver **resolver)
{
	struct resolver_name *name;
	struct resolver_name *next;

	if (*resolver == NULL)
		return;
	for (name = (*resolver)->names; name != NULL; name = next) {
		next = name->next;
		names_drop(name->known);
		free(name);
	}
	socket_abandon((*resolver)->fd);
	free(*resolver);
	*resolver = NULL;
}

struct resolver_name *resolver_follow(struct resolver *resolver,
    const struct address *address, struct names *known, bool once)
{
	struct resolver_name *name = calloc(1, sizeof *name);

	if (name == NULL)
		return NULL;
	name->resolver = resolver;
	name->address = *address;
	name->once = once;
	name->known = names_hold(known);
	name->learned = deadline_now();
	name->next = resolver->names;
	resolver->names = name;
	return name;
}

static bool is_new(int64_t since)
{
	return deadline_now() - since < NEW_SECONDS * SECOND;
}

/* The name keeps what it has. That is said once, and again when it was better.
 */
static void note_failure(
    struct resolver_name *name, int error, const char *said)
{
	char text[ADDRESS_TEXT_SIZE];
	bool first = name->error == 0 && name->resolver->fd >= 0;

	name->number = 0;
	name->error = error;
	name->failed = deadline_now();
	strlcpy(name->said, said[0] != '\0' ? said : strerror(error),
	    sizeof name->said);
	text_tame(name->said);
	if (first && name->known != NULL)
		log_error("%s: resolve: %s; its last addresses are used",
		    address_name(&name->address, text), name->said);
}

/* Nobody can be asked any more. */
static void note_end(struct resolver *resolver, const char *how)
{
	struct resolver_name *name;

	resolver->fd = socket_abandon(resolver->fd);
	log_error("the process that looks names up %s: from now on, "
		  "the last addresses of each name are used",
	    how);
	log_hint("start vcat again to have names looked up again");
	for (name = resolver->names; name != NULL; name = name->next)
		if (name->number != 0)
			note_failure(name, EPIPE, gone);
}

/* Whether it is one: of a process that may be in the hands of a name server. */
static bool is_answer(const struct lookup_answer *answer, ssize_t size)
{
	if (size != (ssize_t)sizeof *answer)
		return false;
	if (answer->error != 0)
		return answer->error > 0 && answer->error != EAGAIN &&
		       memchr(answer->said, '\0', sizeof answer->said) != NULL;
	if (answer->count < 1 || answer->count > LOOKUP_ADDRESSES)
		return false;
	for (int i = 0; i < answer->count; i++)
		if (answer->list[i].any.sa_family != AF_INET &&
		    answer->list[i].any.sa_family != AF_INET6)
			return false;
	return true;
}

static void note_answer(
    struct resolver_name *name, const struct lookup_answer *answer)
{
	struct names *names;

	if (answer->error != 0) {
		note_failure(name, answer->error, answer->said);
		return;
	}
	names = names_make(answer->list, answer->count);
	if (names == NULL) {
		note_failure(name, errno, "");
		return;
	}
	names_drop(name->known);
	name->known = names;
	name->learned = name->asked;
	name->number = 0;
	name->error = 0;
}

static struct resolver_name *find(struct resolver *resolver, uint32_t number)
{
	struct resolver_name *name;

	for (name = resolver->names; name != NULL; name = name->next)
		if (name->number == number && number != 0)
			return name;
	return NULL;
}

/* Takes in all answers that have come. */
static void hear(struct resolver *resolver)
{
	struct resolver_name *name;
	struct lookup_answer answer;
	ssize_t n;

	while (resolver->fd >= 0) {
		n = recv(resolver->fd, &answer, sizeof answer,
		    MSG_DONTWAIT | MSG_TRUNC);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0 || !is_answer(&answer, n)) {
			note_end(resolver, n <= 0 ? "has ended" : "is broken");
			return;
		}
		name = find(resolver, answer.number);
		if (name != NULL)
			note_answer(name, &answer);
	}
}

void resolver_ask(struct resolver_name *name)
{
	struct resolver *resolver = name->resolver;
	struct lookup_question question = { .address = name->address };

	if (name->known != NULL && name->once)
		return;
	hear(resolver);
	if (name->number != 0)
		return;
	if (name->known != NULL &&
	    (is_new(name->learned) ||
		(name->error != 0 && is_new(name->asked))))
		return;
	if (++resolver->number == 0)
		resolver->number = 1;
	question.number = resolver->number;
	name->asked = deadline_now();
	if (resolver->fd < 0)
		note_failure(name, EPIPE, gone);
	else if (send(resolver->fd, &question, sizeof question,
		     MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		note_failure(name, errno == EAGAIN ? ETIMEDOUT : errno, "");
	else
		name->number = question.number;
}

/* For an answer, where there are addresses already: not if it failed just now.
 */
static bool is_worth_waiting(const struct resolver_name *name, double patience)
{
	double waited = (double)(deadline_now() - name->asked) / (double)SECOND;

	return waited < patience && !(name->error != 0 && is_new(name->failed));
}

struct names *resolver_take(
    struct resolver_name *name, double patience, struct socket_fault *fault)
{
	if (name->number != 0)
		hear(name->resolver);
	if (name->number != 0 &&
	    (name->known == NULL || is_worth_waiting(name, patience))) {
		fault->step = "resolve";
		errno = EAGAIN;
		return NULL;
	}
	if (name->known != NULL)
		return names_hold(name->known);
	fault->step = "resolve";
	strlcpy(fault->said, name->said, sizeof fault->said);
	errno = name->error;
	return NULL;
}
