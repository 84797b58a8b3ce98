#include "log.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

/* One line, whatever a peer or a user has put into it. */
static void tame(char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (iscntrl((unsigned char)text[i]))
			text[i] = '?';
}

/* A stderr that cannot be written to leaves nobody to tell. */
static void __attribute__((format(printf, 2, 0)))
log_write(const char *prefix, const char *format, va_list args)
{
	int saved = errno;
	char line[LOG_LINE_MAX];
	size_t used = (size_t)snprintf(line, sizeof line, "%s", prefix);
	size_t room = sizeof line - used - 1; /* the newline's place */
	int n = vsnprintf(line + used, room, format, args);

	if (n > 0)
		used += (size_t)n < room ? (size_t)n : room - 1;
	tame(line, used);
	line[used++] = '\n';
	if (write(STDERR_FILENO, line, used) < 0)
		errno = 0;
	errno = saved;
}

void log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_write("vcat: ", format, args);
	va_end(args);
}

void log_hint(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_write("hint: ", format, args);
	va_end(args);
}

void log_line(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_write("", format, args);
	va_end(args);
}
