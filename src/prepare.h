/*
 * What must be there before anybody waits for it: names that can be looked up,
 * files, and what listens.
 */
#ifndef VCAT_PREPARE_H
#define VCAT_PREPARE_H

#include <stdbool.h>

#include "beneath.h"
#include "dial.h"
#include "listener.h"
#include "options.h"

/*
 * Looks up the names of what is to be dialled: the far side unless it is
 * accepted, and the near side if it is an address. Returns 0, or -1 with errno
 * after a message. A name that may be there later is no failure with --retry,
 * unless a listener needs it.
 */
int prepare_names(
    const struct options *o, struct dial_target *far, struct dial_target *near);

/* Whether all of these names are known. */
bool prepare_is_complete(const struct options *o, const struct dial_target *far,
    const struct dial_target *near);

/*
 * Listens where the options say, or on what was passed to us; says so with -v,
 * or if a free port was asked for. Returns 0, or -1 after a message.
 */
int prepare_listener(const struct options *o,
    const struct socket_choice *choice, struct listener *listener);

/* Looks for what is to be sent, and opens where to receive it. Returns 0, or
 * -1 after a message. */
int prepare_files(const struct options *o, struct beneath *into);

#endif
