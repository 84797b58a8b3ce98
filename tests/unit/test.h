/*
 * A test program in one header. Tests are functions in a table; each runs in
 * a process of its own, with SIGPIPE ignored and a time limit, and is reported
 * as a line of TAP. Ends of processes and threads that a test leaves behind
 * are its process group's.
 */
#ifndef VCAT_TEST_H
#define VCAT_TEST_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What hangs longer has failed; an emulated machine is slow. */
#ifndef TEST_SECONDS
#define TEST_SECONDS 10
#endif

/* The exit status of a test that this machine cannot run. */
#define TEST_SKIPPED 77

struct test {
	const char *name; /* a sentence: "half-close: the answer arrives" */
	void (*run)(void);
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/*
 * Each says what it saw when it is not as expected, and returns whether it is;
 * the test goes on. Only for the test's main thread.
 */
#define CHECK(expr) tap_true((expr), TAP_PLACE(#expr))
#define CHECK_INT(a, b)                                                        \
	tap_int((long long)(a), (long long)(b), TAP_PLACE(#a " == " #b))
#define CHECK_STR(a, b) tap_str((a), (b), TAP_PLACE(#a " == " #b))

/* What is checked, and where. */
struct tap_place {
	const char *expr, *file;
	int line;
};

#define TAP_PLACE(expr) ((struct tap_place){ expr, __FILE__, __LINE__ })

static int test_failures;

static inline bool tap_true(bool passed, struct tap_place place)
{
	if (!passed) {
		printf("# %s:%d: %s\n", place.file, place.line, place.expr);
		test_failures++;
	}
	return passed;
}

static inline bool tap_int(long long a, long long b, struct tap_place place)
{
	if (!tap_true(a == b, place))
		printf("# %lld, %lld\n", a, b);
	return a == b;
}

static inline bool tap_str(const char *a, const char *b, struct tap_place place)
{
	bool same = tap_true(strcmp(a, b) == 0, place);

	if (!same)
		printf("# \"%s\", \"%s\"\n", a, b);
	return same;
}

/* In a child: runs the test and ends, with the sanitizers' verdict if any. */
static inline void tap_child(const struct test *test)
{
	setpgid(0, 0);
	signal(SIGPIPE, SIG_IGN);
	alarm(TEST_SECONDS);
	test->run();
	exit(test_failures == 0 ? 0 : 1);
}

/* Sets *skipped if the test ended as one that this machine cannot run. */
static inline bool tap_passes(const struct test *test, bool *skipped)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		tap_child(test);
	if (pid < 0 || waitpid(pid, &status, 0) < 0) {
		perror("# fork, waitpid");
		return false;
	}
	kill(-pid, SIGKILL); /* whom it has left behind */
	*skipped = WIFEXITED(status) && WEXITSTATUS(status) == TEST_SKIPPED;
	if (*skipped)
		return true;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		printf("# has not ended within %d s\n", TEST_SECONDS);
	else if (WIFSIGNALED(status))
		printf("# signal: %s\n", strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) > 1)
		printf("# exit status %d\n", WEXITSTATUS(status));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* All tests of the table. Returns main()'s exit status. */
static inline int test_run(const struct test *tests, size_t count)
{
	int status = 0;

	printf("1..%zu\n", count);
	for (size_t i = 0; i < count; i++) {
		bool skipped = false;
		bool passed = tap_passes(&tests[i], &skipped);

		printf("%sok %zu %s%s\n", passed ? "" : "not ", i + 1,
		    tests[i].name,
		    skipped ? " # skip the machine lacks what it needs" : "");
		if (!passed)
			status = 1;
	}
	return status;
}

#endif
