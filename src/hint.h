/*
 * What an error most likely means to somebody who uses VM sockets, and the
 * command that mends it. Pure: a table, and the text of one row.
 */
#ifndef VCAT_HINT_H
#define VCAT_HINT_H

#include "address.h"

#define HINT_SIZE 512

/*
 * The hint for a system call (step: "socket", "bind", "connect", "read",
 * "write") that failed with that errno on the address. Returns text, or NULL
 * where vcat knows no more than the error itself says.
 */
const char *hint_find(const struct address *address, const char *step,
    int error, char text[HINT_SIZE]);

#endif
