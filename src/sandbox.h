/*
 * What is left to a process when its job is set up. It can do what the job
 * needs and nothing else, whatever a peer makes of it:
 *
 *	no_new_privs	no program that it could run would gain rights
 *	capabilities	only those that the job needs, capabilities(7)
 *	Landlock	only its files and TCP ports can be opened
 *	seccomp		only its system calls succeed, seccomp(2); others fail
 *			with EPERM
 *
 * What is open stays open and can be used. A process that enters a second stage
 * can only lose more by it.
 */
#ifndef VCAT_SANDBOX_H
#define VCAT_SANDBOX_H

#include <stdbool.h>

#include "landlock.h"

/* What a job needs, besides moving bytes between what is open. */
enum sandbox_need {
	SANDBOX_THREADS = 1 << 0, /* every need below includes it */
	SANDBOX_ACCEPTS = 1 << 1, /* accepts connections */
	SANDBOX_READS = 1 << 2,   /* opens files to read them */
	SANDBOX_WRITES = 1 << 3,  /* makes files and directories */
	SANDBOX_FORKS = 1 << 4,   /* makes children that do the same */
	/* Opens connections, by these families of sockets. */
	SANDBOX_DIALS_UNIX = 1 << 5,
	SANDBOX_DIALS_TCP = 1 << 6,
	SANDBOX_DIALS_VSOCK = 1 << 7,
};

#define SANDBOX_DIALS                                                          \
	(SANDBOX_DIALS_UNIX | SANDBOX_DIALS_TCP | SANDBOX_DIALS_VSOCK)

struct sandbox {
	unsigned needs; /* of enum sandbox_need */
	bool binds_low; /* to ports below 1024, before it dials */
	bool any_call;  /* no seccomp: nobody knows its system calls */
	struct landlock_rules rules;
};

/* What the kernel restricts. Errors are errno, 0: none. */
struct sandbox_kernel {
	int no_seccomp;
	int no_landlock;
	bool tcp_ports; /* Landlock knows them */
};

/*
 * Restricts the process: the calling thread and those that it will create;
 * system calls for those that are there, too. What the kernel does not have is
 * left out. Returns what is in force.
 */
struct sandbox_kernel sandbox_enter(const struct sandbox *sandbox);

/* What sandbox_enter() would return. Changes nothing. */
struct sandbox_kernel sandbox_ask(void);

/* Returns text: "seccomp, Landlock for files and TCP ports". */
#define SANDBOX_TEXT_SIZE 128
const char *sandbox_describe(
    struct sandbox_kernel kernel, char text[SANDBOX_TEXT_SIZE]);

#endif
