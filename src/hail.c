#include "hail.h"

#include <string.h>
#include <sys/param.h>

#include "text.h"

/* Of a line that is no greeting, as much is shown. */
#define SHOWN 60

static int refuse(struct hail *hail)
{
	hail->line[MIN(hail->have, SHOWN)] = '\0';
	hail->line[strcspn(hail->line, "\r\n")] = '\0';
	text_tame(hail->line);
	return -1;
}

ssize_t hail_take(struct hail *hail, const char *bytes, size_t n)
{
	static const char word[] = GREETING_WORD;
	size_t room = sizeof hail->line - 1 - hail->have;
	const char *newline = memchr(bytes, '\n', n);
	size_t line = newline == NULL ? n : (size_t)(newline - bytes) + 1;
	size_t used = MIN(line, room);

	memcpy(hail->line + hail->have, bytes, used);
	hail->have += used;
	if (memcmp(hail->line, word, MIN(hail->have, strlen(word))) != 0)
		return refuse(hail);
	if (newline != NULL && used == line) {
		hail->greeting = greeting_read(hail->line);
		text_tame(hail->greeting.kernel);
		if (hail->greeting.kind == GREETING_NONE)
			return refuse(hail);
	} else if (used == room) {
		return refuse(hail);
	}
	return (ssize_t)used;
}
