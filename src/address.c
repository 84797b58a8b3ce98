#include "address.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	uint32_t cid;
} cid_names[] = {
	{ "hypervisor", ADDRESS_CID_HYPERVISOR },
	{ "local", ADDRESS_CID_LOCAL },
	{ "host", ADDRESS_CID_HOST },
};

#define CID_NAMES (sizeof cid_names / sizeof cid_names[0])

static bool is_number(const char *text)
{
	return text[0] != '\0' && strspn(text, "0123456789") == strlen(text);
}

/* Decimal digits and nothing else: strtonum(3) would take " +1". */
static int parse_number(const char *text, uint32_t max, uint32_t *number)
{
	const char *error;
	long long value;

	if (!is_number(text))
		return -1;
	value = strtonum(text, 0, max, &error);
	if (error != NULL)
		return -1;
	*number = (uint32_t)value;
	return 0;
}

static bool is_any(const char *text)
{
	return strcmp(text, "any") == 0 || strcmp(text, "-1") == 0 ||
	       strcmp(text, "4294967295") == 0;
}

/* A CID or a vsock port, either of which may be "any". For what is neither a
 * number nor that, *why stays. */
static int parse_part(const char *text, enum address_role role,
    uint32_t *number, const char **why)
{
	if (!is_any(text))
		return parse_number(text, ADDRESS_ANY - 1, number);
	*number = ADDRESS_ANY;
	if (role == ADDRESS_BIND)
		return 0;
	*why = "\"any\" is only for listening: it does not name a peer";
	return -1;
}

int address_parse_cid(
    const char *text, enum address_role role, uint32_t *cid, const char **why)
{
	for (size_t i = 0; i < CID_NAMES; i++) {
		if (strcmp(text, cid_names[i].name) == 0) {
			*cid = cid_names[i].cid;
			return 0;
		}
	}
	*why = role == ADDRESS_BIND
		   ? "a CID is 0 to 4294967294, hypervisor, local, host or any"
		   : "a CID is 0 to 4294967294, hypervisor, local or host";
	return parse_part(text, role, cid, why);
}

int address_parse_port(
    const char *text, enum address_role role, uint32_t *port, const char **why)
{
	*why = role == ADDRESS_BIND ? "a vsock port is 0 to 4294967294 or any"
				    : "a vsock port is 0 to 4294967294";
	return parse_part(text, role, port, why);
}

int address_parse_pair(const char *const words[2], enum address_role role,
    struct address *address, const char **why)
{
	*address = (struct address){ .kind = ADDRESS_VSOCK };
	*why = words[0][0] == '\0' ? "the CID is missing: give CID:PORT"
				   : "the port is missing: give CID:PORT";
	if (words[0][0] == '\0' || words[1][0] == '\0')
		return -1;
	if (address_parse_cid(words[0], role, &address->cid, why) == 0)
		return address_parse_port(words[1], role, &address->port, why);
	/* a host or a path, as other netcats have it */
	if (!is_number(words[0]) && !is_any(words[0]))
		*why = "not a CID (a number, hypervisor, local or host); for "
		       "TCP use tcp:HOST:PORT, for a unix socket unix:PATH";
	return -1;
}

/* Cuts text at its last colon into head[] and the tail that is returned. */
static const char *split_last(const char *text, char *head, size_t size)
{
	const char *colon = strrchr(text, ':');

	if (colon == NULL || (size_t)(colon - text) >= size)
		return NULL;
	snprintf(head, size, "%.*s", (int)(colon - text), text);
	return colon + 1;
}

static int parse_vsock(const char *text, enum address_role role,
    struct address *address, const char **why)
{
	char cid[32];
	const char *port = split_last(text, cid, sizeof cid);

	if (port != NULL)
		return address_parse_pair(
		    (const char *[]){ cid, port }, role, address, why);
	*why = text[0] == '\0' ? "the address is empty"
			       : "not an address such as 3:1234, unix:PATH, "
				 "mux:PATH:PORT or tcp:HOST:PORT";
	if (!is_number(text) && !is_any(text))
		return -1;
	*why = "a port alone is only for listening; "
	       "to connect, give CID:PORT";
	if (role != ADDRESS_BIND)
		return -1;
	return address_parse_pair(
	    (const char *[]){ "any", text }, role, address, why);
}

static int parse_path(
    const char *text, struct address *address, const char **why)
{
	*why = "the path is empty";
	if (text[0] == '\0' || strcmp(text, "@") == 0)
		return -1;
	*why = "the path is longer than the 107 bytes that a socket can have";
	return strlcpy(address->path, text, sizeof address->path) <
		       sizeof address->path
		   ? 0
		   : -1;
}

static int parse_unix(const char *text, enum address_role role,
    struct address *address, const char **why)
{
	(void)role;
	return parse_path(text, address, why);
}

/* mux:PATH:PORT; a listener binds PATH_PORT, which has to fit as well. */
static int parse_mux(const char *text, enum address_role role,
    struct address *address, const char **why)
{
	char path[1024];
	const char *port;

	*why = "the address of a hybrid socket is mux:PATH:PORT";
	port = split_last(text, path, sizeof path);
	if (port == NULL)
		return -1;
	if (address_parse_port(port, ADDRESS_CONNECT, &address->port, why) <
		0 ||
	    parse_path(path, address, why) < 0)
		return -1;
	return role == ADDRESS_CONNECT ||
		       strlen(path) + 1 + strlen(port) < sizeof address->path
		   ? 0
		   : -1;
}

/* Takes the brackets off an IPv6 address, and refuses it without them. */
static int parse_host(char *host, struct address *address)
{
	size_t length = strlen(host);
	bool bracketed =
	    length > 1 && host[0] == '[' && host[length - 1] == ']';

	if (bracketed) {
		host[length - 1] = '\0';
		host++;
	}
	if (host[0] == '\0' ||
	    strpbrk(host, bracketed ? "[]/" : ":[]/") != NULL)
		return -1;
	return strlcpy(address->host, host, sizeof address->host) <
		       sizeof address->host
		   ? 0
		   : -1;
}

static int parse_tcp(const char *text, enum address_role role,
    struct address *address, const char **why)
{
	char host[ADDRESS_HOST_SIZE + 2] = "";
	const char *port = text;

	*why = "a TCP address is tcp:HOST:PORT, tcp:[IPV6]:PORT or tcp:PORT";
	if (strchr(text, ':') != NULL) {
		port = split_last(text, host, sizeof host);
		if (port == NULL || parse_host(host, address) < 0)
			return -1;
	} else if (!is_number(text) && strcmp(text, "any") != 0) {
		return -1;
	}
	*why = role == ADDRESS_BIND ? "a TCP port is 0 to 65535 or any"
				    : "a TCP port is 1 to 65535";
	if (strcmp(port, "any") == 0)
		return role == ADDRESS_BIND ? 0 : -1;
	if (parse_number(port, 65535, &address->port) < 0)
		return -1;
	return address->port != 0 || role == ADDRESS_BIND ? 0 : -1;
}

static const char *part_text(uint32_t part, char text[16])
{
	if (part == ADDRESS_ANY)
		return "any";
	snprintf(text, 16, "%u", part);
	return text;
}

static void format_vsock(const struct address *address, char *text)
{
	char cid[16];
	char port[16];

	snprintf(text, ADDRESS_TEXT_SIZE, "%s:%s", part_text(address->cid, cid),
	    part_text(address->port, port));
}

static void format_mux(const struct address *address, char *text)
{
	snprintf(
	    text, ADDRESS_TEXT_SIZE, "mux:%s:%u", address->path, address->port);
}

static void format_unix(const struct address *address, char *text)
{
	snprintf(text, ADDRESS_TEXT_SIZE, "unix:%s", address->path);
}

static void format_tcp(const struct address *address, char *text)
{
	bool ipv6 = strchr(address->host, ':') != NULL;

	snprintf(text, ADDRESS_TEXT_SIZE, "tcp:%s%s%s%s%u", ipv6 ? "[" : "",
	    address->host, ipv6 ? "]" : "", address->host[0] != '\0' ? ":" : "",
	    address->port);
}

static void format_stdio(const struct address *address, char *text)
{
	(void)address;
	strlcpy(text, "-", ADDRESS_TEXT_SIZE);
}

enum trait {
	HAS_CID = 1,
	HAS_PORT = 2,
	HAS_FILE = 4,
	HAS_MESSAGES = 8,
};

/* All that tells one kind of address from another. */
static const struct kind {
	const char *prefixes[3]; /* what such an address begins with */
	/* Reads what follows the prefix; *address has its kind, and zeros. */
	int (*parse)(const char *text, enum address_role role,
	    struct address *address, const char **why);
	/* text has ADDRESS_TEXT_SIZE bytes. */
	void (*format)(const struct address *address, char *text);
	unsigned traits;
} kinds[] = {
	[ADDRESS_VSOCK] = { { "vsock://", "vsock:" }, parse_vsock, format_vsock,
	    HAS_CID | HAS_PORT | HAS_MESSAGES },
	[ADDRESS_MUX] = { { "mux:" }, parse_mux, format_mux,
	    HAS_PORT | HAS_FILE | HAS_MESSAGES },
	[ADDRESS_UNIX] = { { "unix:" }, parse_unix, format_unix,
	    HAS_FILE | HAS_MESSAGES },
	[ADDRESS_TCP] = { { "tcp:" }, parse_tcp, format_tcp, HAS_PORT },
	[ADDRESS_STDIO] = { { NULL }, NULL, format_stdio, HAS_MESSAGES },
};

bool address_has_cid(enum address_kind kind)
{
	return kinds[kind].traits & HAS_CID;
}

bool address_has_port(enum address_kind kind)
{
	return kinds[kind].traits & HAS_PORT;
}

bool address_has_file(enum address_kind kind)
{
	return kinds[kind].traits & HAS_FILE;
}

bool address_has_messages(enum address_kind kind)
{
	return kinds[kind].traits & HAS_MESSAGES;
}

/* Moves *text past the prefix that tells the kind. A VM socket needs none. */
static enum address_kind take_prefix(const char **text)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		for (size_t j = 0; kinds[i].prefixes[j] != NULL; j++) {
			const char *prefix = kinds[i].prefixes[j];
			size_t length = strlen(prefix);

			if (strncmp(*text, prefix, length) == 0) {
				*text += length;
				return (enum address_kind)i;
			}
		}
	}
	return ADDRESS_VSOCK;
}

int address_parse(const char *text, enum address_role role,
    struct address *address, const char **why)
{
	*address = (struct address){ .kind = ADDRESS_STDIO };
	if (strcmp(text, "-") == 0)
		return 0;
	address->kind = take_prefix(&text);
	return kinds[address->kind].parse(text, role, address, why);
}

const char *address_format(
    const struct address *address, char text[ADDRESS_TEXT_SIZE])
{
	kinds[address->kind].format(address, text);
	return text;
}

const char *address_cid_name(uint32_t cid)
{
	for (size_t i = 0; i < CID_NAMES; i++)
		if (cid_names[i].cid == cid)
			return cid_names[i].name;
	return "vm";
}

const char *address_name(
    const struct address *address, char text[ADDRESS_TEXT_SIZE])
{
	uint32_t cid = address->cid;
	char port[16];

	if (address->kind != ADDRESS_VSOCK || cid == ADDRESS_ANY)
		return address_format(address, text);
	snprintf(text, ADDRESS_TEXT_SIZE, "%s(%u):%s", address_cid_name(cid),
	    cid, part_text(address->port, port));
	return text;
}
