#include "value.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define KIB 1024ULL
#define MIB (1024ULL * 1024)

/* Guests of vhost-device-vsock need less than a page; above is a mistake. */
#define SIZE_LEAST 1024ULL
#define SIZE_MOST  (1024 * MIB)

#define SECONDS_MOST 1e9

/* No "inf", "nan", "0x1" or " 1". */
int value_seconds(const char *text, double *seconds, const char **why)
{
	char *end;

	if (strspn(text, "0123456789.") == strlen(text) &&
	    strpbrk(text, "0123456789") != NULL) {
		*seconds = strtod(text, &end);
		if (*end == '\0' && *seconds <= SECONDS_MOST)
			return 0;
	}
	*why = "not a number of seconds";
	return -1;
}

static unsigned long long unit_size(const char *unit)
{
	static const struct {
		const char *name;
		unsigned long long size;
	} units[] = {
		{ "", 1 },
		{ "K", KIB },
		{ "KiB", KIB },
		{ "M", MIB },
		{ "MiB", MIB },
	};

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (strcmp(unit, units[i].name) == 0)
			return units[i].size;
	return 0;
}

int value_size(const char *text, size_t *size, const char **why)
{
	char *end;
	unsigned long long number = strtoull(text, &end, 10);
	unsigned long long unit = unit_size(end);

	*why = "not a size such as 256KiB or 1MiB";
	if (!isdigit((unsigned char)text[0]) || unit == 0)
		return -1;
	*why = "a size is 1KiB to 1024MiB";
	if (number > SIZE_MOST / unit || number * unit < SIZE_LEAST)
		return -1;
	*size = (size_t)(number * unit);
	return 0;
}

int value_count(const char *text, int *count, const char **why)
{
	const char *error;

	*count = (int)strtonum(text, 1, INT_MAX, &error);
	*why = "not a number from 1 on";
	return isdigit((unsigned char)text[0]) && error == NULL ? 0 : -1;
}

int value_mode(const char *text, mode_t *mode, const char **why)
{
	*why = "not a mode in octal, such as 660";
	if (text[0] == '\0' || strlen(text) > 4 ||
	    strspn(text, "01234567") != strlen(text))
		return -1;
	*mode = (mode_t)strtoul(text, NULL, 8);
	return *mode <= 0777 ? 0 : -1;
}
