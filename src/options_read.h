/*
 * Reading the command line: argv in, one struct out. Pure.
 */
#ifndef VCAT_OPTIONS_READ_H
#define VCAT_OPTIONS_READ_H

#include "options.h"

/*
 * Reads the command line into *options. Returns 0, or -1 and in why[] what is
 * wrong with it.
 */
int options_read(int argc, char *argv[], struct options *options,
    char why[OPTIONS_WHY_SIZE]);

#endif
