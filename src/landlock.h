/*
 * Landlock, landlock(7): which files and TCP ports the process can still open.
 * What is open already can be used as before. Connecting to a unix socket by
 * its path is not restricted.
 */
#ifndef VCAT_LANDLOCK_H
#define VCAT_LANDLOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "value.h"

/* What is allowed; all else is not. What is pointed to is borrowed. */
struct landlock_rules {
	const char *const *socket_files; /* may be removed; as many: */
	size_t files;
	bool reads;              /* files and directories: */
	char *const *operands;   /* ... beneath these; NULL: all */
	int directory;           /* files may be made beneath it; -1: none */
	struct ranges tcp_ports; /* may be connected to */
	bool abstract;           /* so may abstract names of AF_UNIX */
};

/* The version of the kernel's interface, or -1 with errno. */
int landlock_version(void);

/* Whether that version knows TCP ports. */
bool landlock_knows_ports(int version);

/*
 * Restricts the calling thread, and those that it will create. no_new_privs
 * must be set. Returns 0, or -1 with errno; nothing has changed then.
 */
int landlock_restrict(const struct landlock_rules *rules);

#endif
