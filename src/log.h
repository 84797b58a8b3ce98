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

/*
 * The name of what errors are about from now on, where a process does several
 * things: "vcat: NAME: MESSAGE". NULL: there is none. Borrowed.
 */
void log_name(const char *name);

/* Writes the prefix and the message. By one of the three names below. */
void log_write(const char *prefix, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* `vcat: MESSAGE`, with the name if there is one */
#define LOG_ERROR      "vcat: "
#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)

/* `hint: MESSAGE`: the likely cause of the error before it, and its fix. */
#define log_hint(...) log_write("hint: ", __VA_ARGS__)

/* MESSAGE alone, for lines that scripts read. */
#define log_line(...) log_write("", __VA_ARGS__)

/* Writes whole lines, fit for a terminal, as they are. */
void log_lines(const char *lines);

/*
 * Rewrites the terminal's current line; "" clears it, if there is one. The
 * next message clears it, too, and so stands on a line of its own. In the
 * background it writes nothing: that line is another program's, and with
 * stty(1)'s tostop we would be stopped.
 */
void log_progress(const char *text);

/*
 * The columns of the terminal that stderr is, 80 if it does not know; 0 if
 * stderr is no terminal, or if we are in the background there.
 */
int log_columns(void);

#endif
