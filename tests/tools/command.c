#include "command.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "load.h"
#include "timing.h"

enum { GROUPS = 2 };

/* The process groups that the signal handler kills. */
static volatile pid_t groups[GROUPS];

static void become(const struct command *command, int in, int out)
{
	int null = open("/dev/null", O_RDWR);

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_DFL);
	dup2(in < 0 ? null : in, STDIN_FILENO);
	dup2(out < 0 ? null : out, STDOUT_FILENO);
	close(null);
	execvp(command->words[0], command->words);
	perror(command->words[0]);
	_exit(127);
}

/* We adopt orphans of the command, to count what they cost. */
int command_start(struct command *command, int in, int out)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	command->status = -1;
	command->pid = fork();
	if (command->pid == 0)
		become(command, in, out);
	if (command->pid > 0) {
		setpgid(command->pid, command->pid);
		groups[groups[0] > 0 ? 1 : 0] = command->pid;
	}
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return command->pid < 0 ? -1 : 0;
}

/* Reads a file of /proc into text; false if it does not exist. */
static bool read_proc(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	text[got > 0 ? got : 0] = '\0';
	return got > 0;
}

static bool waits(long call)
{
	static const long calls[] = {
#ifdef SYS_accept
		SYS_accept,
#endif
#ifdef SYS_poll
		SYS_poll,
		SYS_select,
		SYS_epoll_wait,
#endif
		SYS_accept4,
		SYS_ppoll,
		SYS_pselect6,
		SYS_epoll_pwait,
		SYS_rt_sigtimedwait,
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (call == calls[i])
			return true;
	return false;
}

bool command_wait(struct command *command, double seconds)
{
	double end = timing_now() + seconds;
	int forever = seconds < 0 ? 0 : WNOHANG;
	siginfo_t info;

	for (;;) {
		info.si_pid = 0;
		if (waitid(P_PID, (id_t)command->pid, &info,
			WEXITED | WNOWAIT | forever) == 0 &&
		    info.si_pid == command->pid)
			break;
		if (forever != 0 && timing_now() > end)
			return false;
		timing_pause(0.001);
	}
	command->status =
	    info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
	return true;
}

void command_forget(const struct command *command)
{
	waitpid(command->pid, NULL, 0);
	for (int i = 0; i < GROUPS; i++)
		if (groups[i] == command->pid)
			groups[i] = 0;
}

uint64_t command_written(const struct command *command)
{
	char path[64], text[512];
	const char *at;

	snprintf(path, sizeof(path), "/proc/%d/io", (int)command->pid);
	if (!read_proc(path, text, sizeof(text)))
		return 0;
	at = strstr(text, "wchar: ");
	return at == NULL ? 0 : strtoull(at + 7, NULL, 10);
}

static void signal_all(int number)
{
	for (int i = 0; i < GROUPS; i++)
		if (groups[i] > 0)
			kill(-groups[i], number);
}

void command_kill_all(void)
{
	signal_all(SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		continue;
}

void command_end_all(void)
{
	double patience = timing_now() + 1;
	pid_t pid;

	signal_all(SIGTERM);
	while ((pid = waitpid(-1, NULL, WNOHANG)) >= 0 || errno == EINTR) {
		if (pid != 0)
			continue;
		if (timing_now() > patience)
			signal_all(SIGKILL);
		timing_pause(0.001);
	}
}

static double seconds_of(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

void command_say_usage(void)
{
	struct rusage usage;

	getrusage(RUSAGE_CHILDREN, &usage);
	load_say("user", seconds_of(usage.ru_utime));
	load_say("sys", seconds_of(usage.ru_stime));
	load_say("rss_kib", (double)usage.ru_maxrss);
}

/* The process group, which follows the name in parentheses, state and ppid. */
static bool in_group(const char *pid, pid_t group)
{
	char path[64], text[512];
	const char *at;
	int pgrp = 0;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	if (!read_proc(path, text, sizeof(text)))
		return false;
	at = strrchr(text, ')');
	return at != NULL && sscanf(at + 1, " %*c %*d %d", &pgrp) == 1 &&
	       pgrp == group;
}

static uint64_t cpu_of_process(const char *pid)
{
	char path[64], text[128];
	uint64_t sum = 0;
	struct dirent *entry;
	DIR *threads;

	snprintf(path, sizeof(path), "/proc/%.20s/task", pid);
	threads = opendir(path);
	while (threads != NULL && (entry = readdir(threads)) != NULL) {
		snprintf(path, sizeof(path), "/proc/%.20s/task/%.20s/schedstat",
		    pid, entry->d_name);
		if (entry->d_name[0] != '.' &&
		    read_proc(path, text, sizeof(text)))
			sum += strtoull(text, NULL, 10);
	}
	if (threads != NULL)
		closedir(threads);
	return sum;
}

/* What its children took that have ended; they are no longer in /proc. */
static uint64_t cpu_of_children(const char *pid)
{
	char path[64], text[512];
	const char *at;
	unsigned long user = 0, sys = 0;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	if (!read_proc(path, text, sizeof(text)))
		return 0;
	at = strrchr(text, ')');
	if (at == NULL ||
	    sscanf(at + 1,
		" %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %lu %lu",
		&user, &sys) != 2)
		return 0;
	return (user + sys) * (1000000000 / (uint64_t)sysconf(_SC_CLK_TCK));
}

static uint64_t cpu_with_children(const char *pid)
{
	return cpu_of_process(pid) + cpu_of_children(pid);
}

/* Memory that several processes share counts once. */
static uint64_t memory_of_process(const char *pid)
{
	char path[64], text[1024];
	const char *at;

	snprintf(path, sizeof(path), "/proc/%.20s/smaps_rollup", pid);
	if (!read_proc(path, text, sizeof(text)))
		return 0;
	at = strstr(text, "Pss:");
	return at == NULL ? 0 : strtoull(at + 4, NULL, 10);
}

static uint64_t sum_of_group(pid_t group, uint64_t (*value)(const char *pid))
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	uint64_t sum = 0;

	while (processes != NULL && (entry = readdir(processes)) != NULL)
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
		    in_group(entry->d_name, group))
			sum += value(entry->d_name);
	if (processes != NULL)
		closedir(processes);
	return sum;
}

static uint64_t process_waits(const char *pid)
{
	char path[64], text[256], *end;
	long call;

	snprintf(path, sizeof(path), "/proc/%.20s/syscall", pid);
	if (!read_proc(path, text, sizeof(text)))
		return 0;
	call = strtol(text, &end, 10);
	return end != text && waits(call) ? 1 : 0;
}

bool command_await_listening(const struct command *command)
{
	double patience = timing_now() + 10;

	while (timing_now() < patience) {
		if (sum_of_group(command->pid, process_waits) > 0)
			return true;
		timing_pause(0.001);
	}
	return false;
}

uint64_t command_cpu(const struct command *command)
{
	return sum_of_group(command->pid, cpu_with_children);
}

uint64_t command_memory_kib(const struct command *command)
{
	return sum_of_group(command->pid, memory_of_process);
}
