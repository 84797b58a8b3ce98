/*
 * What a --bench has found, for people or as JSON.
 */
#ifndef VCAT_FIGURES_H
#define VCAT_FIGURES_H

#include <stdbool.h>
#include <stdio.h>

#include "address.h"
#include "gauge.h"

/* Whether a client's gauge has found anything. */
bool figures_known(const struct gauge *gauge);

/* Prints all that is known: lines. Or one line that is an object. */
void figures_print(
    const struct gauge *gauge, const struct address *peer, FILE *to);
void figures_print_json(
    const struct gauge *gauge, const struct address *peer, FILE *to);

#endif
