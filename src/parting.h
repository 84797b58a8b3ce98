/*
 * Ends that are passed on by close(2) alone, for a relay whose sockets are
 * closed as soon as it has ended: each shutdown(2) before that would be one
 * more call, and wake a peer once more.
 */
#ifndef VCAT_PARTING_H
#define VCAT_PARTING_H

#include <stdbool.h>

struct flow;

/*
 * The peer from which `flow` reads has gone for good. If all that is left to
 * do, either way, is to pass its end on, both flows are done.
 */
bool parting_by_both(struct flow *flow, struct flow *back);

/*
 * If `flow` has only its end to pass on, and the other direction has passed
 * its own on, it is done.
 */
bool parting_by_last(struct flow *flow, const struct flow *back);

#endif
