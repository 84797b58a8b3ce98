/*
 * Messages: whole lines on stderr, each in one write(2) so that the lines of
 * several processes do not mix. errno is left as it was.
 *
 * No message makes vcat wait. If stderr takes no more, messages are lost, and
 * the next that goes through is preceded by "vcat: N messages lost".
 */
#ifndef VCAT_LOG_H
#define VCAT_LOG_H

/* Longer lines are cut; addresses always fit. */
#define LOG_LINE_MAX 1024

/*
 * Prepares stderr, whose own flags stay as they are. Without this call log
 * writes to descriptor 2 if poll(2) finds it writable.
 */
void log_open(void);

/* `vcat: MESSAGE` */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* `hint: MESSAGE`: the likely cause of the error before it, and its fix. */
void log_hint(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* MESSAGE alone, for lines that scripts read. */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Rewrites the terminal's current line; "" clears it. */
void log_progress(const char *text);

#endif
