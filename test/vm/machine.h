/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * The nodes of the machine and where memory lies, as the kernel tells: nothing here asks the
 * libraries under test. */

#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stddef.h>

#define MACHINE_MAX_NODES 16

struct machine_node {
	int id;
	int cpu;			 /* the first of its CPUs, -1: it has none */
	int distance[MACHINE_MAX_NODES]; /* by position, as the nodes themselves */
};

struct machine {
	unsigned int n;
	struct machine_node node[MACHINE_MAX_NODES]; /* by id */
};

/* Its online nodes with memory. */
const struct machine *
machine(void);

/*
 * Skip the test unless a condition holds. It fails instead where FASTMEM_MACHINE, which is set by
 * who knows the machine, lists the feature that the condition stands for.
 */
void
machine_needs(const char *feature, bool there);

/* Free hugepages of 2 MiB of a node, and of all nodes by position. */
size_t
machine_free_pages(int node_id);
void
machine_pools(size_t pools[MACHINE_MAX_NODES]);

/* Fail unless all nodes' pools are as they were. */
void
assert_same_pools(const size_t pools[MACHINE_MAX_NODES]);

/*
 * Fail unless each page of a range lies on the node. Two witnesses: move_pages() for each page, and
 * /proc/self/numa_maps for the mapping that it is in.
 */
void
assert_on_node(const void *ptr, size_t size, int node_id);

/* Positions of all nodes, nearest to one of them first, ties by id. */
void
machine_order(unsigned int from, unsigned int order[MACHINE_MAX_NODES]);

/* Run a function, which must assert nothing, in a thread of its own that stays on one CPU. */
void
on_cpu(int cpu, void (*body)(void *), void *arg);

#endif
