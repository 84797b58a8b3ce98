/*
 * Text that came from elsewhere: numbers, UTF-8, and what a terminal may get;
 * and templates.
 * Pure.
 */
#ifndef VCAT_TEXT_H
#define VCAT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether text is decimal digits and nothing else. */
bool text_is_number(const char *text);

/* Reads such a number. Returns whether it is one, from least to most. */
bool text_number(
    const char *text, uint32_t least, uint32_t most, uint32_t *number);

/*
 * Reads the first character of text, not its end, into *code. Returns its
 * length in bytes; 0 if it is not UTF-8.
 */
size_t text_decode(const char *text, uint32_t *code);

/* A word of a template, such as "{port}", and what to write in its place. */
struct text_word {
	const char *word; /* with its braces; NULL ends a list */
	const char *value;
};

/*
 * Writes the template with its words replaced, cut to size bytes; for NULL, "".
 * Returns whether each word has a value that is not "".
 */
bool text_fill(
    char *to, size_t size, const char *template, const struct text_word *words);

/*
 * Replaces by '?' each control character (C0, DEL, C1) and each byte that is
 * not UTF-8, so that no terminal acts on the text and it stays on one line.
 */
void text_tame(char *text);

#endif
