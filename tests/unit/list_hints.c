/*
 * Prints every hint that vcat can give, by asking for each combination of
 * address, step and error. tests/docs.bats compares the manual with the output.
 *
 * Usage: list_hints STEP...
 * Output, one line per hint: KIND <tab> STEP <tab> strerror <tab> HINT. The
 * STEP "*" stands for all steps given. The port in the text is 1234.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "trouble.h"

#define ERRNO_MAX 200
#define PORT      1234

/* One address for each case that a table of hints distinguishes. */
static const struct address addresses[] = {
	{ .kind = ADDRESS_VSOCK, .cid = ADDRESS_CID_HYPERVISOR, .port = PORT },
	{ .kind = ADDRESS_VSOCK, .cid = ADDRESS_CID_LOCAL, .port = PORT },
	{ .kind = ADDRESS_VSOCK, .cid = ADDRESS_CID_HOST, .port = PORT },
	{ .kind = ADDRESS_VSOCK, .cid = 3, .port = PORT },
	{ .kind = ADDRESS_VSOCK, .cid = ADDRESS_ANY, .port = PORT },
	{ .kind = ADDRESS_UNIX, .path = "/socket" },
	{ .kind = ADDRESS_MUX, .path = "/socket", .port = PORT },
	{ .kind = ADDRESS_TCP, .host = "localhost", .port = PORT },
	{ .kind = ADDRESS_STDIO },
};

static const char *kind_name(enum address_kind kind)
{
	switch (kind) {
	case ADDRESS_VSOCK:
		return "vsock";
	case ADDRESS_MUX:
		return "mux";
	case ADDRESS_UNIX:
		return "unix";
	case ADDRESS_TCP:
		return "tcp";
	case ADDRESS_STDIO:
		break;
	}
	return "-";
}

static const char *hint_find(const struct address *address, const char *step,
    int error, char text[TROUBLE_HINT_SIZE])
{
	const struct socket_fault fault = { .step = step };

	return trouble_find_hint(address, &fault, error, text);
}

/* Whether the hint is the same for every step. */
static bool is_general(const struct address *address, int error, char *steps[])
{
	char first[TROUBLE_HINT_SIZE];
	char text[TROUBLE_HINT_SIZE];

	if (hint_find(address, steps[0], error, first) == NULL)
		return false;
	for (char **step = steps; *step != NULL; step++)
		if (hint_find(address, *step, error, text) == NULL ||
		    strcmp(first, text) != 0)
			return false;
	return true;
}

static void print_hint(const struct address *address, const char *step,
    int error, const char *text)
{
	printf("%s\t%s\t%s\t%s\n", kind_name(address->kind), step,
	    strerror(error), text);
}

static void list(const struct address *address, int error, char *steps[])
{
	char text[TROUBLE_HINT_SIZE];

	if (is_general(address, error, steps)) {
		hint_find(address, steps[0], error, text);
		print_hint(address, "*", error, text);
		return;
	}
	for (char **step = steps; *step != NULL; step++)
		if (hint_find(address, *step, error, text) != NULL)
			print_hint(address, *step, error, text);
}

int main(int argc, char *argv[])
{
	if (argc < 2) {
		fprintf(stderr, "usage: list_hints STEP...\n");
		return 2;
	}
	for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++)
		for (int error = 1; error < ERRNO_MAX; error++)
			list(&addresses[i], error, argv + 1);
	return 0;
}
