#include "tcp.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORT_TEXT_SIZE 8

static struct addrinfo *look_up(const struct address *address, int flags,
    const struct socket_choice *choice, struct socket_fault *fault)
{
	struct addrinfo wanted = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = choice->seqpacket ? SOCK_SEQPACKET : SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV | flags,
	};
	struct addrinfo *found = NULL;
	/* with -l, "localhost" could come out as ::1 alone */
	const char *host =
	    address->host[0] != '\0' ? address->host : "127.0.0.1";
	char port[PORT_TEXT_SIZE];
	int error;

	fault->step = "resolve";
	snprintf(port, sizeof port, "%u", address->port);
	error = getaddrinfo(host, port, &wanted, &found);
	if (error == 0)
		return found;
	if (error != EAI_SYSTEM) {
		strlcpy(fault->said, gai_strerror(error), sizeof fault->said);
		errno = error == EAI_AGAIN ? ETIMEDOUT : ENXIO;
	}
	return NULL;
}

static void set_nodelay(int fd)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static int count_of(const struct addrinfo *list)
{
	int count = 0;

	for (; list != NULL; list = list->ai_next)
		count++;
	return count;
}

/* Each address of the list has an equal part of the time that is left. */
static struct deadline share(const struct addrinfo *list, struct deadline whole)
{
	double left_ms;

	if (deadline_is_never(whole))
		return whole;
	left_ms = deadline_poll_ms(whole);
	return deadline_in(left_ms / 1000 / count_of(list));
}

/* A list that was looked up once serves for any port. */
static socklen_t with_port(
    struct sockaddr_storage *address, const struct addrinfo *to, uint32_t port)
{
	struct sockaddr_in *ipv4 = (struct sockaddr_in *)address;
	struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)address;

	memcpy(address, to->ai_addr, to->ai_addrlen);
	if (to->ai_family == AF_INET)
		ipv4->sin_port = htons((uint16_t)port);
	else if (to->ai_family == AF_INET6)
		ipv6->sin6_port = htons((uint16_t)port);
	return to->ai_addrlen;
}

static int begin(struct socket_attempt *attempt, const struct address *to)
{
	struct sockaddr_storage address;
	socklen_t length = with_port(&address, attempt->name, to->port);

	attempt->limit = share(attempt->name, attempt->limit);
	attempt->fault.step = "socket";
	attempt->fd = socket_open(attempt->name->ai_family, attempt->choice);
	if (attempt->fd < 0)
		return -1;
	set_nodelay(attempt->fd);
	attempt->fault.step = "connect";
	if (socket_begin(attempt, (struct sockaddr *)&address, length) < 0)
		return socket_drop(attempt);
	return 0;
}

static struct addrinfo *resolve(const struct address *to,
    const struct socket_choice *choice, struct socket_fault *fault)
{
	return look_up(to, 0, choice, fault);
}

/* The address as getnameinfo(3) writes it, in digits. */
static void from_sockaddr(const struct sockaddr_storage *address,
    socklen_t length, struct address *to)
{
	char port[PORT_TEXT_SIZE] = "0";

	*to = (struct address){ .kind = ADDRESS_TCP };
	getnameinfo((const struct sockaddr *)address, length, to->host,
	    sizeof to->host, port, sizeof port,
	    NI_NUMERICHOST | NI_NUMERICSERV);
	to->port = (uint32_t)strtonum(port, 0, UINT16_MAX, NULL);
}

static int listen_on(const struct addrinfo *at,
    const struct socket_choice *choice, struct socket_fault *fault)
{
	int fd = socket_open(at->ai_family, choice);
	int on = 1;

	fault->step = "socket";
	if (fd < 0)
		return -1;
	/* a port whose last connections are in TIME_WAIT is free */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	fault->step = "bind";
	if (bind(fd, at->ai_addr, at->ai_addrlen) < 0)
		return socket_abandon(fd);
	fault->step = "listen";
	if (listen(fd, choice->backlog) < 0)
		return socket_abandon(fd);
	return fd;
}

static void local_end(int fd, struct address *local)
{
	struct sockaddr_storage name;
	socklen_t length = sizeof name;

	if (getsockname(fd, (struct sockaddr *)&name, &length) == 0)
		from_sockaddr(&name, length, local);
}

static int listen_at(const struct address *at,
    const struct socket_choice *choice, struct socket_bound *bound)
{
	struct addrinfo *list = look_up(at, AI_PASSIVE, choice, &bound->fault);
	int fd = -1;
	int saved;

	if (list == NULL)
		return -1;
	for (struct addrinfo *one = list; one != NULL && fd < 0;
	     one = one->ai_next)
		fd = listen_on(one, choice, &bound->fault);
	saved = errno;
	freeaddrinfo(list);
	errno = saved;
	if (fd >= 0)
		local_end(fd, &bound->address);
	return fd;
}

/* One that was reset already has no peer any more. */
static int accepted(
    int fd, const struct socket_choice *choice, struct address *peer)
{
	struct sockaddr_storage name;
	socklen_t length = sizeof name;

	(void)choice;
	set_nodelay(fd);
	peer->host[0] = '\0';
	peer->port = ADDRESS_ANY;
	if (getpeername(fd, (struct sockaddr *)&name, &length) < 0)
		return -1;
	from_sockaddr(&name, length, peer);
	return 0;
}

static const struct hint hints[] = {
	{ "connect", ECONNREFUSED, HINT_ANY, true,
	    "nobody listens on port %s there" },
	{ "bind", EADDRINUSE, HINT_ANY, false,
	    "another process listens on port %s: ss -t -l -p shows which" },
	{ "bind", EACCES, HINT_ANY, false,
	    "ports below 1024 need CAP_NET_BIND_SERVICE: choose a higher one" },
	{ "bind", EADDRNOTAVAIL, HINT_ANY, false,
	    "that address is not this machine's: ip address shows which are" },
	{ .text = NULL },
};

const struct family tcp_family = {
	.domains = { AF_INET, AF_INET6 },
	.begin = begin,
	.outcome = socket_outcome,
	.resolve = resolve,
	.listen = listen_at,
	.accepted = accepted,
	.local = local_end,
	.resets = true,
	.hints = { hints },
};
