/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: gathering what this machine has now: nodes, pools, transparent hugepages, free memory.
 * Must not: decide anything, or fail for a file that a kernel does not have.
 * Called by: memregion_create.c, memregion_change.c, memregion_resize.c.
 */

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <rte_numa_cgroup.h>

#include "memregion_priv.h"

#define THP "/sys/kernel/mm/transparent_hugepage/"

/* The nearest of some nodes to one, which may have no memory of its own. */
static int
nearest_of(const struct rte_numa_topology *topo, int node_id, const struct rte_numa_mask *nodes)
{
	unsigned int n;
	const int *nearest = rte_numa_nearest(topo, node_id, &n);

	for (unsigned int i = 0; nearest != NULL && i < n; i++) {
		if (rte_numa_mask_test(nodes, nearest[i]))
			return nearest[i];
	}
	return rte_numa_mask_next(nodes, -1);
}

int
mr_facts_nodes(struct mr_facts *facts)
{
	facts->topo = rte_numa_topology_self();
	if (facts->topo == NULL) {
		int error = -errno;

		return mr_fail(error, "cannot read the machine's nodes from /sys: %s",
			       strerror(-error));
	}
	rte_numa_nodes(facts->topo, RTE_NUMA_WITH_MEMORY, &facts->memory);
	/* A kernel that does not tell does not restrict either. */
	if (rte_membind_allowed_nodes(&facts->allowed) < 0)
		facts->allowed = facts->memory;
	rte_numa_mask_and(&facts->allowed, &facts->allowed, &facts->memory);
	facts->home = nearest_of(facts->topo, rte_numa_node_of_self(), &facts->allowed);
	return 0;
}

static uint64_t
read_number(const char *path)
{
	char text[32];
	uint64_t value;

	if (mr_os_read(path, text, sizeof(text)) < 0 || sscanf(text, "%" SCNu64, &value) != 1)
		return 0;
	return value;
}

static void
add_pools(const struct rte_numa_topology *topo, int node_id, struct mr_page_facts *facts)
{
	struct rte_numa_hugepages pools[MR_MAX_POOLS];
	int n = rte_numa_hugepages(topo, node_id, pools, MR_MAX_POOLS);

	for (int i = 0; i < n; i++) {
		unsigned int at = 0;

		while (at < facts->nb_pools && facts->pools[at].page_size != pools[i].page_size)
			at++;
		/* All nodes have the same sizes, in the same order. */
		if (at == facts->nb_pools && at < MR_MAX_POOLS)
			facts->pools[facts->nb_pools++].page_size = pools[i].page_size;
		if (at < MR_MAX_POOLS)
			facts->pools[at].free += pools[i].free;
	}
}

void
mr_facts_pages(const struct rte_numa_topology *topo, const struct rte_numa_mask *nodes,
	       struct mr_page_facts *facts)
{
	char enabled[64];
	int node_id;

	memset(facts, 0, sizeof(*facts));
	facts->base_page = mr_os_base_page();
	facts->transparent = read_number(THP "hpage_pmd_size");
	facts->transparent_never = mr_os_read(THP "enabled", enabled, sizeof(enabled)) == 0 &&
				   strstr(enabled, "[never]") != NULL;
	RTE_NUMA_MASK_FOREACH(node_id, nodes)
		add_pools(topo, node_id, facts);
	mr_nodes_text(&facts->where, nodes);
}

static void
mark_cpus(const struct rte_numa_topology *topo, int node_id, cpu_set_t *cpus, size_t size)
{
	for (size_t cpu = 0; cpu < size * CHAR_BIT; cpu++) {
		if (rte_numa_node_of_cpu(topo, (int)cpu) == node_id)
			CPU_SET_S(cpu, size, cpus);
	}
}

cpu_set_t *
mr_facts_cpus(const struct rte_numa_topology *topo, const struct rte_numa_mask *nodes, size_t *size)
{
	struct rte_numa_mask with_cpus;
	cpu_set_t *cpus;
	int node_id;

	cpus = CPU_ALLOC(MR_MAX_CPUS);
	if (cpus == NULL)
		return NULL;
	*size = CPU_ALLOC_SIZE(MR_MAX_CPUS);
	CPU_ZERO_S(*size, cpus);
	rte_numa_nodes(topo, RTE_NUMA_WITH_CPUS, &with_cpus);
	RTE_NUMA_MASK_FOREACH(node_id, nodes)
		mark_cpus(topo, nearest_of(topo, node_id, &with_cpus), cpus, *size);
	return cpus;
}

uint64_t
mr_facts_room(const struct rte_numa_topology *topo, const struct rte_numa_mask *nodes)
{
	uint64_t min_free = read_number("/proc/sys/vm/min_free_kbytes") * 1024, room = 0;
	struct rte_numa_cgroup_limit limit;
	struct rte_numa_cgroup cgroup;
	struct rte_numa_memory memory;
	int node_id;

	RTE_NUMA_MASK_FOREACH(node_id, nodes) {
		if (rte_numa_memory(topo, node_id, &memory) == 0)
			room += mr_room_of_node(&memory, min_free);
	}
	if (rte_numa_cgroup_find("/proc", "memory", &cgroup) < 0 ||
	    rte_numa_cgroup_memory("", &cgroup, RTE_NUMA_CGROUP_MAX, &limit) < 0)
		return room;
	return room < limit.left ? room : limit.left;
}
