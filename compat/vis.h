/*
 * vis(3), as far as vcat uses it, for systems without libbsd: the letters of C
 * for control characters that have one, and octal numbers for the others. A
 * newline stays as it is.
 */
#ifndef VCAT_COMPAT_VIS_H
#define VCAT_COMPAT_VIS_H

#include <stddef.h>

/* All three are always on. */
#define VIS_CSTYLE 0
#define VIS_OCTAL  0
#define VIS_TAB    0

/* Room for four bytes and a NUL for each byte; returns the length written. */
int strvisx(char *to, const char *from, size_t length, int flags);

#endif
