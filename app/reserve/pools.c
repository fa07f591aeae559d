/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: reading what a machine has of hugepages, and of memory to make some of.
 * Must not: decide, or change it.
 * Called by: apply.c.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "pools.h"

#define MAX_SIZES 16

static int
read_node(const struct rte_numa_topology *topo, int node_id, struct pools *pools)
{
	struct rte_numa_hugepages sizes[MAX_SIZES], *from;
	struct rte_numa_memory memory;
	int n = rte_numa_hugepages(topo, node_id, sizes, MAX_SIZES);
	int ret = n < 0 ? n : rte_numa_memory(topo, node_id, &memory);

	if (ret < 0 || pools->nb_nodes == MAX_POOL_NODES)
		return ret < 0 ? ret : -E2BIG;
	pools->node[pools->nb_nodes++] =
		(struct supply_node){ node_id, memory.total, memory.free + memory.reclaimable };
	for (int i = 0; i < n && i < MAX_SIZES; i++) {
		from = &sizes[i];
		if (from->page_size < LEAST_PAGE)
			continue;
		if (pools->n == MAX_POOLS)
			return -E2BIG;
		pools->pool[pools->n++] = (struct pool){
			.node_id = node_id,
			.page_size = from->page_size,
			.total = from->total > from->surplus ? from->total - from->surplus : 0,
			.free = from->free,
		};
	}
	return 0;
}

/* Of a single node it is known whose promised pages they are. */
static void
leave_promised(const struct rte_numa_topology *topo, struct pools *pools)
{
	struct rte_numa_hugepages all[MAX_SIZES];
	int n = pools->nb_nodes == 1 ? rte_numa_machine_hugepages(topo, all, MAX_SIZES) : 0;
	struct pool *pool;

	for (int i = 0; i < n && i < MAX_SIZES; i++)
		for (unsigned int k = 0; k < pools->n; k++) {
			pool = &pools->pool[k];
			if (pool->page_size == all[i].page_size &&
			    all[i].reserved != RTE_NUMA_UNTOLD)
				pool->free -= all[i].reserved < pool->free ? all[i].reserved :
									     pool->free;
		}
}

int
pools_read(const struct rte_numa_topology *topo, struct pools *pools)
{
	int node_id, ret = 0;

	pools->n = pools->nb_nodes = 0;
	RTE_NUMA_FOREACH_NODE(node_id, topo, RTE_NUMA_WITH_MEMORY)
		if (ret == 0)
			ret = read_node(topo, node_id, pools);
	if (ret < 0)
		fprintf(stderr, "fastmem-reserve: the machine's hugepages cannot be read: %s\n",
			strerror(-ret));
	else
		leave_promised(topo, pools);
	return ret;
}
