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

/*
 * What has come of an attempt to connect that ended with that errno, 0 for
 * none: "open", "refused", "no such VM" ...; "failed" for all other errors.
 */
const char *trouble_outcome(const struct address *address, int error);
/* How many different ones there are. */
#define TROUBLE_OUTCOMES 9

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
