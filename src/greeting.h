/*
 * The line that a vcat with --echo or --sink sends first on each connection:
 *
 *	VCAT echo 1 linux=6.1.0-28-amd64 vcat=0.2.0
 *
 * By it --ping and --bench know what they have met before they send a byte; so
 * a peer that is something else never sees one. Other words may follow in
 * later versions. This protocol is vcat's own.
 */
#ifndef VCAT_GREETING_H
#define VCAT_GREETING_H

#include <stddef.h>

/* More than the longest line, with its newline and a final null byte. */
#define GREETING_SIZE 256

/* What a greeting begins with. */
#define GREETING_WORD "VCAT "

enum greeting_kind {
	GREETING_NONE, /* it is no greeting, or of a version not known */
	GREETING_ECHO, /* all bytes after the greeting come back */
	GREETING_SINK, /* frames follow, see measure.h */
};

struct greeting {
	enum greeting_kind kind;
	char kernel[80]; /* as `uname -r` has it; "" if it does not say */
	char vcat[24];   /* its version */
};

/* Writes the line, newline included. Returns its length. */
size_t greeting_write(char line[GREETING_SIZE], enum greeting_kind kind);

/* Reads a line, which ends with a newline or a null byte. */
struct greeting greeting_read(const char *line);

#endif
