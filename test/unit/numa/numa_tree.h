/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef NUMA_TREE_H
#define NUMA_TREE_H

#include "rte_numa.h"

#define NODE_DIR "devices/system/node"

/* All of these fail the running test when they cannot do their work. */

/* Load a machine of test/data/sysfs; release with rte_numa_topology_free(). */
struct rte_numa_topology *
tree_load(const char *machine);

/* A temporary folder with a copy of a machine, or an empty one for NULL; see tree_remove(). */
char *
tree_copy(const char *machine);

/* Remove a copy and free its name. */
void
tree_remove(char *root);

/* Make or replace a file of a copy, and the folders to it. */
void
tree_write(const char *root, const char *file, const char *text, size_t len);

/* Remove a file or folder of a copy. */
void
tree_delete(const char *root, const char *file);

/* "root/file", to be freed. */
char *
tree_path(const char *root, const char *file);

#endif /* NUMA_TREE_H */
