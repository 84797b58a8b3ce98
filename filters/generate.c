/*
 * generate MACHINE: the seccomp filters of all jobs as C source, for such a
 * machine as uname(2) or a compiler's triplet names it. libseccomp makes them
 * from the table below, here and not in vcat: at each start it would cost 0.2
 * ms.
 *
 * generate --list: the table as text, for the tests: lines of a need, or "all"
 * for every job, and the system calls that it adds.
 */
#include <asm/termbits.h>
#include <byteswap.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <linux/sockios.h>
#include <unistd.h>

#include "filters.h"
#include "sandbox.h"

#define CODE_MAX 4096

/* Of an argument, the bits that the call is judged by. */
#define BITS(at, mask, value) .argument = (at) + 1, mask, value
#define IS(at, value)         BITS(at, UINT32_MAX, value)
#define ANY                   .argument = 0

/* A stream of the family's usual protocol: Landlock's rules for TCP ports do
 * not hold for UDP and MPTCP. */
#define TCP_OF(family) IS(0, family), .tcp = true
#define TYPE_MASK      0xf

#define FOR_WRITING (O_ACCMODE | O_CREAT | O_TRUNC)

/* What fork(3) asks clone(2) for, with the signal at the end. */
#define FORK_FLAGS (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | CSIGNAL)

/* clone(2) has its first two arguments in the other order there. */
#define ON_S390 true

static const struct row {
	unsigned needs; /* one of those; 0: every job */
	const char *calls;
	int argument; /* counted from 1; 0: any will do */
	uint64_t mask, value;
	bool s390;
	bool tcp;
} rows[] = {
	/* Bytes. */
	{ 0,
	    "read readv write writev recv recvfrom recvmsg send sendto "
	    "sendmsg splice sendfile sendfile64",
	    ANY },
	{ 0,
	    "poll ppoll ppoll_time64 epoll_ctl epoll_wait epoll_pwait "
	    "epoll_pwait2",
	    ANY },
	{ 0, "pipe pipe2 dup2 dup3 fcntl fcntl64 close shutdown", ANY },
	{ 0, "getsockopt setsockopt getsockname getpeername", ANY },
	{ 0, "fstat fstat64 lseek _llseek", ANY },
	{ 0, "newfstatat fstatat64", BITS(3, AT_EMPTY_PATH, AT_EMPTY_PATH) },
	{ 0, "statx", BITS(2, AT_EMPTY_PATH, AT_EMPTY_PATH) },
	{ 0, "ioctl", IS(1, SIOCOUTQ) },
	{ 0, "ioctl", IS(1, TCGETS) },
	{ 0, "ioctl", IS(1, TCGETS2) },
	{ 0, "ioctl", IS(1, TIOCGWINSZ) },
	{ 0, "ioctl", IS(1, TIOCGPGRP) },
	/* Memory, time, signals and the end. */
	{ 0, "brk munmap mremap madvise", ANY },
	{ 0, "mmap mmap2 mprotect", BITS(2, PROT_EXEC, 0) },
	{ 0,
	    "clock_gettime clock_gettime64 gettimeofday time clock_nanosleep "
	    "clock_nanosleep_time64 nanosleep restart_syscall",
	    ANY },
	{ 0,
	    "rt_sigaction rt_sigprocmask rt_sigreturn sigreturn sigaltstack "
	    "signalfd4 gettid getpid getpgrp getpgid tgkill "
	    "tkill timerfd_create timerfd_settime timerfd_settime64",
	    ANY },
	{ 0, "futex futex_time64 getrandom exit exit_group", ANY },

	/* What opens connections may go on to a stricter sandbox. */
	{ SANDBOX_ACCEPTS | SANDBOX_DIALS,
	    "seccomp capget capset landlock_create_ruleset landlock_add_rule "
	    "landlock_restrict_self",
	    ANY },
	{ SANDBOX_ACCEPTS | SANDBOX_DIALS, "prctl",
	    IS(0, PR_SET_NO_NEW_PRIVS) },

	/* As many descriptors as it may have. */
	{ SANDBOX_THREADS, "prlimit64", IS(0, 0) },
	{ SANDBOX_THREADS, "getrlimit ugetrlimit setrlimit", ANY },

	{ SANDBOX_THREADS, "clone", BITS(0, CLONE_THREAD, CLONE_THREAD) },
	{ SANDBOX_THREADS, "clone", BITS(1, CLONE_THREAD, CLONE_THREAD),
	    ON_S390 },
	{ SANDBOX_THREADS, "set_robust_list rseq sched_getaffinity eventfd2",
	    ANY },

	{ SANDBOX_ACCEPTS, "accept accept4", ANY },
	/* its socket file is removed */
	{ SANDBOX_ACCEPTS,
	    "lstat lstat64 newfstatat fstatat64 statx unlink "
	    "unlinkat",
	    ANY },

	{ SANDBOX_READS | SANDBOX_WRITES,
	    "openat2 lstat lstat64 stat stat64 newfstatat fstatat64 statx "
	    "getdents64 pread64 readlink readlinkat sysinfo",
	    ANY },
	{ SANDBOX_READS, "open", BITS(1, FOR_WRITING, O_RDONLY) },
	{ SANDBOX_READS, "openat", BITS(2, FOR_WRITING, O_RDONLY) },
	{ SANDBOX_WRITES,
	    "open openat mkdirat symlinkat linkat renameat renameat2 unlinkat "
	    "fchmod fchmodat utimensat utimensat_time64 fsync pwrite64 "
	    "ftruncate ftruncate64 fallocate copy_file_range flock "
	    "sync_file_range sync_file_range2 "
	    "access faccessat faccessat2 geteuid geteuid32",
	    ANY },

	{ SANDBOX_FORKS, "fork", ANY },
	{ SANDBOX_FORKS, "clone", BITS(0, UINT32_MAX & ~FORK_FLAGS, 0) },
	{ SANDBOX_FORKS, "clone", BITS(1, UINT32_MAX & ~FORK_FLAGS, 0),
	    ON_S390 },
	{ SANDBOX_FORKS, "setpgid set_tid_address kill wait4 waitid waitpid",
	    ANY },

	{ SANDBOX_DIALS, "connect epoll_create1", ANY },
	{ SANDBOX_DIALS_UNIX, "socket", IS(0, AF_UNIX) },
	{ SANDBOX_DIALS_UNIX, "stat stat64 newfstatat fstatat64 statx", ANY },
	{ SANDBOX_DIALS_TCP, "socket", TCP_OF(AF_INET) },
	{ SANDBOX_DIALS_TCP, "socket", TCP_OF(AF_INET6) },
	{ SANDBOX_DIALS_VSOCK, "socket", IS(0, AF_VSOCK) },
	{ SANDBOX_DIALS_VSOCK, "bind", ANY },
};

#define ROWS (sizeof rows / sizeof rows[0])

/* The jobs that there are; every one that dials once for each set of families,
 * of which a transfer needs one. */
static const unsigned jobs[] = {
	0,
	SANDBOX_THREADS,
	SANDBOX_DIALS,
	SANDBOX_ACCEPTS,
	SANDBOX_ACCEPTS | SANDBOX_DIALS,
	SANDBOX_READS,
	SANDBOX_READS | SANDBOX_DIALS,
	SANDBOX_READS | SANDBOX_ACCEPTS,
	SANDBOX_READS | SANDBOX_ACCEPTS | SANDBOX_FORKS,
	SANDBOX_WRITES,
	SANDBOX_WRITES | SANDBOX_DIALS,
	SANDBOX_WRITES | SANDBOX_ACCEPTS,
	SANDBOX_WRITES | SANDBOX_ACCEPTS | SANDBOX_FORKS,
};

static const struct {
	unsigned need;
	const char *name;
} names[] = {
	{ 0, "all" },
	{ SANDBOX_THREADS, "threads" },
	{ SANDBOX_ACCEPTS, "accepts" },
	{ SANDBOX_READS, "reads" },
	{ SANDBOX_WRITES, "writes" },
	{ SANDBOX_FORKS, "forks" },
	{ SANDBOX_DIALS_UNIX, "dials-unix" },
	{ SANDBOX_DIALS_TCP, "dials-tcp" },
	{ SANDBOX_DIALS_VSOCK, "dials-vsock" },
};

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "generate: %s: %s\n", what, strerror(errno));
	exit(1);
}

static bool applies(const struct row *row, unsigned needs)
{
	return row->needs == 0 || (row->needs & needs) != 0;
}

static void list(void)
{
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		for (size_t j = 0; j < ROWS; j++)
			if (names[i].need == 0
				? rows[j].needs == 0
				: (rows[j].needs & names[i].need) != 0)
				printf("%s %s\n", names[i].name, rows[j].calls);
}

/* Where libcs open sockets by socketcall(2), whose arguments lie in memory. */
static bool hides_arguments(uint32_t machine, const char *name)
{
	static const uint32_t machines[] = { SCMP_ARCH_X86, SCMP_ARCH_S390,
		SCMP_ARCH_S390X, SCMP_ARCH_PPC, SCMP_ARCH_PPC64,
		SCMP_ARCH_PPC64LE };
	bool hides = false;

	for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++)
		hides |= machine == machines[i];
	return hides && strcmp(name, "socket") == 0;
}

/* A call that this libseccomp does not know, vcat's libc cannot make either. */
static void allow(scmp_filter_ctx filter, uint32_t machine, const char *name,
    const struct row *row)
{
	bool judges = row->argument > 0 && !hides_arguments(machine, name);
	int call = seccomp_syscall_resolve_name(name);
	const struct scmp_arg_cmp judged[] = {
		{ (unsigned)row->argument - 1, SCMP_CMP_MASKED_EQ, row->mask,
		    row->value },
		{ 1, SCMP_CMP_MASKED_EQ, TYPE_MASK, SOCK_STREAM },
		{ 2, SCMP_CMP_MASKED_EQ, UINT32_MAX, 0 },
	};
	unsigned count = row->tcp ? 3 : 1;

	if (call == __NR_SCMP_ERROR)
		return;
	errno = -seccomp_rule_add_array(
	    filter, SCMP_ACT_ALLOW, call, judges ? count : 0, judged);
	must(errno == 0, name);
}

static void allow_row(
    scmp_filter_ctx filter, uint32_t machine, const struct row *row)
{
	char *calls = strdup(row->calls);
	char *rest = calls;
	const char *name;

	must(calls != NULL, "memory");
	while ((name = strsep(&rest, " ")) != NULL)
		allow(filter, machine, name, row);
	free(calls);
}

/* glibc does without clone3(2), whose flags no filter can see, on ENOSYS. */
static scmp_filter_ctx make_filter(uint32_t machine, unsigned needs)
{
	bool s390 = machine == SCMP_ARCH_S390 || machine == SCMP_ARCH_S390X;
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));

	must(filter != NULL, "seccomp_init");
	if (machine != seccomp_arch_native())
		must(seccomp_arch_remove(filter, SCMP_ARCH_NATIVE) == 0 &&
			 seccomp_arch_add(filter, machine) == 0,
		    "seccomp_arch_add");
	seccomp_attr_set(
	    filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	must(seccomp_rule_add(
		 filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0,
	    "clone3");
	for (size_t i = 0; i < ROWS; i++)
		if (applies(&rows[i], needs) &&
		    (rows[i].argument == 0 ||
			strcmp(rows[i].calls, "clone") != 0 ||
			rows[i].s390 == s390))
			allow_row(filter, machine, &rows[i]);
	return filter;
}

/* The filter as a program, whose first instruction loads a word. libseccomp
 * writes it in the byte order of the machine that it is for. */
static size_t export(scmp_filter_ctx filter, struct sock_filter *code)
{
	const uint16_t load = BPF_LD | BPF_W | BPF_ABS;
	int fd = memfd_create("filter", MFD_CLOEXEC);
	ssize_t size;
	bool swapped;

	must(fd >= 0 && seccomp_export_bpf(filter, fd) == 0, "export");
	size = pread(fd, code, CODE_MAX * sizeof *code, 0);
	must(size > 0, "read");
	close(fd);
	swapped = code[0].code == bswap_16(load);
	for (size_t i = 0; swapped && i < (size_t)size / sizeof *code; i++) {
		code[i].code = bswap_16(code[i].code);
		code[i].k = bswap_32(code[i].k);
	}
	must(code[0].code == load, "byte order");
	return (size_t)size / sizeof *code;
}

static void print_filter(uint32_t machine, unsigned needs)
{
	static struct sock_filter code[CODE_MAX];
	scmp_filter_ctx filter = make_filter(machine, needs);
	size_t length = export(filter, code);

	printf("static const struct sock_filter filter_%u[] = {\n", needs);
	for (size_t i = 0; i < length; i++)
		printf("\t{ 0x%x, %u, %u, 0x%xU },\n", code[i].code, code[i].jt,
		    code[i].jf, code[i].k);
	printf("};\n\n");
	seccomp_release(filter);
}

static void print_row(uint32_t machine, unsigned needs)
{
	(void)machine;
	printf("\t{ %u, sizeof filter_%u / sizeof filter_%u[0], filter_%u },\n",
	    needs, needs, needs, needs);
}

/* What dials or accepts may have a thread for each of its connections. */
static unsigned completed(unsigned needs)
{
	return needs == 0 ? 0 : needs | SANDBOX_THREADS;
}

static bool exists(unsigned others, unsigned families)
{
	bool transfer = (others & (SANDBOX_READS | SANDBOX_WRITES)) != 0;

	return families != 0 && (!transfer || (families & (families - 1)) == 0);
}

static void for_each_job(
    uint32_t machine, void (*print)(uint32_t machine, unsigned needs))
{
	for (size_t i = 0; i < sizeof jobs / sizeof jobs[0]; i++) {
		unsigned others = jobs[i] & ~SANDBOX_DIALS;
		unsigned all = jobs[i] & SANDBOX_DIALS;
		unsigned families = all;

		/* each subset of all */
		do {
			if (exists(others, families) || all == 0)
				print(machine, completed(others | families));
			families = (families - 1) & all;
		} while (families != all);
	}
}

/* The first part of a triplet, as libseccomp calls it. */
static uint32_t find_machine(const char *triplet)
{
	static const char *const others[][2] = {
		{ "i386", "x86" },
		{ "i486", "x86" },
		{ "i586", "x86" },
		{ "i686", "x86" },
		{ "armv7l", "arm" },
		{ "powerpc", "ppc" },
		{ "powerpc64", "ppc64" },
		{ "powerpc64le", "ppc64le" },
		{ "hppa", "parisc" },
	};
	char *copy = strdup(triplet);
	const char *name = copy;
	uint32_t machine;

	must(copy != NULL, "memory");
	copy[strcspn(copy, "-")] = '\0';
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (strcmp(copy, others[i][0]) == 0)
			name = others[i][1];
	machine = seccomp_arch_resolve_name(name);
	errno = EINVAL;
	must(machine != 0, triplet);
	free(copy);
	return machine;
}

int main(int argc, char *argv[])
{
	uint32_t machine;

	if (argc != 2) {
		fprintf(stderr, "usage: generate --list | MACHINE\n");
		return 2;
	}
	if (strcmp(argv[1], "--list") == 0) {
		list();
		return 0;
	}
	machine = find_machine(argv[1]);
	puts("#include <stddef.h>\n\n#include \"filters.h\"\n");
	for_each_job(machine, print_filter);
	puts("const struct filter filters[] = {");
	for_each_job(machine, print_row);
	puts("\t{ 0, 0, NULL },\n};");
	return fflush(stdout) == 0 ? 0 : 1;
}
