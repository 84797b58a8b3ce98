/*
 * One file that arrives: it is written where nobody sees it, and gets its name
 * in one step, when it is complete. If vcat is killed before, the name stays
 * what it was.
 *
 * Where the file system can, it has no name until then, O_TMPFILE of open(2),
 * and a killed vcat leaves nothing behind. To be resumed later it needs one: it
 * is a partial file of partial.h then.
 *
 * Directories may be O_PATH descriptors of open(2).
 */
#ifndef VCAT_DEPOSIT_H
#define VCAT_DEPOSIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "partial.h"

struct deposit {
	int fd;                       /* to be written; -1: none */
	int directory;                /* of the target; owned */
	char name[256];               /* of the target, in it */
	char part[PARTIAL_NAME_SIZE]; /* ""; its own name if it has one */
	bool synced;                  /* by deposit_sync() */
	bool described;               /* by deposit_describe() */
};

/* What a file has beside its bytes. */
struct deposit_facts {
	mode_t mode;     /* at most 0777 */
	int64_t seconds; /* of its last modification, since 1970 */
	uint32_t nanoseconds;
	const char *target; /* of a symbolic link */
};

/* No deposit. */
extern const struct deposit deposit_none;

/* What is known already, and need not be asked for each of many files. */
enum deposit_known {
	DEPOSIT_NOTHING = 0,
	DEPOSIT_PROC = 1,  /* deposit_has_proc() */
	DEPOSIT_CLEAN = 2, /* the directory has no partial file of before */
};

/* Whether a file without a name can get one later. */
bool deposit_has_proc(void);

/*
 * Makes an empty file, mode 0600, for the name in that directory, which stays
 * the caller's. A partial file of the same target that an earlier run has left
 * is removed. Returns 0, or -1 with errno, and nothing is open: EBUSY if
 * another process is receiving this target into a partial file; EINVAL if the
 * name has a '/', or partial_reserves() it.
 */
int deposit_open(struct deposit *deposit, int directory, const char *name,
    enum deposit_known known);

/*
 * As deposit_open(), but for a file that is kept if it is not completed, or
 * with the contents that were kept earlier. Reading it is allowed.
 */
int deposit_resume(struct deposit *deposit, int directory, const char *name);

/* Has the kernel begin to write it to disk, so that deposit_sync() is short. */
void deposit_push(const struct deposit *deposit, off_t from, off_t bytes);

/*
 * Gives it these facts, before they are synced with the bytes; otherwise
 * deposit_commit() does. Returns 0, or -1 with errno.
 */
int deposit_describe(
    struct deposit *deposit, const struct deposit_facts *facts);

/* Waits until its bytes are on disk. Returns 0, or -1 with errno. */
int deposit_sync(struct deposit *deposit);

/*
 * Gives it these facts and its name; a file or symbolic link that has the name
 * is replaced if `replace` says so. Then it is closed. Where a file system has
 * no permissions or times, the file does without. Returns 0, or -1 with errno,
 * the deposit dropped: EEXIST if the name is taken and may not be replaced;
 * EISDIR if a directory is in the way of replacing; ESTALE if somebody has
 * moved the partial file.
 */
int deposit_commit(
    struct deposit *deposit, const struct deposit_facts *facts, bool replace);

/* Closes it; it does not get its name. A resumable one is kept if `keep`. */
void deposit_drop(struct deposit *deposit, bool keep);

/*
 * The same for a symbolic link, in one step: makes it with the target and the
 * time of the facts. Returns 0, or -1 with errno, as deposit_open() and
 * deposit_commit(). One that is there already with this target is as good.
 */
int deposit_link(int directory, const char *name,
    const struct deposit_facts *facts, bool replace);

/*
 * Waits until the names in that directory are on disk. Returns 0, or -1 with
 * errno: EACCES if it cannot be read.
 */
int deposit_sync_directory(int directory);

/* The errno of a function of this module or of beneath, in words for both ends
 * of a transfer. */
const char *deposit_reason(int error);

#endif
