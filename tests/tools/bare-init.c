/*
 * The first program of a guest that has nothing else but vcat, see
 * tests/vm/bare: it runs vcat and prints how each run ended.
 *
 * It is linked statically, and uses no libc function that wants /etc or /proc.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX 16
#define SENT_SIZE (3 << 20)

/* stdin and stdout of a run are these files, or where it has none, nothing and
 * the console. A run with a peer waits for the end of that vcat, too. */
static const struct step {
	const char *name;
	const char *peer; /* words with '|' between them */
	const char *in;
	const char *out;
	const char *words;
	const char *got; /* is then to be the same as /sent */
} steps[] = {
	{ "cid", NULL, NULL, NULL, "--cid", NULL },
	{ "stream", "-l|-d|-v|local:1000", "/sent", NULL,
	    "--retry=9|local:1000", "/stdout" },
	{ "files", "-l|--into|/in|local:1001", NULL, NULL,
	    "--retry=9|--files|/sent|local:1001", "/in/sent" },
	{ "port", "-l|-d|local:1002", NULL, NULL, "-z|--retry=9|local:1002",
	    NULL },
	{ "no port", NULL, NULL, NULL, "-z|local:1003", NULL },
	{ "command", "-l|local:1004|-e|while read -r x; do echo \"<$x>\"; done",
	    "/line", "/answer", "--retry=9|local:1004", NULL },
	{ "number", NULL, NULL, NULL, "tcp:127.0.0.1:9", NULL },
	{ "host name", NULL, NULL, NULL, "tcp:localhost:9", NULL },
	{ "doctor", NULL, NULL, NULL, "--doctor", NULL },
};

static void must(bool done, const char *what)
{
	if (!done)
		perror(what);
}

/* The node is needed only until it is open. */
static void open_console(void)
{
	mknod("/console", S_IFCHR | 0600, makedev(4, 64));
	int fd = open("/console", O_RDWR | O_NOCTTY);
	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	unlink("/console");
}

static void load_modules(void)
{
	for (int number = 1;; number++) {
		char path[16];
		snprintf(path, sizeof path, "/%d.ko", number);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return;
		must(syscall(SYS_finit_module, fd, "", 0) == 0, path);
		close(fd);
		unlink(path);
	}
}

static void write_file(const char *path, const void *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	must(write(fd, bytes, size) == (ssize_t)size, path);
	close(fd);
}

static void write_files(void)
{
	static unsigned char sent[SENT_SIZE];
	unsigned int state = 1;
	for (size_t i = 0; i < sizeof sent; i++) {
		state = state * 1664525 + 1013904223;
		sent[i] = (unsigned char)(state >> 24);
	}
	write_file("/sent", sent, sizeof sent);
	write_file("/line", "hello\n", 6);
	must(mkdir("/in", 0755) == 0, "/in");
}

static bool same(const char *one, const char *other)
{
	static char a[SENT_SIZE + 1], b[SENT_SIZE + 1];
	int from = open(one, O_RDONLY | O_CLOEXEC);
	int to = open(other, O_RDONLY | O_CLOEXEC);
	ssize_t size = read(from, a, sizeof a);
	bool equal = size > 0 && read(to, b, sizeof b) == size &&
		     memcmp(a, b, (size_t)size) == 0;
	close(from);
	close(to);
	return equal;
}

/* There is no /dev/null: a file of no bytes is as good. */
static pid_t start(const char *words, const char *in, const char *out)
{
	char copy[200], *argv[WORDS_MAX] = { (char[]){ "vcat" } };
	int count = 1;
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	snprintf(copy, sizeof copy, "%s", words);
	for (char *word = strtok(copy, "|"); word != NULL;
	     word = strtok(NULL, "|"))
		argv[count++] = word;
	argv[count] = NULL;
	dup2(open(in != NULL ? in : "/nothing", O_RDONLY | O_CREAT, 0644), 0);
	if (out != NULL)
		dup2(open(out, O_WRONLY | O_CREAT | O_TRUNC, 0644), 1);
	execv("/vcat", argv);
	perror("/vcat");
	_exit(127);
}

static int end_of(pid_t pid)
{
	int status = 0;
	while (waitpid(pid, &status, 0) < 0)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void run(const struct step *step)
{
	pid_t peer = -1;
	printf("run %s\n", step->name);
	if (step->peer != NULL)
		peer = start(step->peer, NULL, "/stdout");
	printf("status %d\n", end_of(start(step->words, step->in, step->out)));
	if (peer > 0)
		printf("peer %d\n", end_of(peer));
	if (step->got != NULL)
		printf("same %s\n", same("/sent", step->got) ? "yes" : "no");
}

static void print_answer(void)
{
	char answer[100];
	int fd = open("/answer", O_RDONLY | O_CLOEXEC);
	ssize_t size = read(fd, answer, sizeof answer);
	printf("answer %.*s\n", size > 0 ? (int)size - 1 : 0, answer);
	close(fd);
}

int main(void)
{
	open_console();
	setvbuf(stdout, NULL, _IONBF, 0);
	load_modules();
	write_files();
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
		run(&steps[i]);
	print_answer();
	printf("the guest ends\n");
	reboot(RB_AUTOBOOT);
	return 1;
}
