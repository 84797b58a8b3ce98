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
#include "resolver.h"

/*
 * With --netns, has all VM sockets of both targets made in that namespace.
 * Returns 0, or -1 after a message.
 */
int prepare_netns(
    const struct options *o, struct dial_target *far, struct dial_target *near);

/*
 * Does that, and looks up the names of what is to be dialled: the far side
 * unless it is accepted, and the near side if it is an address. Returns 0, or
 * -1 with errno after a message. A name that may be there later is no failure
 * with --retry or -k, unless a listener needs it.
 */
int prepare_names(
    const struct options *o, struct dial_target *far, struct dial_target *near);

/*
 * Has those names followed that will be looked up again, by *resolver, which is
 * started for the first of them; the caller ends it. Only after that, the
 * sandbox. Returns 0, or -1 after a message.
 */
int prepare_following(const struct options *o, struct resolver **resolver,
    struct dial_target *far, struct dial_target *near);

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
