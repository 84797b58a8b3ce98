#include "filtered.h"

#include <err.h>
#include <sys/prctl.h>
#include <unistd.h>

_Noreturn void filtered(struct sock_filter *code, size_t length, char **argv)
{
	struct sock_fprog program = {
		.len = (unsigned short)length,
		.filter = code,
	};

	if (argv[0] == NULL || argv[1] == NULL)
		errx(2, "usage: COMMAND...");
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 &&
	    (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0))
		err(1, "prctl");
	execvp(argv[1], argv + 1);
	err(127, "%s", argv[1]);
}
