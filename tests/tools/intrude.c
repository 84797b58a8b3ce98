/*
 * intrude PID: has that process, which must be waiting in a system call, try
 * what an intruder in it would. Prints a line for each attempt: its name, and
 * the error, or "done". The process then goes on as if nothing had been.
 *
 * intrude PID open|create|unlink|tcp WHAT...: only that, of the file WHAT; or a
 * connection to the TCP port WHAT of this machine.
 *
 * An attempt that is let through fails all the same, by an argument that is not
 * valid, or changes nothing that stays. On other machines than x86-64: status
 * 77.
 */
#include <stdio.h>

#ifdef __x86_64__
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "number.h"

/* Of the instruction `syscall`: 0f 05. */
#define SYSCALL_SIZE 2
#define SYSCALL_CODE 0x050fU

/* Below what the process has on its stack: the ABI's red zone, and our text. */
#define STACK_BELOW 4096

#define NONE UINT64_MAX

static const struct attempt {
	const char *name;
	long call;
	uint64_t arguments[6];
} attempts[] = {
	{ "execve", SYS_execve, { 0, 0, 0 } },
	{ "execveat", SYS_execveat, { NONE, 0, 0, 0, 0 } },
	{ "clone", SYS_clone, { CLONE_SIGHAND | SIGCHLD } },
	{ "clone3", SYS_clone3, { 0, 0 } },
	{ "thread", SYS_clone, { CLONE_THREAD } },
	{ "open", SYS_open, { 0, O_RDONLY } },
	{ "openat", SYS_openat, { NONE, 0, O_RDONLY } },
	{ "openat2", SYS_openat2, { NONE, 0, 0, 0 } },
	{ "creat", SYS_creat, { 0, 0 } },
	{ "unlink", SYS_unlink, { 0 } },
	{ "rename", SYS_rename, { 0, 0 } },
	{ "chmod", SYS_chmod, { 0, 0 } },
	{ "mknod", SYS_mknod, { 0, 0, 0 } },
	{ "mount", SYS_mount, { 0, 0, 0, MS_BIND, 0 } },
	{ "chroot", SYS_chroot, { 0 } },
	{ "memfd_create", SYS_memfd_create, { 0, 0 } },
	{ "socket unix", SYS_socket, { AF_UNIX, SOCK_STREAM, 0 } },
	{ "socket tcp", SYS_socket, { AF_INET, SOCK_STREAM, 0 } },
	{ "socket netlink", SYS_socket, { AF_NETLINK, SOCK_RAW, 0 } },
	{ "socket packet", SYS_socket, { AF_PACKET, SOCK_RAW, 0 } },
	{ "connect", SYS_connect, { NONE, 0, 0 } },
	{ "bind", SYS_bind, { NONE, 0, 0 } },
	{ "listen", SYS_listen, { NONE, 0 } },
	{ "accept", SYS_accept4, { NONE, 0, 0, 0 } },
	{ "kill", SYS_kill, { 1, 0 } },
	{ "ptrace", SYS_ptrace, { NONE, 0, 0, 0 } },
	{ "process_vm_readv", SYS_process_vm_readv, { 1, 0, 0, 0, 0, 1 } },
	{ "setuid", SYS_setuid, { 0 } },
	{ "setresuid", SYS_setresuid, { NONE, NONE, NONE } },
	{ "unshare", SYS_unshare, { 0 } },
	{ "setns", SYS_setns, { NONE, 0 } },
	{ "prctl", SYS_prctl, { NONE, 0, 0, 0, 0 } },
	{ "mmap executable", SYS_mmap, { 0, 0, PROT_EXEC, 0, NONE, 0 } },
	{ "mprotect executable", SYS_mprotect, { 0, 0, PROT_EXEC } },
	{ "ioctl TIOCSTI", SYS_ioctl, { NONE, TIOCSTI, 0 } },
	{ "bpf", SYS_bpf, { NONE, 0, 0 } },
	{ "perf_event_open", SYS_perf_event_open, { 0, 0, 0, NONE, NONE } },
	{ "io_uring_setup", SYS_io_uring_setup, { 0, 0 } },
	{ "userfaultfd", SYS_userfaultfd, { NONE } },
	{ "keyctl", SYS_keyctl, { NONE, 0, 0, 0, 0 } },
	{ "init_module", SYS_init_module, { 0, 0, 0 } },
	{ "kexec_load", SYS_kexec_load, { 0, NONE, 0, 0 } },
	{ "sethostname", SYS_sethostname, { 0, NONE } },
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void wait_for_stop(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, __WALL) < 0 || !WIFSTOPPED(status))
		die("wait");
}

/* Has it make that call. Returns what the call returns: -errno for an error. */
static long make_call(
    pid_t pid, const struct user_regs_struct *at, const struct attempt *attempt)
{
	struct user_regs_struct registers = *at;

	registers.orig_rax =
	    NONE; /* the call that it waits in stays as it is */
	registers.rax = (uint64_t)attempt->call;
	registers.rdi = attempt->arguments[0];
	registers.rsi = attempt->arguments[1];
	registers.rdx = attempt->arguments[2];
	registers.r10 = attempt->arguments[3];
	registers.r8 = attempt->arguments[4];
	registers.r9 = attempt->arguments[5];
	registers.rip -= SYSCALL_SIZE;
	if (ptrace(PTRACE_SETREGS, pid, NULL, &registers) < 0 ||
	    ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) < 0)
		die("step");
	wait_for_stop(pid);
	if (ptrace(PTRACE_GETREGS, pid, NULL, &registers) < 0)
		die("registers");
	return (long)registers.rax;
}

static void report(const char *name, long result)
{
	printf("%s: %s\n", name,
	    result >= 0 ? "done" : strerrorname_np((int)-result));
}

/* Puts that into its memory. Returns where. */
static uint64_t put(
    pid_t pid, const struct user_regs_struct *at, const void *data, size_t size)
{
	struct iovec ours = { (void *)data, size };
	struct iovec theirs = { (void *)(at->rsp - STACK_BELOW), size };

	if (process_vm_writev(pid, &ours, 1, &theirs, 1, 0) < 0)
		die("write");
	return at->rsp - STACK_BELOW;
}

static void try_close(pid_t pid, const struct user_regs_struct *at, long fd)
{
	const struct attempt attempt = { "close", SYS_close, { (uint64_t)fd } };

	if (fd >= 0)
		make_call(pid, at, &attempt);
}

static void try_all(pid_t pid, const struct user_regs_struct *at)
{
	for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
		long result = make_call(pid, at, &attempts[i]);

		report(attempts[i].name, result);
		if (attempts[i].call == SYS_socket)
			try_close(pid, at, result);
	}
}

/* On a socket of its own. */
static long try_tcp(
    pid_t pid, const struct user_regs_struct *at, const char *port)
{
	const struct attempt open = { "socket", SYS_socket,
		{ AF_INET, SOCK_STREAM, 0 } };
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)number_of(port, 0, UINT16_MAX)),
	};
	struct attempt connect = { "connect", SYS_connect, { 0 } };
	long fd = make_call(pid, at, &open);
	long result;

	if (fd < 0)
		return fd;
	connect.arguments[0] = (uint64_t)fd;
	connect.arguments[1] = put(pid, at, &address, sizeof address);
	connect.arguments[2] = sizeof address;
	result = make_call(pid, at, &connect);
	try_close(pid, at, fd);
	return result;
}

static long try_file(pid_t pid, const struct user_regs_struct *at,
    const char *verb, const char *path)
{
	uint64_t text = put(pid, at, path, strlen(path) + 1);
	uint64_t here = (uint64_t)AT_FDCWD;
	struct attempt attempt = { verb, SYS_openat, { here, text } };
	long result;

	if (strcmp(verb, "unlink") == 0)
		attempt.call = SYS_unlinkat;
	else if (strcmp(verb, "create") == 0)
		attempt.arguments[2] = O_CREAT | O_WRONLY;
	attempt.arguments[3] = 0600;
	if (attempt.call == SYS_unlinkat)
		attempt.arguments[2] = 0;
	result = make_call(pid, at, &attempt);
	if (attempt.call == SYS_openat)
		try_close(pid, at, result);
	return result;
}

static void try_each(pid_t pid, const struct user_regs_struct *at,
    const char *verb, char *const *what)
{
	for (; *what != NULL; what++)
		report(*what, strcmp(verb, "tcp") == 0
				  ? try_tcp(pid, at, *what)
				  : try_file(pid, at, verb, *what));
}

int main(int argc, char *argv[])
{
	struct user_regs_struct registers;
	pid_t pid;
	long code;

	if (argc < 2 || argc == 3) {
		fprintf(stderr, "usage: intrude PID [VERB WHAT...]\n");
		return 2;
	}
	pid = (pid_t)number_of(argv[1], 1, INT32_MAX);
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0 ||
	    ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0)
		die("attach");
	wait_for_stop(pid);
	if (ptrace(PTRACE_GETREGS, pid, NULL, &registers) < 0)
		die("registers");
	code = ptrace(PTRACE_PEEKTEXT, pid, registers.rip - SYSCALL_SIZE, NULL);
	if ((code & UINT16_MAX) != SYSCALL_CODE) {
		fprintf(stderr, "intrude: it is not in a system call\n");
		return 1;
	}
	if (argc > 3)
		try_each(pid, &registers, argv[2], argv + 3);
	else
		try_all(pid, &registers);
	if (ptrace(PTRACE_SETREGS, pid, NULL, &registers) < 0 ||
	    ptrace(PTRACE_DETACH, pid, NULL, NULL) < 0)
		die("detach");
	return 0;
}

#else

int main(void)
{
	fprintf(stderr, "intrude: not on this machine\n");
	return 77;
}

#endif
