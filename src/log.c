#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "text.h"

#define USUAL_COLUMNS 80

/* A process has one stderr, so this is its only state. */
static struct {
	int fd;             /* stderr, or our own way to the same place, which
			       never blocks */
	const char *name;   /* what errors are about, or NULL */
	unsigned long lost; /* messages that could not be written */
	bool progress;      /* a line of log_progress() is there */
} out = { .fd = STDERR_FILENO };

/*
 * O_NONBLOCK on stderr itself would be seen by all who share it. A FIFO or a
 * terminal can be opened a second time, on a descriptor of our own that -e
 * commands do not inherit. A regular file never blocks, and a second
 * description would write at its own offset.
 */
void log_open(void)
{
	struct stat st;
	int fd;

	out.fd = STDERR_FILENO;
	if (fstat(STDERR_FILENO, &st) < 0 ||
	    (!S_ISFIFO(st.st_mode) && !isatty(STDERR_FILENO)))
		return;
	fd = open(
	    "/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd >= 0)
		out.fd = fd;
}

/* Returns whether all was written. */
static bool put(const char *text)
{
	size_t length = strlen(text);
	ssize_t n = send(out.fd, text, length, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && errno == ENOTSOCK &&
	    (out.fd != STDERR_FILENO ||
		(fd_poll(out.fd, POLLOUT, 0) & POLLOUT) != 0))
		n = write(out.fd, text, length);
	return n == (ssize_t)length;
}

static void put_line(const char *line)
{
	char count[64];

	log_progress("");
	snprintf(count, sizeof count, "vcat: %lu messages lost\n", out.lost);
	if (out.lost > 0 && put(count))
		out.lost = 0;
	if (out.lost > 0 || !put(line))
		out.lost++;
}

void log_name(const char *name)
{
	out.name = name;
}

void log_write(const char *prefix, const char *format, ...)
{
	int saved = errno;
	char line[LOG_LINE_MAX];
	size_t used = strlcpy(line, prefix, sizeof line);
	va_list args;

	if (out.name != NULL && strcmp(prefix, LOG_ERROR) == 0)
		used += (size_t)snprintf(
		    line + used, sizeof line - used, "%.255s: ", out.name);
	va_start(args, format);
	/* one byte less: the newline's place */
	vsnprintf(line + used, sizeof line - used - 1, format, args);
	va_end(args);
	text_tame(line);
	strlcat(line, "\n", sizeof line);
	put_line(line);
	errno = saved;
}

void log_lines(const char *lines)
{
	int saved = errno;

	put_line(lines);
	errno = saved;
}

/* A terminal that is not our controlling one has no background. */
static bool in_foreground(void)
{
	pid_t group = tcgetpgrp(out.fd);

	return group < 0 || group == getpgrp();
}

void log_progress(const char *text)
{
	int saved = errno;
	char line[LOG_LINE_MAX];

	if (text[0] == '\0' && !out.progress)
		return;
	out.progress = false;
	if (in_foreground()) {
		snprintf(line, sizeof line, "\r\033[K%s", text);
		put(line);
		out.progress = text[0] != '\0';
	}
	errno = saved;
}

int log_columns(void)
{
	struct winsize size;

	if (ioctl(out.fd, TIOCGWINSZ, &size) < 0 || !in_foreground())
		return 0;
	return size.ws_col > 0 ? size.ws_col : USUAL_COLUMNS;
}
