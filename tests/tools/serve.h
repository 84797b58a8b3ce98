/* Many connections at once, in one thread. */
#ifndef SERVE_H
#define SERVE_H

#include <stdbool.h>

/*
 * Accepts connections and calls ready for each that has something to read;
 * ready must not block, and the connection is closed when it returns false.
 * Returns after the end of count connections, or never if count is 0.
 */
void serve_run(int listener, bool (*ready)(int fd, void *context),
    void *context, int count);

#endif
