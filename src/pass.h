/*
 * Passing a descriptor to another process: SCM_RIGHTS, unix(7), as ssh's
 * ProxyUseFdpass takes it, ssh_config(5): with one byte, over stdout.
 */
#ifndef VCAT_PASS_H
#define VCAT_PASS_H

/*
 * Passes fd over the AF_UNIX socket `over`. Returns 0, or -1 with errno:
 * ENOTSOCK or EOPNOTSUPP when `over` is none.
 */
int pass_fd(int over, int fd);

#endif
