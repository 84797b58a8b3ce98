#include "names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct names *make_empty(int room)
{
	struct names *names =
	    calloc(1, sizeof *names + (size_t)room * sizeof names->list[0]);

	if (names != NULL)
		names->users = 1;
	return names;
}

struct names *names_make(const union names_address *list, int count)
{
	struct names *names = make_empty(count);

	if (names == NULL)
		return NULL;
	memcpy(names->list, list, (size_t)count * sizeof *list);
	names->count = count;
	return names;
}

struct names *names_from(const struct addrinfo *found)
{
	struct names *names;
	int room = 0;

	for (const struct addrinfo *one = found; one != NULL;
	     one = one->ai_next)
		room++;
	names = make_empty(room);
	if (names == NULL)
		return NULL;
	for (const struct addrinfo *one = found; one != NULL;
	     one = one->ai_next)
		if (one->ai_addrlen <= sizeof names->list[0])
			memcpy(&names->list[names->count++], one->ai_addr,
			    one->ai_addrlen);
	return names;
}

struct names *names_hold(struct names *names)
{
	if (names != NULL)
		names->users++;
	return names;
}

void names_drop(struct names *names)
{
	if (names != NULL && --names->users == 0)
		free(names);
}

/* The port is at the same place in both. */
union names_address names_with_port(
    const union names_address *address, uint32_t port, socklen_t *length)
{
	union names_address with = *address;

	with.v4.sin_port = htons((uint16_t)port);
	*length =
	    with.any.sa_family == AF_INET6 ? sizeof with.v6 : sizeof with.v4;
	return with;
}
