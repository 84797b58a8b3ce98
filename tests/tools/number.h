/*
 * Numbers on the tools' command lines.
 */
#ifndef NUMBER_H
#define NUMBER_H

/* The number from least to most that text is; else says so, and exits with 2.
 */
long long number_of(const char *text, long long least, long long most);

#endif
