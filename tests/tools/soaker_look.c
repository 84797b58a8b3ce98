/* What a member of a chain holds, from /proc. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "soaker_chain.h"

/* Its own pages; those of files the kernel takes away and brings back. */
static long rss_of(pid_t pid)
{
	char path[64], line[256];
	long rss = -1;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	while (file != NULL && fgets(line, sizeof line, file) != NULL)
		if (strncmp(line, "RssAnon:", 8) == 0)
			rss = strtol(line + 8, NULL, 10);
	if (file != NULL)
		fclose(file);
	return rss;
}

static void look_at_descriptors(pid_t pid, struct soaker_look *look)
{
	char path[64], target[64];
	struct dirent *entry;
	DIR *directory;

	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	directory = opendir(path);
	if (directory == NULL)
		return;
	while ((entry = readdir(directory)) != NULL) {
		ssize_t n = readlinkat(
		    dirfd(directory), entry->d_name, target, sizeof target);

		if (n > 5 && memcmp(target, "pipe:", 5) == 0)
			look->pipes++;
		else if (n > 0)
			look->descriptors++;
	}
	closedir(directory);
}

/* A zombie is a child, too. */
static int children_of(pid_t pid)
{
	char path[64];
	int count = 0, child;
	FILE *file;

	snprintf(
	    path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
	file = fopen(path, "re");
	if (file == NULL)
		return -1;
	while (fscanf(file, "%d", &child) == 1)
		count++;
	fclose(file);
	return count;
}

void chain_look(const struct soaker_member *member, struct soaker_look *look)
{
	*look = (struct soaker_look){ .rss = rss_of(member->pid) };
	look_at_descriptors(member->pid, look);
	look->children = children_of(member->pid);
}
