/*
 * Sees to it that a signal that ends vcat leaves no socket file behind.
 */
#ifndef VCAT_GUARD_H
#define VCAT_GUARD_H

#include "unix.h"

/*
 * From now on SIGHUP, SIGINT and SIGTERM, unless ignored, first remove the
 * file, if it is still that one, and then end the process as ever. They wait in
 * a thread of their own, so that no system call anywhere has to deal with them.
 * Returns 0, or -1 with errno.
 */
int guard_file(const struct unix_file *file);

#endif
