/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Counts the system calls of the calling thread, which go through all the same. */

#ifndef TEST_SYSCALLS_H
#define TEST_SYSCALLS_H

#include <stdbool.h>

/*
 * Have the kernel report this thread's system calls from here on, for good; false where it, or
 * this machine, cannot. The thread must not start threads afterwards.
 */
bool
test_syscalls_watch(void);

/* Count from here on. */
void
test_syscalls_begin(void);

/* Stop counting; how many it were. test_syscalls_first() tells the number of the first. */
unsigned int
test_syscalls_end(void);
long
test_syscalls_first(void);

#endif
