/*
 * without-splice COMMAND...: runs it under a filter of system calls that
 * answers ENOSYS to splice(2) and sendfile(2), so that all is copied.
 */
#include "filtered.h"

int main(int argc, char **argv)
{
	struct sock_filter code[] = {
		LOAD(nr),
		SKIP(SYS_splice, 1, 0),
		SKIP(SYS_sendfile, 0, 1),
		FAIL_WITH(ENOSYS),
		ALLOW,
	};

	(void)argc;
	filtered(code, sizeof code / sizeof code[0], argv);
}
