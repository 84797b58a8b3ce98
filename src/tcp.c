#include "tcp.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

static struct addrinfo *resolve(const struct address *address,
    const struct socket_choice *choice, struct socket_fault *fault)
{
	const struct addrinfo wanted = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = choice->seqpacket ? SOCK_SEQPACKET : SOCK_STREAM,
	};
	struct addrinfo *found = NULL;
	/* with -l, "localhost" could come out as ::1 alone */
	const char *host =
	    address->host[0] != '\0' ? address->host : "127.0.0.1";
	int error = getaddrinfo(host, NULL, &wanted, &found);

	fault->step = "resolve";
	if (error == 0)
		return found;
	if (error != EAI_SYSTEM) {
		strlcpy(fault->said, gai_strerror(error), sizeof fault->said);
		errno = error == EAI_AGAIN ? ETIMEDOUT : ENXIO;
	}
	return NULL;
}

static void prepare(int fd, const struct socket_choice *choice)
{
	int on = 1;

	(void)choice;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* Each address of the list has an equal part of the time that is left. */
static struct deadline share(const struct addrinfo *list, struct deadline whole)
{
	double left_ms = deadline_poll_ms(whole);
	int count = 0;

	if (left_ms < 0)
		return whole; /* never */
	for (; list != NULL; list = list->ai_next)
		count++;
	return deadline_in(left_ms / 1000 / count);
}

/*
 * A list that was looked up once serves for any port, whose place is the same
 * in IPv4's and IPv6's addresses.
 */
static int open_for(
    struct socket_attempt *attempt, const struct addrinfo *name, uint32_t port)
{
	((struct sockaddr_in *)name->ai_addr)->sin_port = htons((uint16_t)port);
	return socket_open(attempt, name->ai_family);
}

static int begin(struct socket_attempt *attempt, const struct address *to)
{
	const struct addrinfo *name = attempt->name;

	attempt->limit = share(name, attempt->limit);
	if (open_for(attempt, name, to->port) < 0)
		return -1;
	prepare(attempt->fd, attempt->choice);
	return socket_connect(attempt, name->ai_addr, name->ai_addrlen);
}

static int listen_on(
    struct socket_attempt *attempt, const struct addrinfo *name, uint32_t port)
{
	int on = 1;

	if (open_for(attempt, name, port) < 0)
		return -1;
	/* a port whose last connections are in TIME_WAIT is free */
	setsockopt(attempt->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	return socket_listen(attempt, name->ai_addr, name->ai_addrlen);
}

static int listen_at(struct socket_attempt *attempt, const struct address *at)
{
	struct addrinfo *list = resolve(at, attempt->choice, &attempt->fault);
	int result = -1;

	if (list == NULL)
		return -1;
	for (const struct addrinfo *name = list; name != NULL && result < 0;
	     name = name->ai_next)
		result = listen_on(attempt, name, at->port);
	freeaddrinfo(list); /* leaves errno as it is, as free(3) does */
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
	.resolve = resolve,
	.listen = listen_at,
	.prepare = prepare,
	.read_name = read_name,
	.resets = true,
	.hints = { hints },
};
