/*
 * Connections that are relayed to a second address, many at once: each is
 * dialled for and relayed in the accept loop's own loop, and fails alone.
 */
#ifndef VCAT_FORWARD_H
#define VCAT_FORWARD_H

#include <sys/queue.h>

#include "dial.h"
#include "options.h"
#include "serve.h"
#include "splice.h"

struct forward_connection;

struct forward {
	struct serve_work work;
	const struct options *options;
	struct dial_target *target; /* borrowed */
	struct splice_pool pipes;
	TAILQ_HEAD(forward_all, forward_connection) all;
};

/*
 * Work for serve_many(). Looks the target's name up, once for all. Returns 0,
 * or -1 after a message. The target must outlive it.
 */
int forward_init(struct forward *forward, const struct options *options,
    struct dial_target *target);

#endif
