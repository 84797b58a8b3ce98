#include "number.h"

#include <err.h>
#include <stdlib.h>

long long number_of(const char *text, long long least, long long most)
{
	const char *why;
	long long n = strtonum(text, least, most, &why);

	if (why != NULL)
		errx(2, "%s: %s", text, why);
	return n;
}
