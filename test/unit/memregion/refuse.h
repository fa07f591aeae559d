/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef REFUSE_H
#define REFUSE_H

/*
 * From now on these system calls fail with an error, in this process and its children, as a
 * container's seccomp filter has it: EPERM, or ENOSYS. Returns 0, or -1 with errno set.
 */
int
refuse_calls(const int *calls, unsigned int nb_calls, int error);

#endif /* REFUSE_H */
