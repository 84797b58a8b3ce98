#include "sandbox.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "filters.h"

/* The capabilities of a process are two words. */
#define WORDS 2

/* The sanitizers make calls and open files of their own: then the Makefile says
 * 1 here. */
#ifndef SANDBOX_SANITIZED
#define SANDBOX_SANITIZED 0
#endif

/*
 * Root opens what belongs to others, as the user may expect: sockets that it
 * connects to, directories of a socket file that is to be removed, files to
 * send, and directories to receive into.
 */
static uint64_t capabilities_for(const struct sandbox *sandbox)
{
	const unsigned opens = SANDBOX_ACCEPTS | SANDBOX_DIALS_UNIX |
			       SANDBOX_READS | SANDBOX_WRITES;
	uint64_t kept = 0;

	if ((sandbox->needs & opens) != 0)
		kept |= UINT64_C(1) << CAP_DAC_OVERRIDE;
	if ((sandbox->needs & (SANDBOX_READS | SANDBOX_WRITES)) != 0)
		kept |= UINT64_C(1) << CAP_DAC_READ_SEARCH;
	if ((sandbox->needs & SANDBOX_WRITES) != 0)
		kept |= UINT64_C(1) << CAP_FOWNER;
	if (sandbox->binds_low)
		kept |= UINT64_C(1) << CAP_NET_BIND_SERVICE;
	return kept;
}

/* Whoever has none has none to lose. */
static void drop_capabilities(uint64_t kept)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[WORDS];

	if (syscall(SYS_capget, &header, data) < 0)
		return;
	for (int i = 0; i < WORDS; i++) {
		data[i].permitted &= (uint32_t)(kept >> (32 * i));
		data[i].effective &= data[i].permitted;
		data[i].inheritable = 0;
	}
	syscall(SYS_capset, &header, data);
}

/*
 * Returns 0; or else another number, with errno. SPEC_ALLOW: before Linux 5.16
 * a filter would also turn off the processor's speculative stores, which makes
 * the process slower. That protects those who run code of others; we do not.
 */
static int filter_calls(unsigned needs)
{
	const struct filter *filter = filters;
	struct sock_fprog program;

	errno = ENOTSUP;
	if (SANDBOX_SANITIZED)
		return -1;
	while (filter->code != NULL && filter->needs != needs)
		filter++;
	if (filter->code == NULL)
		return -1;
	program = (struct sock_fprog){
		.len = filter->length,
		.filter = (struct sock_filter *)filter->code,
	};
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
	    SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW,
	    &program);
}

struct sandbox_kernel sandbox_enter(const struct sandbox *sandbox)
{
	struct sandbox_kernel kernel = { 0 };
	unsigned threads = sandbox->needs != 0 ? SANDBOX_THREADS : 0;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	kernel.tcp_ports = landlock_knows_ports(landlock_version());
	drop_capabilities(capabilities_for(sandbox));
	if (SANDBOX_SANITIZED)
		kernel.no_landlock = ENOTSUP;
	else if (landlock_restrict(&sandbox->rules) < 0)
		kernel.no_landlock = errno;
	if (!sandbox->any_call && filter_calls(sandbox->needs | threads) != 0)
		kernel.no_seccomp = errno;
	return kernel;
}

struct sandbox_kernel sandbox_ask(void)
{
	const uint32_t action = SECCOMP_RET_ERRNO;
	int version = landlock_version();
	struct sandbox_kernel kernel = {
		.no_landlock = version < 0 ? errno : 0,
		.tcp_ports = landlock_knows_ports(version),
	};

	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) < 0)
		kernel.no_seccomp = errno;
	return kernel;
}

const char *sandbox_describe(
    struct sandbox_kernel kernel, char text[SANDBOX_TEXT_SIZE])
{
	const char *landlock = kernel.tcp_ports
				   ? "Landlock for files and TCP ports"
				   : "Landlock for files";
	char calls[SANDBOX_TEXT_SIZE / 2] = "seccomp";

	if (kernel.no_seccomp != 0)
		snprintf(calls, sizeof calls, "no seccomp (%s)",
		    strerror(kernel.no_seccomp));
	if (kernel.no_landlock == 0)
		snprintf(text, SANDBOX_TEXT_SIZE, "%s, %s", calls, landlock);
	else
		snprintf(text, SANDBOX_TEXT_SIZE, "%s, no Landlock (%s)", calls,
		    strerror(kernel.no_landlock));
	return text;
}
