/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the topology of the machine that the process runs on.
 * Must not: replace or release it once it is published, or load it from rte_numa_node_of_self().
 * Called by: applications and every library above, on fast paths too.
 */

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>

#include "numa_priv.h"

#define SYSFS_ROOT "/sys"

/* I1. Goes from NULL to a topology once, and never changes again. */
static _Atomic(struct rte_numa_topology *) self;

const struct rte_numa_topology *
rte_numa_topology_self(void)
{
	/* A1: pairs with R1. */
	struct rte_numa_topology *topo = atomic_load_explicit(&self, memory_order_acquire);
	struct rte_numa_topology *first = NULL;
	int ret;

	if (topo != NULL)
		return topo;
	ret = rte_numa_topology_load(SYSFS_ROOT, &topo);
	if (ret < 0) {
		errno = -ret;
		return NULL;
	}
	/* R1: pairs with A1, A2, A3. Publishes the topology. A2: pairs with R1 of who was first. */
	if (atomic_compare_exchange_strong_explicit(&self, &first, topo, memory_order_release,
						    memory_order_acquire))
		return topo;
	rte_numa_topology_free(topo);
	return first;
}

int
rte_numa_node_of_self(void)
{
	/* A3: pairs with R1. */
	const struct rte_numa_topology *topo = atomic_load_explicit(&self, memory_order_acquire);
	unsigned int node_id;
	int known;

	if (topo != NULL) {
		known = numa_cpu_node(topo, sched_getcpu());
		if (known >= 0)
			return known;
	}
	/* Not loaded, or the CPU came online since. */
	return getcpu(NULL, &node_id) == 0 ? (int)node_id : RTE_NUMA_NODE_ANY;
}
