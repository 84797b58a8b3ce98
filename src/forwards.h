/*
 * -f: many forwards in one process.
 */
#ifndef VCAT_FORWARDS_H
#define VCAT_FORWARDS_H

#include "options.h"
#include "status.h"

/*
 * Reads the file and runs all of its forwards, or none if one of them cannot
 * listen; or only reads it. A signal that ends them ends the process.
 */
enum status forwards_run(const struct options *options);

#endif
