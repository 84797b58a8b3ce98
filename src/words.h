/*
 * A line of a configuration file as words, quoted as systemd.syntax(7) has it:
 * words are apart by blanks; '...' and "..." keep blanks; everywhere, \ is
 * followed by one of abfnrtv, s for a space, \, " or ', xHH or NNN (octal).
 * No shell sees it: there are no variables and no patterns. Pure.
 */
#ifndef VCAT_WORDS_H
#define VCAT_WORDS_H

/*
 * Splits the line in place, into at most `most` words, which lie in it. Returns
 * NULL and the number of words in *count, or a static sentence that says what
 * is wrong.
 */
const char *words_split(char *line, char *words[], int most, int *count);

#endif
