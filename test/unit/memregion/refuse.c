/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: a seccomp filter that refuses system calls.
 * Must not: need a library for it.
 * Called by: witness.c, and the helper program of the tests of fastmem-info.
 */

#include <errno.h>
#include <stddef.h>
#include <sys/prctl.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "refuse.h"

#define MAX_CALLS 16

int
refuse_calls(const int *calls, unsigned int nb_calls, int error)
{
	struct sock_filter code[MAX_CALLS + 3];
	struct sock_fprog program = { .filter = code };
	unsigned int n = 0;

	if (nb_calls > MAX_CALLS) {
		errno = EINVAL;
		return -1;
	}
	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						 offsetof(struct seccomp_data, nr));
	/* Each jumps over the calls after it, and over what lets others pass. */
	for (unsigned int i = 0; i < nb_calls; i++)
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							 (unsigned int)calls[i], nb_calls - i, 0);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
						 SECCOMP_RET_ERRNO | (unsigned int)error);
	program.len = n;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}
