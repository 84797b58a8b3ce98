/* The commands that are measured: their start, their end, what they cost. */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct command {
	char **words; /* NULL: there is none */
	pid_t pid;
	int status; /* its exit status when it has ended; -1 before */
};

/*
 * Runs it in a process group of its own with these as stdin and stdout, which
 * are closed here. -1 stands for /dev/null. Returns 0, or -1 with errno.
 */
int command_start(struct command *command, int in, int out);

/* Waits until it sleeps in accept(2), poll(2) or the like; false after 10 s. */
bool command_await_listening(const struct command *command);

/*
 * Waits for its end, for so many seconds (negative: for ever), and sets its
 * status. It remains a zombie for command_written(). False when time is up.
 */
bool command_wait(struct command *command, double seconds);

/* Reaps it after command_wait(). */
void command_forget(const struct command *command);

/* The bytes it has given to write(2) in its life. */
uint64_t command_written(const struct command *command);

/* Ends all that still run and all that they have started, and reaps them. */
void command_end_all(void);

/* Kills and reaps all that run; for a signal handler. */
void command_kill_all(void);

/* What all ended commands cost; prints user, sys (seconds) and rss_kib. */
void command_say_usage(void);

/* CPU nanoseconds so far, and memory, of the command and all its children. */
uint64_t command_cpu(const struct command *command);
uint64_t command_memory_kib(const struct command *command);

#endif
