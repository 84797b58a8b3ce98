/*
 * What the fuzzers share. A fuzzer is one file, and so is this part of it.
 */
#ifndef VCAT_FUZZ_H
#define VCAT_FUZZ_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static inline void must(bool so, const char *what)
{
	if (so)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

/* The input, from its first byte that is not used up. */
struct fuzz {
	const unsigned char *at;
	size_t left;
};

/* The next byte; 0 after the last. */
static inline unsigned fuzz_byte(struct fuzz *fuzz)
{
	if (fuzz->left == 0)
		return 0;
	fuzz->left--;
	return *fuzz->at++;
}

/* The bytes up to the next `end`, or NUL, which is used up as well: a copy
 * whose NUL is the last byte of its memory, so that it shows who reads further.
 * The caller frees it. */
static inline char *fuzz_text(struct fuzz *fuzz, char end)
{
	size_t length = 0;
	char *text;

	while (length < fuzz->left && fuzz->at[length] != '\0' &&
	       fuzz->at[length] != (unsigned char)end)
		length++;
	text = malloc(length + 1);
	must(text != NULL, "memory");
	memcpy(text, fuzz->at, length);
	text[length] = '\0';
	fuzz->at += length;
	fuzz->left -= length;
	fuzz_byte(fuzz);
	return text;
}

#define FUZZ_NONE (-1) /* it is no number */
#define FUZZ_HIGH (-2) /* it is above INT64_MAX */

/* A number: decimal digits and nothing else. */
static inline int64_t fuzz_number(const char *text, size_t length)
{
	int64_t number = length > 0 ? 0 : FUZZ_NONE;

	for (size_t i = 0; i < length; i++) {
		int digit = text[i] - '0';

		if (digit < 0 || digit > 9)
			return FUZZ_NONE;
		if (number == FUZZ_HIGH || number > (INT64_MAX - digit) / 10)
			number = FUZZ_HIGH;
		else
			number = number * 10 + digit;
	}
	return number;
}

/* What has been freed is kept for a while, to find out who still uses it; but
 * not so much that most of the time goes into fresh pages. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=1:thread_local_quarantine_size_kb=64:"
	       "max_malloc_fill_size=4096:malloc_context_size=5";
}

/* How many messages there have been. */
static unsigned long fuzz_messages;

/* Has the place of log_write(), by the linker: messages cost time, and would
 * hide what libFuzzer says. */
void __wrap_log_write(const char *prefix, const char *format, ...);
void __wrap_log_write(const char *prefix, const char *format, ...)
{
	(void)prefix;
	(void)format;
	fuzz_messages++;
}

#endif
