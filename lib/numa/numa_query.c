/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the questions that a topology answers, and what is read afresh at each: memory.
 * Must not: change the topology, or take an index for an id.
 * Called by: applications and every library above.
 */

#include <errno.h>
#include <stdlib.h>

#include "numa_priv.h"

int
rte_numa_max_node_id(const struct rte_numa_topology *topo)
{
	return topo->ids[topo->nb_nodes - 1];
}

static bool
node_with(const struct rte_numa_topology *topo, int node_id, unsigned int with)
{
	int index = numa_index(topo, node_id);

	return index >= 0 && (topo->with[index] & with) == with;
}

bool
rte_numa_node_exists(const struct rte_numa_topology *topo, int node_id)
{
	return node_with(topo, node_id, 0);
}

bool
rte_numa_node_has_memory(const struct rte_numa_topology *topo, int node_id)
{
	return node_with(topo, node_id, RTE_NUMA_WITH_MEMORY);
}

bool
rte_numa_node_has_cpus(const struct rte_numa_topology *topo, int node_id)
{
	return node_with(topo, node_id, RTE_NUMA_WITH_CPUS);
}

int
rte_numa_node_next(const struct rte_numa_topology *topo, int node_id, unsigned int with)
{
	int max = rte_numa_max_node_id(topo);

	if (node_id < -1)
		node_id = -1;
	while (node_id < max) {
		if (node_with(topo, ++node_id, with))
			return node_id;
	}
	return -1;
}

void
rte_numa_nodes(const struct rte_numa_topology *topo, unsigned int with, struct rte_numa_mask *mask)
{
	int node_id;

	rte_numa_mask_zero(mask);
	RTE_NUMA_FOREACH_NODE(node_id, topo, with)
		rte_numa_mask_set(mask, node_id);
}

size_t
rte_numa_nodes_text(const struct rte_numa_topology *topo, unsigned int with, char *buf, size_t size)
{
	struct rte_numa_mask mask;

	rte_numa_nodes(topo, with, &mask);
	return rte_numa_mask_text(&mask, buf, size);
}

int
rte_numa_distance(const struct rte_numa_topology *topo, int from, int to)
{
	int row = numa_index(topo, from), column = numa_index(topo, to);

	if (row < 0 || column < 0)
		return -EINVAL;
	return topo->distance[(unsigned int)row * topo->nb_nodes + column];
}

const int *
rte_numa_nearest(const struct rte_numa_topology *topo, int node_id, unsigned int *n)
{
	int row = numa_index(topo, node_id);

	if (row < 0) {
		errno = EINVAL;
		return NULL;
	}
	if (n != NULL)
		*n = topo->nb_nodes;
	return &topo->nearest[(unsigned int)row * topo->nb_nodes];
}

int
rte_numa_node_of_cpu(const struct rte_numa_topology *topo, int cpu)
{
	int node_id = numa_cpu_node(topo, cpu);

	return node_id >= 0 ? node_id : -EINVAL;
}

int
rte_numa_memory(const struct rte_numa_topology *topo, int node_id, struct rte_numa_memory *mem)
{
	char *text;
	int ret;

	if (numa_index(topo, node_id) < 0)
		return -EINVAL;
	if (topo->no_numa)
		return numa_sysfs_machine_memory(mem);
	ret = numa_sysfs_read(&text, topo->root, "devices/system/node/node%d/meminfo", node_id);
	if (ret < 0)
		return ret;
	ret = numa_parse_meminfo(text, node_id, mem);
	free(text);
	return ret;
}
