/*
 * Loaded into a program, a getaddrinfo(3) like one with a module for the user's
 * nsswitch.conf(5) that has fallen to an attacker. It appends what it could do
 * to a file, tried, and where there is a file, crash, it crashes.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef int (*getaddrinfo_type)(
    const char *, const char *, const struct addrinfo *, struct addrinfo **);

static void note(const char *what)
{
	int fd = open("tried", O_WRONLY | O_CREAT | O_APPEND, 0600);

	if (fd < 0)
		return;
	if (write(fd, what, strlen(what)) < 0)
		_exit(1);
	close(fd);
}

static void try_all(void)
{
	int status;
	pid_t pid;

	note("wrote ");
	pid = fork();
	if (pid == 0) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(1);
	}
	if (waitpid(pid, &status, 0) == pid && status == 0)
		note("ran ");
}

int getaddrinfo(const char *node, const char *service,
    const struct addrinfo *hints, struct addrinfo **found)
{
	getaddrinfo_type real;

	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	if ((hints->ai_flags & AI_NUMERICHOST) == 0) {
		if (access("crash", F_OK) == 0)
			abort();
		try_all();
	}
	return real(node, service, hints, found);
}
