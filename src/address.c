#include "address.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "text.h"

/* Longer texts are no addresses. */
#define HEAD_SIZE 1024

/* A CID or a port, as text. */
#define PART_SIZE 16

static const char *const cid_names[] = {
	[ADDRESS_CID_HYPERVISOR] = "hypervisor",
	[ADDRESS_CID_LOCAL] = "local",
	[ADDRESS_CID_HOST] = "host",
};

#define CID_NAMES (sizeof cid_names / sizeof cid_names[0])

static const char path_too_long[] =
    "the path is longer than the 107 bytes that a socket can have";

static bool is_any(const char *text)
{
	return strcmp(text, "any") == 0 || strcmp(text, "-1") == 0 ||
	       strcmp(text, "4294967295") == 0;
}

/* A CID or a vsock port, either of which may be "any". What is neither that
 * nor a number is wrong for the reason `why`. */
static const char *parse_part(
    const char *text, enum address_role role, uint32_t *part, const char *why)
{
	if (!is_any(text))
		return text_number(text, 0, ADDRESS_ANY - 1, part) ? NULL : why;
	*part = ADDRESS_ANY;
	return role == ADDRESS_BIND ? NULL
				    : "\"any\" is only for listening: it does "
				      "not name a peer";
}

const char *address_parse_cid(
    const char *text, enum address_role role, uint32_t *cid)
{
	for (uint32_t i = 0; i < CID_NAMES; i++) {
		if (strcmp(text, cid_names[i]) == 0) {
			*cid = i;
			return NULL;
		}
	}
	return parse_part(text, role, cid,
	    role == ADDRESS_BIND
		? "a CID is 0 to 4294967294, hypervisor, local, host or any"
		: "a CID is 0 to 4294967294, hypervisor, local or host");
}

const char *address_parse_port(
    const char *text, enum address_role role, uint32_t *port)
{
	return parse_part(text, role, port,
	    role == ADDRESS_BIND ? "a vsock port is 0 to 4294967294 or any"
				 : "a vsock port is 0 to 4294967294");
}

/* Cuts text at its last colon into head and the tail that is returned. */
static const char *split_last(const char *text, char head[HEAD_SIZE])
{
	const char *colon = strrchr(text, ':');

	if (colon == NULL || colon - text >= HEAD_SIZE)
		return NULL;
	strlcpy(head, text, (size_t)(colon - text) + 1);
	return colon + 1;
}

static const char *parse_vsock(
    const char *text, enum address_role role, struct address *address)
{
	char cid[HEAD_SIZE];
	const char *port = split_last(text, cid);
	const char *why;

	if (port == NULL) {
		if (!text_is_number(text) && !is_any(text))
			return "not an address such as 3:1234, unix:PATH, "
			       "mux:PATH:PORT or tcp:HOST:PORT";
		if (role != ADDRESS_BIND)
			return "a port alone is only for listening; "
			       "to connect, give CID:PORT";
		address->cid = ADDRESS_ANY;
		return address_parse_port(text, role, &address->port);
	}
	if (cid[0] == '\0')
		return "the CID is missing: give CID:PORT";
	if (port[0] == '\0')
		return "the port is missing: give CID:PORT";
	why = address_parse_cid(cid, role, &address->cid);
	if (why == NULL)
		return address_parse_port(port, role, &address->port);
	/* a host or a path, as other netcats have it */
	if (!text_is_number(cid) && !is_any(cid))
		return "not a CID (a number, hypervisor, local or host); for "
		       "TCP use tcp:HOST:PORT, for a unix socket unix:PATH";
	return why;
}

/* As systemd-ssh-proxy has it: a number by itself is a CID. */
static const char *parse_host_vsock(
    const char *text, enum address_role role, struct address *address)
{
	return strchr(text, ':') != NULL ? parse_vsock(text, role, address)
					 : "the port is missing: give CID:PORT";
}

/* With a prefix, the CID may be left out where vcat binds, as in systemd's
 * units and in URLs: every CID. */
static const char *parse_prefixed(
    const char *text, enum address_role role, struct address *address)
{
	return parse_vsock(
	    role == ADDRESS_BIND && text[0] == ':' ? text + 1 : text, role,
	    address);
}

static const char *parse_connecting(
    const char *text, enum address_role role, struct address *address)
{
	return role == ADDRESS_CONNECT
		   ? parse_vsock(text, role, address)
		   : "vsock-connect: is only for connecting; "
		     "to listen, give PORT or CID:PORT";
}

static const char *parse_listening(
    const char *text, enum address_role role, struct address *address)
{
	if (role != ADDRESS_BIND)
		return "vsock-listen: is only for listening; "
		       "to connect, give CID:PORT";
	address->cid = ADDRESS_ANY;
	return address_parse_port(text, role, &address->port);
}

static const char *parse_seqpacket(
    const char *text, enum address_role role, struct address *address)
{
	(void)text;
	(void)role;
	(void)address;
	return "the type of a socket is no part of an address: give CID:PORT "
	       "and --seqpacket";
}

/* The path of a unix socket, which is all of its address. */
static const char *parse_path(
    const char *text, enum address_role role, struct address *address)
{
	(void)role;
	if (text[0] == '\0' || strcmp(text, "@") == 0)
		return "the path is empty";
	if (strlcpy(address->path, text, sizeof address->path) >=
	    sizeof address->path)
		return path_too_long;
	return NULL;
}

/* The last slash before a name begins the path. */
static const char *parse_url_path(
    const char *text, enum address_role role, struct address *address)
{
	return parse_path(text + strspn(text, "/") - 1, role, address);
}

/* What follows the prefix of a host name: an absolute path, whose slash may be
 * missing, or one that begins with a dot. */
static const char *complete_path(const char *text, char path[HEAD_SIZE])
{
	bool complete =
	    text[0] == '\0' || text[0] == ':' || strncmp(text, "./", 2) == 0;

	text += strspn(text, "/");
	snprintf(path, HEAD_SIZE, "%s%s", complete ? "" : "/", text);
	return path;
}

static const char *parse_host_path(
    const char *text, enum address_role role, struct address *address)
{
	char path[HEAD_SIZE];

	return parse_path(complete_path(text, path), role, address);
}

/* mux:PATH:PORT; a listener binds PATH_PORT, which has to fit as well. */
static const char *parse_mux(
    const char *text, enum address_role role, struct address *address)
{
	char path[HEAD_SIZE];
	const char *port = split_last(text, path);
	const char *why;

	if (port == NULL)
		return "the address of a hybrid socket is mux:PATH:PORT";
	why = address_parse_port(port, ADDRESS_CONNECT, &address->port);
	if (why == NULL)
		why = parse_path(path, role, address);
	if (why == NULL && role == ADDRESS_BIND &&
	    strlen(path) + 1 + strlen(port) >= sizeof address->path)
		return path_too_long;
	return why;
}

static const char *parse_host_mux(
    const char *text, enum address_role role, struct address *address)
{
	char path[HEAD_SIZE];

	return parse_mux(complete_path(text, path), role, address);
}

/* Takes the brackets off an IPv6 address, and refuses it without them. */
static bool parse_host(char *host, struct address *address)
{
	size_t length = strlen(host);
	bool bracketed =
	    length > 1 && host[0] == '[' && host[length - 1] == ']';

	if (bracketed) {
		host[length - 1] = '\0';
		host++;
	}
	return host[0] != '\0' &&
	       strpbrk(host, bracketed ? "[]/" : ":[]/") == NULL &&
	       strlcpy(address->host, host, sizeof address->host) <
		   sizeof address->host;
}

static const char *parse_tcp(
    const char *text, enum address_role role, struct address *address)
{
	char host[HEAD_SIZE];
	const char *port = split_last(text, host);

	if (port == NULL && (text_is_number(text) || strcmp(text, "any") == 0))
		port = text;
	else if (port == NULL || !parse_host(host, address))
		return "a TCP address is tcp:HOST:PORT, tcp:[IPV6]:PORT or "
		       "tcp:PORT";
	if (role == ADDRESS_BIND && strcmp(port, "any") == 0)
		return NULL; /* 0, a free one */
	if (text_number(
		port, role == ADDRESS_BIND ? 0 : 1, 65535, &address->port))
		return NULL;
	return role == ADDRESS_BIND ? "a TCP port is 0 to 65535 or any"
				    : "a TCP port is 1 to 65535";
}

static const char *parse_tcp_url(
    const char *text, enum address_role role, struct address *address)
{
	return strchr(text, ':') != NULL ? parse_tcp(text, role, address)
					 : "the port is missing: give "
					   "tcp://HOST:PORT";
}

/* What an address begins with, in letters of either case, and what reads the
 * rest: the first that fits. A VM socket needs no prefix: its empty one fits
 * every text. */
static const struct form {
	const char *prefix;
	enum address_kind kind;
	/* *address has its kind, and zeros. */
	const char *(*parse)(
	    const char *text, enum address_role role, struct address *address);
} forms[] = {
	{ "vsock://", ADDRESS_VSOCK, parse_prefixed },
	{ "vsock:", ADDRESS_VSOCK, parse_prefixed },
	{ "vsock-stream:", ADDRESS_VSOCK, parse_prefixed },
	{ "vsock-seqpacket:", ADDRESS_VSOCK, parse_seqpacket },
	{ "vsock-connect:", ADDRESS_VSOCK, parse_connecting },
	{ "vsock-listen:", ADDRESS_VSOCK, parse_listening },
	{ "vsock/", ADDRESS_VSOCK, parse_host_vsock },
	{ "vsock%", ADDRESS_VSOCK, parse_host_vsock },
	{ "mux:", ADDRESS_MUX, parse_mux },
	{ "vsock-mux/", ADDRESS_MUX, parse_host_mux },
	{ "vsock-mux%", ADDRESS_MUX, parse_host_mux },
	{ "unix:///", ADDRESS_UNIX, parse_url_path },
	{ "unix:", ADDRESS_UNIX, parse_path },
	{ "unix/", ADDRESS_UNIX, parse_host_path },
	{ "unix%", ADDRESS_UNIX, parse_host_path },
	{ "tcp://", ADDRESS_TCP, parse_tcp_url },
	{ "tcp:", ADDRESS_TCP, parse_tcp },
	{ "", ADDRESS_VSOCK, parse_vsock },
};

const char *address_parse(
    const char *text, enum address_role role, struct address *address)
{
	const struct form *form = forms;

	*address = (struct address){ .kind = ADDRESS_STDIO };
	if (strcmp(text, "-") == 0)
		return NULL;
	while (strncasecmp(text, form->prefix, strlen(form->prefix)) != 0)
		form++;
	address->kind = form->kind;
	return form->parse(text + strlen(form->prefix), role, address);
}

bool address_has(enum address_kind kind, enum address_trait trait)
{
	static const int traits[] = {
		[ADDRESS_VSOCK] = ADDRESS_CID | ADDRESS_PORT | ADDRESS_MESSAGES,
		[ADDRESS_MUX] = ADDRESS_PORT | ADDRESS_FILE | ADDRESS_MESSAGES,
		[ADDRESS_UNIX] = ADDRESS_FILE | ADDRESS_MESSAGES,
		[ADDRESS_TCP] = ADDRESS_PORT,
		[ADDRESS_STDIO] = ADDRESS_MESSAGES,
	};

	return traits[kind] & trait;
}

/* Writes a CID or a port, and returns text. */
static const char *part_text(uint32_t part, char text[PART_SIZE])
{
	snprintf(text, PART_SIZE, part == ADDRESS_ANY ? "any" : "%u", part);
	return text;
}

const char *address_format(
    const struct address *address, char text[ADDRESS_TEXT_SIZE])
{
	const char *host = address->host;
	char cid[PART_SIZE];
	char port[PART_SIZE];

	part_text(address->cid, cid);
	part_text(address->port, port);
	switch (address->kind) {
	case ADDRESS_VSOCK:
		snprintf(text, ADDRESS_TEXT_SIZE, "%s:%s", cid, port);
		break;
	case ADDRESS_MUX:
		snprintf(
		    text, ADDRESS_TEXT_SIZE, "mux:%s:%s", address->path, port);
		break;
	case ADDRESS_UNIX:
		snprintf(text, ADDRESS_TEXT_SIZE, "unix:%s", address->path);
		break;
	case ADDRESS_TCP:
		snprintf(text, ADDRESS_TEXT_SIZE,
		    strchr(host, ':') != NULL ? "tcp:[%s]%s%s" : "tcp:%s%s%s",
		    host, host[0] != '\0' ? ":" : "", port);
		break;
	case ADDRESS_STDIO:
		strlcpy(text, "-", ADDRESS_TEXT_SIZE);
		break;
	}
	return text;
}

const char *address_cid_name(uint32_t cid)
{
	return cid < CID_NAMES ? cid_names[cid] : "vm";
}

const char *address_name(
    const struct address *address, char text[ADDRESS_TEXT_SIZE])
{
	uint32_t cid = address->cid;
	char port[PART_SIZE];

	if (address->kind != ADDRESS_VSOCK || cid == ADDRESS_ANY)
		return address_format(address, text);
	snprintf(text, ADDRESS_TEXT_SIZE, "%s(%u):%s", address_cid_name(cid),
	    cid, part_text(address->port, port));
	return text;
}
