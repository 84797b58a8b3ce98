/*
 * vcat -l: opens the listener, and serves who comes, one after the other or
 * all at once.
 */
#ifndef VCAT_LISTEN_H
#define VCAT_LISTEN_H

#include "job.h"

/*
 * Returns when no more is to be accepted, or it could not be. Many connections
 * at once end by a signal, which then ends vcat.
 */
enum session_status listen_run(struct job *job);

#endif
