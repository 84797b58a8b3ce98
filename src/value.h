/*
 * The values that options take. Pure. All return 0, or -1 with a static
 * sentence in *why that says what is wrong with the text.
 */
#ifndef VCAT_VALUE_H
#define VCAT_VALUE_H

#include <stddef.h>
#include <sys/types.h>

/* Seconds, with a fraction if need be. */
int value_seconds(const char *text, double *seconds, const char **why);

/* Bytes, such as 4096, 256KiB or 1MiB. */
int value_size(const char *text, size_t *size, const char **why);

/* A number from 1 on. */
int value_count(const char *text, int *count, const char **why);

/* The permissions of a file, in octal, such as 660. */
int value_mode(const char *text, mode_t *mode, const char **why);

#endif
