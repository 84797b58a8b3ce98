/*
 * Which options exclude or need each other.
 */
#ifndef VCAT_OPTIONS_RULES_H
#define VCAT_OPTIONS_RULES_H

#include "options.h"

/*
 * Whether each option that was given, bit by bit as in the table, works with
 * what vcat is to do. Returns 0, or -1 and the sentence in why[].
 */
int options_rules_admit(
    const struct options *options, uint64_t given, char why[OPTIONS_WHY_SIZE]);

/* What is wrong with these options and addresses together, or NULL. */
const char *options_rules_broken(const struct options *o);

#endif
