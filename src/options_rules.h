/*
 * Which options exclude or need each other.
 */
#ifndef VCAT_OPTIONS_RULES_H
#define VCAT_OPTIONS_RULES_H

#include "options.h"

/* What is wrong with these options together, or NULL. */
const char *options_rules_broken(const struct options *options);

#endif
