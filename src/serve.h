/*
 * The accept loop: who comes in, one after the other.
 */
#ifndef VCAT_SERVE_H
#define VCAT_SERVE_H

#include <stdbool.h>

#include "address.h"
#include "endpoint.h"
#include "stream.h"

/*
 * What is done with a connection. The stream is the handler's to use, and
 * closed for it. Returns whether to take the next one.
 */
typedef bool serve_handler(
    void *context, struct stream *far, const struct address *peer);

/*
 * Accepts connections and hands them over until the handler has had enough.
 * With once, stops listening as soon as the first is there. Returns 0, or -1
 * after a message.
 */
int serve_run(struct endpoint_listener *listener,
    const struct socket_choice *choice, bool once, serve_handler *handler,
    void *context);

#endif
