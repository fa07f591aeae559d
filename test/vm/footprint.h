/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * What a refusal must not change: every node's hugepages, EAL's heaps, fastmem's own figures. */

#ifndef FOOTPRINT_H
#define FOOTPRINT_H

#include "machine.h"
#include "test_setup.h"

struct footprint {
	size_t pools[MACHINE_MAX_NODES];
	size_t heap;
	size_t reserved;
	struct rte_fastmem_stats stats;
};

static inline struct footprint
footprint_now(void)
{
	struct footprint f = {
		.heap = eal_heap_bytes(),
		.reserved = rte_fastmem_reserved(RTE_NUMA_NODE_ANY),
		.stats = stats_now(),
	};

	machine_pools(f.pools);
	return f;
}

static inline void
assert_unchanged(const struct footprint *before)
{
	assert_same_pools(before->pools);
	assert_int_equal(eal_heap_bytes(), before->heap);
	assert_int_equal(rte_fastmem_reserved(RTE_NUMA_NODE_ANY), before->reserved);
	assert_int_equal(stats_now().bytes_backing, before->stats.bytes_backing);
	assert_int_equal(stats_now().bytes_in_use, before->stats.bytes_in_use);
}

/* An allocation by a thread on a CPU, of its own node or of one that is named. */
#define OWN_NODE -2

struct allocation {
	int node_id;
	size_t size;
	void *ptr;
	int error;
};

static inline void
allocate(void *arg)
{
	struct allocation *a = arg;

	a->ptr = a->node_id == OWN_NODE ? rte_fastmem_alloc(a->size, 0, 0) :
					  rte_fastmem_alloc_node(a->size, 0, 0, a->node_id);
	a->error = rte_errno;
}

static inline struct allocation
allocate_on(int cpu, int node_id, size_t size)
{
	struct allocation a = { .node_id = node_id, .size = size };

	on_cpu(cpu, allocate, &a);
	return a;
}

#endif
