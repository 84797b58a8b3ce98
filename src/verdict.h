/*
 * How a connection went, in words and as an exit status.
 */
#ifndef VCAT_VERDICT_H
#define VCAT_VERDICT_H

#include <stdint.h>

#include "address.h"
#include "dial.h"
#include "relay.h"
#include "status.h"

/*
 * For a relay that is over, between these two ends; ADDRESS_STDIO stands for
 * stdin and stdout. Says what went wrong, one line for one cause. Returns the
 * exit status.
 */
enum status verdict_give(const struct relay *relay, const struct address *near,
    const struct address *far);

/*
 * For a dial that has failed: says why, unless *told, if told is not NULL, is
 * that error already; then it is. Returns the exit status.
 */
enum status verdict_of_dial(const struct dial *dial, int *told);

/*
 * Says how many bytes it has moved in the time since `began`, of
 * deadline_now(), and how fast that was.
 */
void verdict_summarize(const struct relay *relay, const struct address *near,
    const struct address *far, int64_t began);

#endif
