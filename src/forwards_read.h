/*
 * The file of -f: each line is a forward, in the words of a command line.
 */
#ifndef VCAT_FORWARDS_READ_H
#define VCAT_FORWARDS_READ_H

#include "options.h"
#include "status.h"

/* "FILE:LINE"; of a long path only the end */
#define FORWARDS_NAME_SIZE 128

struct forwards_list {
	struct forwards_line {
		char name[FORWARDS_NAME_SIZE];
		struct options options; /* borrows from text */
		char *text;
	} * lines;
	int count;
};

/*
 * Reads the file; "-" is stdin. Returns STATUS_OK and a list, which must be
 * freed; or another status after a message for each line that is wrong, and
 * nothing to free.
 */
enum status forwards_read(const char *path, struct forwards_list *list);

void forwards_free(struct forwards_list *list);

#endif
