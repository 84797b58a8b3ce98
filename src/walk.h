/*
 * The entries to send: what is named on the command line, and what lies beneath
 * it, one after the other, a directory before what is in it, and its end after
 * that. Symbolic links are entries, and never followed, except by a '/' at the
 * end of a name on the command line.
 */
#ifndef VCAT_WALK_H
#define VCAT_WALK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

enum walk_kind {
	WALK_FILE,
	WALK_DIRECTORY,
	WALK_LINK,  /* symbolic */
	WALK_LEAVE, /* the end of a directory */
	WALK_OTHER, /* a socket, a device: nothing that can be sent */
	WALK_ERROR, /* it could not be looked at: error says why */
};

struct walk_entry {
	enum walk_kind kind;
	const char *name;   /* for the peer: "dir/file" */
	const char *path;   /* for us, and for messages: "/srv/dir/file" */
	const char *target; /* of a symbolic link; else NULL */
	struct stat st;     /* at the end of a directory as at its beginning */
	int error;          /* errno's */
};

/* Of the parts of a name, so that a walk has few directories open. */
#define WALK_DEPTH 128

struct walk;

/*
 * Begins with these operands, NULL after the last. An operand's name for the
 * peer is its last part; "." and "/" and what ends in "/.." or "/." have none:
 * what is in them is sent, without an entry of their own, and "" is the name if
 * one of them cannot be read. The operands stay the caller's, until the end of
 * the walk. Returns NULL with errno: ENOMEM.
 */
struct walk *walk_open(char *const operands[]);

/*
 * The next entry, whose strings are good until the next call, or NULL at the
 * end. Entries of a directory come in the order of their names. A directory
 * that cannot be read is a WALK_ERROR between the directory and its end. What
 * has too long a path for open(2), or lies too deep, is a WALK_ERROR:
 * ENAMETOOLONG.
 */
const struct walk_entry *walk_next(struct walk *walk);

/*
 * Opens the file of an entry that walk_next() gave, by its path and st, for
 * reading and without waiting. It is the same file, even if a directory of the
 * path has been replaced by a symbolic link since. Returns a descriptor, or -1
 * with errno: ESTALE if something else is there now.
 */
int walk_open_file(const char *path, const struct stat *st);

void walk_close(struct walk *walk);

#endif
