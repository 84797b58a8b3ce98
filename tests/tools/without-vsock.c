/*
 * without-vsock COMMAND...: runs it under a filter of system calls that
 * answers EPERM to socket(AF_VSOCK), as Docker's default one does.
 */
#include <sys/socket.h>

#include "filtered.h"

int main(int argc, char **argv)
{
	struct sock_filter code[] = {
		LOAD(nr),
		SKIP(SYS_socket, 0, 3),
		LOAD(args[0]), /* its low half, on little endian */
		SKIP(AF_VSOCK, 0, 1),
		FAIL_WITH(EPERM),
		ALLOW,
	};

	(void)argc;
	filtered(code, sizeof code / sizeof code[0], argv);
}
