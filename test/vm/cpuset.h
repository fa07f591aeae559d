/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Puts the process of a test into cgroups (version 2) whose cpusets say which nodes' memory it may
 * use. What fails here fails the test; leaving is the teardown's. */

#ifndef CPUSET_H
#define CPUSET_H

#include <stdbool.h>

/*
 * Make a cgroup in the one that holds all, and in that another, and go into the inner one. Skips
 * the test where cgroups have no cpusets or are not ours to make.
 */
void
cpuset_enter(void);

/* Go back to where the process was, and remove both. */
void
cpuset_leave(void);

enum cpuset { CPUSET_OUTER, CPUSET_INNER, NB_CPUSETS };

/* Give the inner cgroup a cpuset of its own, or take it away. Either begins with allowing all. */
void
cpuset_own(bool own);

/* Which nodes' memory a cpuset allows, in the kernel's format; NULL: that of all. */
void
cpuset_allow(enum cpuset which, const char *nodes);

/* The file that says so. */
const char *
cpuset_file(enum cpuset which);

#endif
