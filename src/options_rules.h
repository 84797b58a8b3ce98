/*
 * Which options exclude each other, and which addresses they do not go with.
 * Pure.
 */
#ifndef VCAT_OPTIONS_RULES_H
#define VCAT_OPTIONS_RULES_H

#include "options.h"

/*
 * For options that have been read, each for itself. Returns NULL, or a static
 * sentence that says what is wrong with them together.
 */
const char *options_conflict(const struct options *options);

#endif
