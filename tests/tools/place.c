#include "place.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BACKLOG = 128 };

static bool parse_number(const char *text, unsigned int *number)
{
	const char *why;

	*number = (unsigned int)strtonum(text, 0, UINT_MAX, &why);
	return why == NULL;
}

/* Copies what stands before the colon; returns what stands after it, or NULL.
 */
static const char *split(const char *text, char *before, size_t size)
{
	const char *colon = strchr(text, ':');

	if (colon == NULL || (size_t)(colon - text) >= size)
		return NULL;
	memcpy(before, text, (size_t)(colon - text));
	before[colon - text] = '\0';
	return colon + 1;
}

static bool parse_vsock(const char *text, struct sockaddr_vm *vm)
{
	char cid[sizeof("4294967295")];
	const char *port = split(text, cid, sizeof(cid));

	vm->svm_family = AF_VSOCK;
	return port != NULL && parse_number(cid, &vm->svm_cid) &&
	       parse_number(port, &vm->svm_port);
}

static bool parse_tcp(const char *text, struct sockaddr_in *in)
{
	char host[INET_ADDRSTRLEN];
	unsigned int number;
	const char *port = split(text, host, sizeof(host));

	in->sin_family = AF_INET;
	if (port == NULL || !parse_number(port, &number) || number > 65535)
		return false;
	in->sin_port = htons((in_port_t)number);
	return inet_pton(AF_INET, host, &in->sin_addr) == 1;
}

static bool parse_unix(const char *path, struct sockaddr_un *un)
{
	un->sun_family = AF_UNIX;
	return *path != '\0' &&
	       strlcpy(un->sun_path, path, sizeof(un->sun_path)) <
		   sizeof(un->sun_path);
}

bool place_parse(const char *text, union place *place)
{
	memset(place, 0, sizeof(*place));
	if (strncmp(text, "vsock:", 6) == 0)
		return parse_vsock(text + 6, &place->vm);
	if (strncmp(text, "unix:", 5) == 0)
		return parse_unix(text + 5, &place->un);
	if (strncmp(text, "tcp:", 4) == 0)
		return parse_tcp(text + 4, &place->in);
	return false;
}

socklen_t place_size(const union place *place)
{
	switch (place->any.sa_family) {
	case AF_VSOCK:
		return sizeof(place->vm);
	case AF_INET:
		return sizeof(place->in);
	default:
		return sizeof(place->un);
	}
}

static int bind_source(int fd, unsigned int port)
{
	struct sockaddr_vm vm = {
		.svm_family = AF_VSOCK,
		.svm_cid = VMADDR_CID_ANY,
		.svm_port = port,
	};

	if (port == VMADDR_PORT_ANY)
		return 0;
	return bind(fd, (struct sockaddr *)&vm, sizeof(vm));
}

static int close_failed(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
	return -1;
}

int place_connect(const union place *place, int type, unsigned int source_port)
{
	int fd = socket(place->any.sa_family, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (bind_source(fd, source_port) < 0 ||
	    connect(fd, &place->any, place_size(place)) < 0)
		return close_failed(fd);
	return fd;
}

/* A socket file that an earlier peer left is in the way; nothing else is. */
static void remove_socket(const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(path);
}

void place_forget(const union place *place)
{
	if (place->any.sa_family == AF_UNIX)
		remove_socket(place->un.sun_path);
}

int place_listen(const union place *place, int type)
{
	const int yes = 1;
	int fd = socket(place->any.sa_family, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (place->any.sa_family == AF_INET)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	place_forget(place);
	if (bind(fd, &place->any, place_size(place)) < 0 ||
	    listen(fd, BACKLOG) < 0)
		return close_failed(fd);
	return fd;
}

unsigned int place_port(int fd)
{
	union place place;
	socklen_t size = sizeof(place);

	memset(&place, 0, sizeof(place));
	if (getsockname(fd, &place.any, &size) < 0)
		return VMADDR_PORT_ANY;
	if (place.any.sa_family == AF_INET)
		return ntohs(place.in.sin_port);
	if (place.any.sa_family != AF_VSOCK)
		return VMADDR_PORT_ANY;
	return place.vm.svm_port;
}
