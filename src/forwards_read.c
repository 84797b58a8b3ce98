#include "forwards_read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "options_read.h"
#include "words.h"

#define WORDS_MAX 64

/* The state while a file is read. */
struct reading {
	const char *path;
	FILE *file;
	struct forwards_list *list;
	int number; /* of the line that was read last */
	bool wrong; /* a line was */
	int error;  /* errno; 0: none */
};

/* What the rules of one forward are, beyond those of every command line. */
static const char *find_conflict(const struct options *o)
{
	bool forwards =
	    o->action == OPTIONS_LISTEN || o->action == OPTIONS_CONNECT;

	if (!forwards || !o->keep_open || !o->has_target)
		return "a forward needs -k and -t, and usually -l";
	if (o->address.kind == ADDRESS_STDIO)
		return "a passed socket (-) does not work with -f";
	if (o->dump)
		return "-x does not work with -f: dump one forward by itself";
	if (o->accept_timeout > 0)
		return "--accept-timeout does not work with -f";
	if (o->no_sandbox || o->quit_after >= 0 || o->exit_idle > 0)
		return "--no-sandbox, -q and --exit-idle are for all forwards: "
		       "give them on the command line";
	return NULL;
}

/* Reads the words of one forward. Returns as find_conflict(). */
static const char *read_words(
    struct forwards_line *line, char *text, char why[OPTIONS_WHY_SIZE])
{
	static char program[] = "vcat";
	char *argv[WORDS_MAX + 2] = { program };
	int count;
	const char *wrong = words_split(text, argv + 1, WORDS_MAX, &count);

	if (wrong != NULL)
		return wrong;
	if (count > 0 && strcmp(argv[1], program) == 0)
		return "a line begins with its options: leave out vcat";
	for (int i = 1; i <= count; i++)
		if (strcmp(argv[i], "#") == 0)
			return "a comment must be on a line of its own";
	if (options_read(count + 1, argv, &line->options, why) < 0)
		return why;
	return find_conflict(&line->options);
}

/*
 * Returns an earlier forward that listens at the same address, or NULL. In
 * network namespaces of their own, both may.
 */
static const struct forwards_line *find_twin(
    const struct forwards_list *list, const struct forwards_line *line)
{
	const struct address *address = &line->options.address;
	char text[ADDRESS_TEXT_SIZE];
	char other[ADDRESS_TEXT_SIZE];
	bool free_port = address->kind == ADDRESS_TCP
			     ? address->port == 0
			     : address->port == ADDRESS_ANY;

	if (line->options.action != OPTIONS_LISTEN || free_port ||
	    line->options.netns != NULL)
		return NULL;
	address_format(address, text);
	for (int i = 0; &list->lines[i] < line; i++) {
		const struct options *o = &list->lines[i].options;

		if (o->action == OPTIONS_LISTEN && o->netns == NULL &&
		    strcmp(address_format(&o->address, other), text) == 0)
			return &list->lines[i];
	}
	return NULL;
}

/* Adds one forward; the text becomes the list's. */
static void add(struct reading *reading, char *text, int number)
{
	struct forwards_list *list = reading->list;
	struct forwards_line *lines =
	    reallocarray(list->lines, (size_t)list->count + 1, sizeof *lines);
	size_t length = strlen(reading->path);
	size_t most = FORWARDS_NAME_SIZE - sizeof ":2147483647";
	struct forwards_line *line;
	const struct forwards_line *twin;
	char why[OPTIONS_WHY_SIZE];
	const char *wrong;

	if (lines == NULL) {
		reading->error = errno;
		free(text);
		return;
	}
	list->lines = lines;
	line = &lines[list->count++];
	*line = (struct forwards_line){ .text = text };
	snprintf(line->name, sizeof line->name, "%s:%d",
	    reading->path + (length > most ? length - most : 0), number);
	wrong = read_words(line, text, why);
	twin = wrong == NULL ? find_twin(list, line) : NULL;
	if (wrong == NULL && twin == NULL)
		return;
	if (wrong == NULL)
		log_error("%s: %s listens at the same address", line->name,
		    twin->name);
	else
		log_error("%s: %s", line->name, wrong);
	reading->wrong = true;
}

/* Whether the line goes on in the next one; then its backslash is a blank. */
static bool goes_on(char *line)
{
	size_t length = strlen(line);
	size_t backslashes = 0;

	if (length > 0 && line[length - 1] == '\n')
		line[--length] = '\0';
	while (backslashes < length && line[length - 1 - backslashes] == '\\')
		backslashes++;
	if (backslashes % 2 == 0)
		return false;
	line[length - 1] = ' ';
	return true;
}

/* Reads one line, without its newline. Returns it, or NULL: there is none. */
static char *read_line(struct reading *reading)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t length = getline(&line, &size, reading->file);

	if (length >= 0) {
		reading->number++;
		if ((size_t)length == strlen(line))
			return line;
		log_error("%s:%d: a NUL is in this line", reading->path,
		    reading->number);
		reading->wrong = true;
		line[0] = '\0';
		return line;
	}
	/* without memory there is no error of the file, and no end */
	if (!feof(reading->file))
		reading->error = errno;
	free(line);
	return NULL;
}

static bool is_comment(const char *line)
{
	char first = line[strspn(line, " \t\r\n")];

	return first == '#' || first == ';';
}

static bool is_blank(const char *line)
{
	return line[strspn(line, " \t\r\n")] == '\0';
}

/* Adds what follows to a line that goes on; comments in between are left out,
 * and a blank line is the end. Returns the line. */
static char *join(struct reading *reading, char *line)
{
	bool more = goes_on(line);

	while (more) {
		char *next = read_line(reading);
		char *both = NULL;

		if (next == NULL)
			break;
		if (is_comment(next)) {
			free(next);
			continue;
		}
		more = goes_on(next);
		if (asprintf(&both, "%s%s", line, next) < 0)
			reading->error = errno;
		free(next);
		if (reading->error != 0)
			break;
		free(line);
		line = both;
	}
	return line;
}

static enum status conclude(struct reading *reading)
{
	if (reading->error != 0) {
		log_error(
		    "%s: read: %s", reading->path, strerror(reading->error));
		return STATUS_FAILED;
	}
	if (!reading->wrong && reading->list->count == 0) {
		log_error("%s: no forward is in this file", reading->path);
		reading->wrong = true;
	}
	return reading->wrong ? STATUS_USAGE : STATUS_OK;
}

enum status forwards_read(const char *path, struct forwards_list *list)
{
	bool named = strcmp(path, "-") != 0;
	struct reading reading = {
		.path = named ? path : "stdin",
		.list = list,
	};
	enum status status;
	char *line;

	*list = (struct forwards_list){ 0 };
	reading.file = named ? fopen(path, "re") : stdin;
	if (reading.file == NULL)
		reading.error = errno;
	while (reading.error == 0 && (line = read_line(&reading)) != NULL) {
		int number = reading.number;

		if (is_blank(line) || is_comment(line)) {
			free(line);
			continue;
		}
		line = join(&reading, line);
		add(&reading, line, number);
	}
	if (named && reading.file != NULL)
		fclose(reading.file);
	status = conclude(&reading);
	if (status != STATUS_OK)
		forwards_free(list);
	return status;
}

void forwards_free(struct forwards_list *list)
{
	for (int i = 0; i < list->count; i++)
		free(list->lines[i].text);
	free(list->lines);
	*list = (struct forwards_list){ 0 };
}
