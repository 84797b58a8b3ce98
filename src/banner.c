#include "banner.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/param.h>

#include "text.h"

void banner_begin(struct banner *banner, struct socket_attempt *attempt)
{
	attempt->fault.step = "banner";
	strlcpy(attempt->fault.said, "nothing came within the time limit",
	    SOCKET_SAID_SIZE);
	banner->heard = 0;
	memset(banner->first, 0, sizeof banner->first);
}

/* Whether these bytes, the next ones, are as wanted. */
static bool agrees(const struct banner *banner, const char *bytes, size_t n)
{
	size_t wanted = strlen(banner->wanted);
	size_t left = banner->heard < wanted ? wanted - banner->heard : 0;

	return strncmp(banner->wanted + wanted - left, bytes, MIN(left, n)) ==
	       0;
}

static void keep(struct banner *banner, const char *bytes, size_t n)
{
	size_t most = BANNER_SIZE - 1;
	size_t room = banner->heard < most ? most - banner->heard : 0;

	memcpy(banner->first + most - room, bytes, MIN(room, n));
	banner->heard += n;
}

/* Returns -1, with errno. */
static int refuse(struct banner *banner, struct socket_attempt *attempt)
{
	char line[BANNER_SIZE];

	snprintf(attempt->fault.said, SOCKET_SAID_SIZE,
	    "it begins with \"%.100s\"", banner_line(banner, line));
	errno = EPROTO;
	return -1;
}

int banner_hear(struct banner *banner, struct socket_attempt *attempt)
{
	char bytes[4096];
	ssize_t n = recv(attempt->fd, bytes, sizeof bytes, MSG_DONTWAIT);
	bool good;

	if (n < 0 && errno != ECONNRESET && errno != EPIPE) {
		if (errno != EAGAIN)
			attempt->fault.said[0] = '\0';
		return -1;
	}
	if (n <= 0 && banner->heard > 0)
		return refuse(banner, attempt);
	if (n <= 0) {
		strlcpy(attempt->fault.said, "the peer closed and sent nothing",
		    SOCKET_SAID_SIZE);
		errno = ECONNRESET;
		return -1;
	}
	good = agrees(banner, bytes, (size_t)n);
	keep(banner, bytes, (size_t)n);
	if (!good)
		return refuse(banner, attempt);
	if (banner->heard >= strlen(banner->wanted))
		return 0;
	/* in case that no more comes */
	refuse(banner, attempt);
	errno = EAGAIN;
	return -1;
}

const char *banner_outcome(int error)
{
	switch (error) {
	case ETIMEDOUT:
		return "silent";
	case ECONNRESET:
		return "closed";
	case EPROTO:
		return "other banner";
	default:
		return NULL;
	}
}

const char *banner_line(const struct banner *banner, char text[BANNER_SIZE])
{
	size_t length = MIN(banner->heard, BANNER_SIZE - 1);

	memcpy(text, banner->first, BANNER_SIZE);
	/* a NUL is a byte like any other */
	for (size_t i = 0; i < length; i++)
		if (text[i] == '\0')
			text[i] = '\1';
	text[strcspn(text, "\n")] = '\0';
	length = strlen(text);
	if (length > 0 && text[length - 1] == '\r')
		text[length - 1] = '\0';
	text_tame(text);
	return text;
}
