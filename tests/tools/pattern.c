/* pattern SEED BYTES: prints the bytes that peer's send action sends. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "number.h"
#include "prng.h"

static void write_all(const unsigned char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = write(STDOUT_FILENO, data, size);

		if (n < 0)
			err(1, "stdout");
		data += n;
		size -= (size_t)n;
	}
}

int main(int argc, char **argv)
{
	static unsigned char chunk[128 * 1024];
	struct prng prng;
	long long left;

	if (argc != 3) {
		fputs("usage: pattern SEED BYTES\n", stderr);
		return 2;
	}
	prng_init(&prng, (uint64_t)number_of(argv[1], 0, INT64_MAX));
	left = number_of(argv[2], 0, INT64_MAX);
	while (left > 0) {
		size_t n = left < (long long)sizeof(chunk) ? (size_t)left
							   : sizeof(chunk);

		prng_fill(&prng, chunk, n);
		write_all(chunk, n);
		left -= (long long)n;
	}
	return 0;
}
