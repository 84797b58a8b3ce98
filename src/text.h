/*
 * Text that came from elsewhere: UTF-8, and what may go to a terminal. Pure.
 */
#ifndef VCAT_TEXT_H
#define VCAT_TEXT_H

#include <stddef.h>

/* The length in bytes of text's first character; 0 if it is not UTF-8. */
size_t text_span(const char *text);

/*
 * Replaces by '?' each control character (C0, DEL, C1) and each byte that is
 * not UTF-8, so that no terminal acts on the text and it stays on one line.
 */
void text_tame(char *text);

#endif
