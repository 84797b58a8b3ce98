#include "greeting.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

static const char *const names[] = {
	[GREETING_ECHO] = "echo",
	[GREETING_SINK] = "sink",
};

size_t greeting_write(char line[GREETING_SIZE], enum greeting_kind kind)
{
	struct utsname system;

	if (uname(&system) < 0)
		system.release[0] = '\0';
	return (size_t)snprintf(line, GREETING_SIZE,
	    GREETING_WORD "%s 1 linux=%.64s vcat=%.20s\n", names[kind],
	    system.release, VCAT_VERSION);
}

struct greeting greeting_read(const char *line)
{
	struct greeting greeting = { .kind = GREETING_NONE };
	char kind[8] = "";
	char version[4] = "";

	/* what the line lacks stays empty */
	(void)sscanf(line,
	    GREETING_WORD "%7s %3s linux=%79[^ \n] vcat=%23[^ \n]", kind,
	    version, greeting.kernel, greeting.vcat);
	for (int i = GREETING_ECHO; i <= GREETING_SINK; i++)
		if (strcmp(version, "1") == 0 && strcmp(kind, names[i]) == 0)
			greeting.kind = (enum greeting_kind)i;
	return greeting;
}
