#include "proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "family.h"

/* Version 2: the signature, the version with the command, and the family with
 * the transport. */
#define SIGNATURE    "\r\n\r\n\0\r\nQUIT\n"
#define LOCAL        0x20
#define PROXY        0x21
#define UNSPECIFIED  0x00
#define TCP_OVER_IP4 0x11
#define TCP_OVER_IP6 0x21

/* The two ends of a connection over IP. */
struct ends {
	int family; /* AF_INET, AF_INET6; AF_UNSPEC: it is none */
	struct in6_addr source, target; /* IPv4: in the first bytes */
	uint16_t ports[2];              /* in network byte order */
};

static bool read_ip(int family, const char *host, struct in6_addr *ip)
{
	char text[ADDRESS_HOST_SIZE];

	strlcpy(text, host, sizeof text);
	text[strcspn(text, "%")] = '\0'; /* the interface is ours */
	return inet_pton(family, text, ip) == 1;
}

/* An IPv4 client of a listener for both: as it is known everywhere. */
static void unmap(struct in6_addr *ip)
{
	memmove(ip->s6_addr, ip->s6_addr + 12, 4);
}

static struct ends read_ends(
    const struct address *peer, const struct address *local)
{
	struct ends ends = {
		.ports = { htons((uint16_t)peer->port),
		    htons((uint16_t)local->port) },
	};

	if (peer->kind != ADDRESS_TCP || local->kind != ADDRESS_TCP)
		return ends;
	if (read_ip(AF_INET, peer->host, &ends.source) &&
	    read_ip(AF_INET, local->host, &ends.target)) {
		ends.family = AF_INET;
	} else if (read_ip(AF_INET6, peer->host, &ends.source) &&
		   read_ip(AF_INET6, local->host, &ends.target)) {
		ends.family = AF_INET6;
		if (IN6_IS_ADDR_V4MAPPED(&ends.source) &&
		    IN6_IS_ADDR_V4MAPPED(&ends.target)) {
			ends.family = AF_INET;
			unmap(&ends.source);
			unmap(&ends.target);
		}
	}
	return ends;
}

static size_t write_text(const struct ends *ends, char header[PROXY_SIZE])
{
	char source[INET6_ADDRSTRLEN];
	char target[INET6_ADDRSTRLEN];

	if (ends->family == AF_UNSPEC)
		return (size_t)snprintf(
		    header, PROXY_SIZE, "PROXY UNKNOWN\r\n");
	inet_ntop(ends->family, &ends->source, source, sizeof source);
	inet_ntop(ends->family, &ends->target, target, sizeof target);
	return (size_t)snprintf(header, PROXY_SIZE,
	    "PROXY TCP%c %s %s %u %u\r\n", ends->family == AF_INET ? '4' : '6',
	    source, target, ntohs(ends->ports[0]), ntohs(ends->ports[1]));
}

/* Appends n bytes to the header. */
static void put(char *header, size_t *used, const void *bytes, size_t n)
{
	memcpy(header + *used, bytes, n);
	*used += n;
}

static void put_peer(char *header, size_t *used, const struct address *peer)
{
	const unsigned char head[] = { PROXY_TYPE_VSOCK, 0, 8 };
	const uint32_t value[] = { htonl(peer->cid), htonl(peer->port) };

	put(header, used, head, sizeof head);
	put(header, used, value, sizeof value);
}

static size_t write_binary(const struct ends *ends, const struct address *peer,
    char header[PROXY_SIZE])
{
	size_t size = ends->family == AF_INET ? 4 : 16;
	unsigned char head[16] = SIGNATURE;
	size_t used = sizeof head;

	head[12] = ends->family == AF_UNSPEC ? LOCAL : PROXY;
	head[13] = ends->family == AF_INET    ? TCP_OVER_IP4
		   : ends->family == AF_INET6 ? TCP_OVER_IP6
					      : UNSPECIFIED;
	if (ends->family != AF_UNSPEC) {
		put(header, &used, &ends->source, size);
		put(header, &used, &ends->target, size);
		put(header, &used, ends->ports, sizeof ends->ports);
	} else if (peer->kind == ADDRESS_VSOCK) {
		put_peer(header, &used, peer);
	}
	head[15] = (unsigned char)(used - sizeof head);
	memcpy(header, head, sizeof head);
	return used;
}

size_t proxy_header(int version, const struct address *peer,
    const struct address *local, char header[PROXY_SIZE])
{
	const struct ends ends = read_ends(peer, local);

	return version == 1 ? write_text(&ends, header)
			    : write_binary(&ends, peer, header);
}

void proxy_introduce(
    int version, int fd, const struct address *peer, struct flow *flow)
{
	struct address local = { .kind = peer->kind };
	char header[PROXY_SIZE];

	if (version == 0)
		return;
	/* of others, the header does not tell */
	if (peer->kind != ADDRESS_TCP || family_local(fd, &local) < 0)
		local.kind = ADDRESS_STDIO;
	flow_prepend(flow, header, proxy_header(version, peer, &local, header));
}
