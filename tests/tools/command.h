/* The measured commands: starting, ending, and what they cost. */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct command {
	char **words; /* NULL: no command */
	pid_t pid;
	int status; /* its exit status; -1 before its end */
};

/*
 * Runs it in its own process group with in and out as stdin and stdout, and
 * closes both here. -1 stands for /dev/null. Returns 0, or -1 with errno.
 */
int command_start(struct command *command, int in, int out);

/*
 * Waits until a process of its group sleeps in accept(2), poll(2) or the like;
 * false after 10 s. A pipeline is such a group, and its shell does not listen.
 */
bool command_await_listening(const struct command *command);

/*
 * Waits up to so many seconds for its end (negative: for ever) and sets its
 * status. It remains a zombie for command_written(). False when time is up.
 */
bool command_wait(struct command *command, double seconds);

/* Reaps it after command_wait(). */
void command_forget(const struct command *command);

/* The bytes it has given to write(2) in its life. */
uint64_t command_written(const struct command *command);

/* Ends and reaps all commands that run, with what they have started. */
void command_end_all(void);

/* Kills and reaps all commands that run; for a signal handler. */
void command_kill_all(void);

/* Prints the cost of all ended commands: user, sys (seconds) and rss_kib. */
void command_say_usage(void);

/* CPU nanoseconds so far, and memory, of the command and all its children. */
uint64_t command_cpu(const struct command *command);
uint64_t command_memory_kib(const struct command *command);

#endif
