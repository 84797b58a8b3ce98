/*
 * There is a filter for each job that vcat can have, and it lets through what
 * the job needs, and nothing else.
 */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "test.h"

/* LeakSanitizer opens files at the end, which it then cannot. */
const char *__lsan_default_options(void);

const char *__lsan_default_options(void)
{
	return "detect_leaks=0";
}

/* AddressSanitizer does without: sandbox.c. */
static void need_filters(struct sandbox_kernel kernel)
{
#ifdef __SANITIZE_ADDRESS__
	exit(TEST_SKIPPED);
#endif
	if (kernel.no_seccomp != 0 || sandbox_ask().no_seccomp != 0)
		exit(TEST_SKIPPED);
}

static struct sandbox_kernel enter(unsigned needs)
{
	const struct sandbox sandbox = {
		.needs = needs,
		.rules.directory = -1,
	};

	return sandbox_enter(&sandbox);
}

/* The error of a call that fails in any case. */
static int error_of(long result)
{
	return result < 0 ? errno : 0;
}

/* Whether the filter lets a socket of the family be made. */
static bool makes(int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool allowed = fd >= 0 || errno != EPERM;

	if (fd >= 0)
		close(fd);
	return allowed;
}

/* After the filter of these needs: what is allowed is what they say. */
static void check_job(unsigned needs)
{
	bool opens = (needs & (SANDBOX_READS | SANDBOX_WRITES)) != 0;
	bool makes_files = (needs & SANDBOX_WRITES) != 0;

	CHECK_INT(error_of(syscall(SYS_accept4, -1, NULL, NULL, 0)) != EPERM,
	    (needs & SANDBOX_ACCEPTS) != 0);
	CHECK_INT(error_of(syscall(SYS_connect, -1, NULL, 0)) != EPERM,
	    (needs & SANDBOX_DIALS) != 0);
	CHECK_INT(
	    error_of(syscall(SYS_openat, -1, NULL, O_RDONLY)) != EPERM, opens);
	CHECK_INT(error_of(syscall(SYS_openat, -1, NULL, O_WRONLY)) != EPERM,
	    makes_files);
	CHECK_INT(
	    error_of(syscall(SYS_ftruncate, -1, 0)) != EPERM, makes_files);
	CHECK_INT(
	    error_of(syscall(SYS_wait4, -1, NULL, WNOHANG, NULL)) != EPERM,
	    (needs & SANDBOX_FORKS) != 0);
	CHECK_INT(makes(AF_UNIX), (needs & SANDBOX_DIALS_UNIX) != 0);
	CHECK_INT(makes(AF_INET), (needs & SANDBOX_DIALS_TCP) != 0);
	CHECK_INT(makes(AF_INET6), (needs & SANDBOX_DIALS_TCP) != 0);
	/* Landlock's rules for ports do not hold for these */
	CHECK_INT(error_of(syscall(SYS_socket, AF_INET, SOCK_DGRAM, 0)), EPERM);
	CHECK_INT(error_of(syscall(SYS_socket, AF_INET, SOCK_STREAM, 262)),
	    EPERM); /* IPPROTO_MPTCP */
	CHECK_INT(error_of(syscall(SYS_execve, NULL, NULL, NULL)), EPERM);
	CHECK_INT(error_of(syscall(SYS_ptrace, -1, 0, 0, 0)), EPERM);
	CHECK_INT(error_of(syscall(SYS_setuid, 0)), EPERM);
	CHECK_INT(error_of(syscall(SYS_read, -1, NULL, 0)), EBADF);
	CHECK_INT(error_of(syscall(SYS_clone3, NULL, 0)), ENOSYS);
}

/* In a child, which ends with 0 if all is as it should be. */
static void try_job(unsigned needs)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct sandbox_kernel kernel = enter(needs);

		if (kernel.no_seccomp == 0)
			check_job(needs);
		else
			CHECK_INT(kernel.no_seccomp, 0);
		fflush(stdout);
		_exit(test_failures == 0 ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	if (!CHECK_INT(status, 0))
		printf("# needs 0x%x\n", needs);
}

/* Each set of families, of which a transfer dials one. */
static void try_dialling(unsigned others)
{
	static const unsigned each[] = { SANDBOX_DIALS_UNIX, SANDBOX_DIALS_TCP,
		SANDBOX_DIALS_VSOCK };

	for (size_t i = 0; i < LENGTH(each); i++) {
		try_job(others | each[i]);
		if ((others & (SANDBOX_READS | SANDBOX_WRITES)) != 0)
			continue;
		/* to connect two */
		for (size_t j = 0; j < i; j++)
			try_job(others | each[i] | each[j]);
	}
}

static void test_jobs(void)
{
	static const unsigned transfers[] = { SANDBOX_READS, SANDBOX_WRITES };

	need_filters(sandbox_ask());
	try_job(0);
	try_job(SANDBOX_THREADS);
	try_job(SANDBOX_ACCEPTS);
	try_dialling(0);
	try_dialling(SANDBOX_ACCEPTS);
	for (size_t i = 0; i < LENGTH(transfers); i++) {
		try_job(transfers[i]);
		try_job(transfers[i] | SANDBOX_ACCEPTS);
		try_job(transfers[i] | SANDBOX_ACCEPTS | SANDBOX_FORKS);
		try_dialling(transfers[i]);
	}
}

/* A second stage takes away, and gives nothing back. */
static void test_stages(void)
{
	need_filters(enter(SANDBOX_ACCEPTS | SANDBOX_DIALS_UNIX));
	CHECK(makes(AF_UNIX));
	CHECK(!makes(AF_INET));
	CHECK_INT(enter(SANDBOX_DIALS_TCP).no_seccomp, 0);
	CHECK(!makes(AF_UNIX));
	CHECK(!makes(AF_INET));
	CHECK_INT(error_of(syscall(SYS_accept4, -1, NULL, NULL, 0)), EPERM);
	CHECK_INT(enter(0).no_seccomp, 0);
	CHECK_INT(error_of(syscall(SYS_connect, -1, NULL, 0)), EPERM);
	/* from here on there is no way, not even to a third */
	CHECK_INT(enter(0).no_seccomp, EPERM);
}

static void test_unknown(void)
{
	need_filters(sandbox_ask());
	/* a job that there is not: told, and not filtered */
	CHECK_INT(enter(SANDBOX_READS | SANDBOX_WRITES).no_seccomp, ENOTSUP);
	CHECK(makes(AF_UNIX));
}

static void test_texts(void)
{
	static const struct {
		struct sandbox_kernel kernel;
		const char *text;
	} rows[] = {
		{ { 0, 0, true }, "seccomp, Landlock for files and TCP ports" },
		{ { 0, 0, false }, "seccomp, Landlock for files" },
		{ { 0, ENOSYS, false },
		    "seccomp, no Landlock (Function not implemented)" },
		{ { EINVAL, 0, true },
		    "no seccomp (Invalid argument), Landlock for files and TCP "
		    "ports" },
		{ { EPERM, EOPNOTSUPP, false },
		    "no seccomp (Operation not permitted), no Landlock "
		    "(Operation not supported)" },
	};
	char text[SANDBOX_TEXT_SIZE];

	for (size_t i = 0; i < LENGTH(rows); i++)
		CHECK_STR(sandbox_describe(rows[i].kernel, text), rows[i].text);
}

int main(void)
{
	static const struct test tests[] = {
		{ "jobs: each has a filter, for what it needs", test_jobs },
		{ "stages: each takes away, and none gives back", test_stages },
		{ "unknown: a job without a filter is told of", test_unknown },
		{ "texts: what is in force, and what is not, and why",
		    test_texts },
	};

	return test_run(tests, LENGTH(tests));
}
