/*
 * A command under a filter of system calls.
 */
#ifndef VCAT_TOOL_FILTERED_H
#define VCAT_TOOL_FILTERED_H

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/syscall.h>

#define LOAD(field)                                                            \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))

/* Skips so many instructions if the loaded word is, or is not, the value. */
#define SKIP(value, is, is_not)                                                \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, is, is_not)

#define FAIL_WITH(error) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))
#define ALLOW            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

/*
 * Runs argv[1] with its arguments under that filter, which has `length`
 * instructions; does not return. The filter alone does not keep root from
 * gaining rights.
 */
_Noreturn void filtered(struct sock_filter *code, size_t length, char **argv);

#endif
