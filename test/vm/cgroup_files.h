/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * The files of a cgroup, for tests that make some. */

#ifndef CGROUP_FILES_H
#define CGROUP_FILES_H

#include <stdbool.h>

/* Write a text to a file of a folder; false: it is not there, or the kernel refuses. */
bool
cgroup_put(const char *dir, const char *name, const char *text);

/* Whether a word is one of those in a file. */
bool
cgroup_lists(const char *dir, const char *name, const char *word);

#endif
