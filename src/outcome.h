/*
 * What has come of trying to connect, as people think of it.
 */
#ifndef VCAT_OUTCOME_H
#define VCAT_OUTCOME_H

#include "dial.h"

enum outcome_kind {
	OUTCOME_UNKNOWN, /* not known yet */
	OUTCOME_OPEN,
	OUTCOME_REFUSED,
	OUTCOME_NO_VM,
	OUTCOME_NO_VSOCK,
	OUTCOME_NO_SOCKET, /* no such file */
	OUTCOME_UNREACHABLE,
	OUTCOME_TIMED_OUT,
	OUTCOME_NOT_PERMITTED,
	OUTCOME_FAILED, /* by an error of another kind */
	OUTCOME_KINDS,  /* how many there are */
};

struct outcome {
	enum outcome_kind kind;
	int error;        /* errno's; 0 if open */
	const char *step; /* the system call that failed */
	double ms;        /* how long that took */
};

/* What kind of outcome a dial that is over has. */
enum outcome_kind outcome_of(const struct dial *dial);

/* "open", "refused", "no such VM" ... */
const char *outcome_name(enum outcome_kind kind);

#endif
