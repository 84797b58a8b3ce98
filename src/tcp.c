#include "tcp.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "names.h"

/* Returns the list, or NULL with the error of getaddrinfo(3). */
static struct names *look_up(const struct address *address, int flags, int *why)
{
	const struct addrinfo wanted = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = flags,
	};
	struct addrinfo *found = NULL;
	struct names *names;
	/* with -l, "localhost" could come out as ::1 alone */
	const char *host =
	    address->host[0] != '\0' ? address->host : "127.0.0.1";

	*why = getaddrinfo(host, NULL, &wanted, &found);
	if (*why != 0)
		return NULL;
	names = names_from(found);
	*why = EAI_SYSTEM;
	freeaddrinfo(found); /* leaves errno as it is, as free(3) does */
	return names;
}

/* Asks nobody, and loads nothing: a static program can do it. */
static struct names *read_number(const struct address *address)
{
	int why;

	return look_up(address, AI_NUMERICHOST, &why);
}

static struct names *resolve(
    const struct address *address, struct socket_fault *fault)
{
	struct names *names = read_number(address);
	int why = 0;

	fault->step = "resolve";
	if (names == NULL)
		names = look_up(address, 0, &why);
	if (names == NULL && why != EAI_SYSTEM) {
		strlcpy(fault->said, gai_strerror(why), sizeof fault->said);
		errno = why == EAI_AGAIN ? ETIMEDOUT : ENXIO;
	}
	return names;
}

static void prepare(int fd, const struct socket_choice *choice)
{
	int on = 1;

	(void)choice;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* Each address that is left has an equal part of the time that is left. */
static struct deadline share(const struct socket_attempt *attempt)
{
	double left_ms = deadline_poll_ms(attempt->limit);
	int count = attempt->names->count - attempt->which;

	if (left_ms < 0)
		return attempt->limit; /* never */
	return deadline_in(left_ms / 1000 / count);
}

/*
 * To this machine, the connection is made or refused before connect(2) returns,
 * which says EINPROGRESS all the same. Asking again tells.
 */
static int connect_at_once(
    struct socket_attempt *attempt, const struct sockaddr *to, socklen_t length)
{
	int result = socket_connect(attempt, to, length);

	if (result < 0 && errno == EINPROGRESS && attempt->choice->at_once)
		result = socket_connect(attempt, to, length);
	if (result < 0 && errno == EALREADY)
		errno = EINPROGRESS;
	return result;
}

static int begin(struct socket_attempt *attempt, const struct address *to)
{
	socklen_t length;
	const union names_address name = names_with_port(
	    &attempt->names->list[attempt->which], to->port, &length);

	attempt->limit = share(attempt);
	if (socket_open(attempt, name.any.sa_family) < 0)
		return -1;
	prepare(attempt->fd, attempt->choice);
	return connect_at_once(attempt, &name.any, length);
}

static int listen_on(struct socket_attempt *attempt,
    const union names_address *address, uint32_t port)
{
	socklen_t length;
	const union names_address name =
	    names_with_port(address, port, &length);
	int on = 1;

	if (socket_open(attempt, name.any.sa_family) < 0)
		return -1;
	/* a port whose last connections are in TIME_WAIT is free */
	setsockopt(attempt->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	prepare(attempt->fd, attempt->choice); /* for those accepted, too */
	return socket_listen(attempt, &name.any, length);
}

static int listen_at(struct socket_attempt *attempt, const struct address *at)
{
	struct names *names = resolve(at, &attempt->fault);
	int result = -1;

	if (names == NULL)
		return -1;
	for (int i = 0; i < names->count && result < 0; i++)
		result = listen_on(attempt, &names->list[i], at->port);
	names_drop(names); /* leaves errno as it is */
	return result;
}

static void read_name(const struct sockaddr_storage *name, socklen_t length,
    struct address *address)
{
	address->port = ntohs(((const struct sockaddr_in *)name)->sin_port);
	getnameinfo((const struct sockaddr *)name, length, address->host,
	    sizeof address->host, NULL, 0, NI_NUMERICHOST);
}

static const struct hint hints[] = {
	{ "connect", ECONNREFUSED, NULL,
	    "nobody listens on port {port} there{retry}" },
	{ "bind", EADDRINUSE, NULL,
	    "another process listens on port {port}: ss -t -l -p shows which" },
	{ "bind", EACCES, NULL,
	    "ports below 1024 need CAP_NET_BIND_SERVICE: choose a higher one" },
	{ "bind", EADDRNOTAVAIL, NULL,
	    "that address is not this machine's: ip address shows which are" },
	{ .text = NULL },
};

const struct family tcp_family = {
	.domains = { AF_INET, AF_INET6 },
	.begin = begin,
	.read_number = read_number,
	.resolve = resolve,
	.listen = listen_at,
	.prepare = prepare,
	.inherits = true,
	.read_name = read_name,
	.resets = true,
	.hints = { hints },
};
