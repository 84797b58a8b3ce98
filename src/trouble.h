/*
 * Errors in words: from a step, an errno and an address to the line on stderr,
 * its hint, the outcome of an attempt to connect, and whether waiting helps.
 * What each family has to say is in its row's hints.
 */
#ifndef VCAT_TROUBLE_H
#define VCAT_TROUBLE_H

#include <stdbool.h>

#include "address.h"
#include "socket.h"

/* What has come of an attempt to connect. */
enum outcome {
	OUTCOME_OPEN,
	OUTCOME_REFUSED,
	OUTCOME_NO_VM,
	OUTCOME_NO_VSOCK,
	OUTCOME_NO_SOCKET, /* no such file */
	OUTCOME_UNREACHABLE,
	OUTCOME_TIMED_OUT,
	OUTCOME_NOT_PERMITTED,
	OUTCOME_FAILED, /* by an error of another kind */
	OUTCOMES,       /* how many there are */
};

/* The outcome of an attempt that ended with that errno, 0 for none. */
enum outcome trouble_outcome(const struct address *address, int error);

/* "open", "refused", "no such VM" ... */
const char *trouble_outcome_name(enum outcome outcome);

/* Whether a later attempt may succeed. */
bool trouble_passes(int error);

/*
 * Writes the hint for that error into text[]. Returns text, or NULL where vcat
 * knows no more than the error says. A user who has waited is not advised to.
 */
#define TROUBLE_HINT_SIZE 512
const char *trouble_find_hint(const struct address *address,
    const struct socket_fault *fault, int error, char text[TROUBLE_HINT_SIZE]);

/*
 * What failed is fault->step, with errno `error`. These print one line of
 * error and, if there is one, its hint; or the hint alone.
 */
void trouble_report(
    const struct address *address, const struct socket_fault *fault, int error);
void trouble_hint(
    const struct address *address, const struct socket_fault *fault, int error);

/* trouble_report() for a step by its name. */
void trouble_at(const struct address *address, const char *step, int error);

#endif
