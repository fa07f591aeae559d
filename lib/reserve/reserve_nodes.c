/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: which nodes of a machine a line of a plan means.
 * Must not: know what they have free.
 * Called by: reserve_place.c.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_numa_where.h>

#include "reserve_priv.h"

static int
fail_line(const struct rsv_line *line, int err, const char *why)
{
	return rsv_fail(err, "%s:%u:%u: %s", line->first.source, line->first.line,
			line->first.column, why);
}

/* The nearest node with memory; there is always one. */
static int
with_memory(const struct rte_numa_topology *topo, int node_id)
{
	unsigned int n = 0;
	const int *order = rte_numa_nearest(topo, node_id, &n);

	for (unsigned int i = 0; order != NULL && i < n; i++)
		if (rte_numa_node_has_memory(topo, order[i]))
			return order[i];
	return rte_numa_node_next(topo, -1, RTE_NUMA_WITH_MEMORY);
}

static int
one_node(const struct rsv_line *line, const struct rte_numa_topology *topo, int node_id,
	 struct rte_numa_mask *nodes)
{
	char valid[128];

	if (rte_numa_node_has_memory(topo, node_id))
		return rte_numa_mask_only(nodes, node_id);
	rte_numa_nodes_text(topo, RTE_NUMA_WITH_MEMORY, valid, sizeof(valid));
	return rsv_fail(-ENODEV,
			"%s:%u:%u: node %d does not exist or has no memory; nodes with memory: %s",
			line->first.source, line->first.line, line->first.column, node_id, valid);
}

/* A PCI address has colons, and no interface's name does. */
static int
near_device(const struct rsv_line *line, const struct rte_numa_topology *topo, int self,
	    struct rte_numa_mask *nodes)
{
	const char *device = line->selector.near;
	int node_id = strchr(device, ':') != NULL ? rte_numa_node_of_pci(topo, device) :
						    rte_numa_node_of_interface(topo, device);

	/* Near to no node in particular: then no node is better than the caller's. */
	if (node_id == -ENODATA || node_id == -ENODEV)
		node_id = self;
	if (node_id < 0)
		return rsv_fail(node_id, "%s:%u:%u: cannot find the node of \"%s\": %s",
				line->first.source, line->first.line, line->first.column, device,
				node_id == -ENOENT ? "there is no such device" :
						     strerror(-node_id));
	return rte_numa_mask_only(nodes, with_memory(topo, node_id));
}

int
rsv_nodes_of(const struct rsv_line *line, const struct rte_numa_topology *topo, int self,
	     struct rte_numa_mask *nodes)
{
	bool with_cpus = line->selector.nodes == RSV_CPU_NODES;
	int node_id;

	switch (line->selector.nodes) {
	case RSV_NODE:
		return one_node(line, topo, line->selector.node_id, nodes);
	case RSV_NEAR:
		return near_device(line, topo, self, nodes);
	case RSV_ANY:
	case RSV_LOCAL:
		return rte_numa_mask_only(nodes, with_memory(topo, self));
	case RSV_EACH:
		rte_numa_nodes(topo, RTE_NUMA_WITH_MEMORY, nodes);
		return 0;
	default:
		break;
	}
	rte_numa_mask_zero(nodes);
	RTE_NUMA_FOREACH_NODE(node_id, topo, RTE_NUMA_WITH_MEMORY)
		if (rte_numa_node_has_cpus(topo, node_id) == with_cpus)
			rte_numa_mask_set(nodes, node_id);
	if (!rte_numa_mask_empty(nodes))
		return 0;
	return fail_line(line, -ENODEV,
			 with_cpus ? "no node has both CPUs and memory" :
				     "no node of this machine has memory alone");
}
