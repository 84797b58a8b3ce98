/*
 * What vcat says: whole lines on stderr, each in one write(2) so that the
 * lines of several processes do not mix. errno is left as it was.
 */
#ifndef VCAT_LOG_H
#define VCAT_LOG_H

/* Names longer than this are cut in messages; addresses always fit. */
#define LOG_LINE_MAX 1024

/* `vcat: MESSAGE` */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* `hint: MESSAGE`: the likely cause of the error before it, and its mend. */
void log_hint(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* MESSAGE alone, for lines that scripts read. */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
