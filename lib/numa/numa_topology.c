/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: making a topology from the kernel's files, and releasing it.
 * Must not: change a topology that it has handed out, or keep one.
 * Called by: applications, numa_self.c.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "numa_priv.h"

#define NODE_DIR "devices/system/node"

/* What the kernel uses for a node's distance to itself. */
#define LOCAL_DISTANCE 10

static int
read_list(const char *root, const char *path, uint64_t *mask, unsigned int nbits)
{
	char *text;
	int ret = numa_sysfs_read(&text, root, "%s", path);

	if (ret < 0)
		return ret;
	ret = numa_parse_list(text, mask, nbits);
	free(text);
	return ret;
}

static void
set_ids(struct rte_numa_topology *topo, const uint64_t *mask)
{
	memset(topo->index_of, -1, sizeof(topo->index_of));
	for (int id = 0; id < RTE_NUMA_MAX_NODES; id++) {
		if (!numa_mask_test(mask, id))
			continue;
		topo->index_of[id] = topo->nb_nodes;
		topo->ids[topo->nb_nodes++] = id;
	}
}

static int
set_memory(struct rte_numa_topology *topo, const uint64_t *mask)
{
	for (int id = 0; id < RTE_NUMA_MAX_NODES; id++) {
		if (!numa_mask_test(mask, id))
			continue;
		if (topo->index_of[id] < 0)
			return -EINVAL;
		topo->with[topo->index_of[id]] |= RTE_NUMA_WITH_MEMORY;
	}
	return 0;
}

static int
grow_cpus(struct rte_numa_topology *topo, unsigned int nb_cpus)
{
	int16_t *bigger = realloc(topo->node_of_cpu, nb_cpus * sizeof(*bigger));

	if (bigger == NULL)
		return -ENOMEM;
	for (unsigned int cpu = topo->nb_cpus; cpu < nb_cpus; cpu++)
		bigger[cpu] = -1;
	topo->node_of_cpu = bigger;
	topo->nb_cpus = nb_cpus;
	return 0;
}

/* -EINVAL if one of the CPUs is another node's already. */
static int
set_cpus(struct rte_numa_topology *topo, unsigned int index, const uint64_t *mask)
{
	unsigned int nb_cpus = NUMA_MAX_CPUS;
	int ret;

	while (nb_cpus > 0 && !numa_mask_test(mask, nb_cpus - 1))
		nb_cpus--;
	if (nb_cpus == 0)
		return 0;
	if (nb_cpus > topo->nb_cpus) {
		ret = grow_cpus(topo, nb_cpus);
		if (ret < 0)
			return ret;
	}
	for (unsigned int cpu = 0; cpu < nb_cpus; cpu++) {
		if (!numa_mask_test(mask, cpu))
			continue;
		if (topo->node_of_cpu[cpu] >= 0)
			return -EINVAL;
		topo->node_of_cpu[cpu] = topo->ids[index];
	}
	topo->with[index] |= RTE_NUMA_WITH_CPUS;
	return 0;
}

static int
alloc_tables(struct rte_numa_topology *topo)
{
	size_t n = (size_t)topo->nb_nodes * topo->nb_nodes;

	topo->distance = calloc(n, sizeof(*topo->distance));
	topo->nearest = calloc(n, sizeof(*topo->nearest));
	return topo->distance == NULL || topo->nearest == NULL ? -ENOMEM : 0;
}

static int
load_node(struct rte_numa_topology *topo, unsigned int index)
{
	uint64_t cpus[NUMA_MASK_WORDS(NUMA_MAX_CPUS)];
	char *text;
	int ret;

	ret = numa_sysfs_read(&text, topo->root, NODE_DIR "/node%d/distance", topo->ids[index]);
	if (ret < 0)
		return ret;
	ret = numa_parse_distances(text, &topo->distance[index * topo->nb_nodes], topo->nb_nodes);
	free(text);
	if (ret < 0)
		return ret;
	ret = numa_sysfs_read(&text, topo->root, NODE_DIR "/node%d/cpulist", topo->ids[index]);
	if (ret < 0)
		return ret;
	ret = numa_parse_list(text, cpus, NUMA_MAX_CPUS);
	free(text);
	return ret < 0 ? ret : set_cpus(topo, index, cpus);
}

static int
load_nodes(struct rte_numa_topology *topo)
{
	uint64_t mask[NUMA_MASK_WORDS(RTE_NUMA_MAX_NODES)];
	int ret;

	ret = read_list(topo->root, NODE_DIR "/online", mask, RTE_NUMA_MAX_NODES);
	if (ret < 0)
		return ret;
	set_ids(topo, mask);
	if (topo->nb_nodes == 0)
		return -EINVAL;
	ret = read_list(topo->root, NODE_DIR "/has_memory", mask, RTE_NUMA_MAX_NODES);
	if (ret < 0)
		return ret;
	ret = set_memory(topo, mask);
	if (ret < 0)
		return ret;
	ret = alloc_tables(topo);
	for (unsigned int i = 0; ret == 0 && i < topo->nb_nodes; i++)
		ret = load_node(topo, i);
	return ret;
}

/* A kernel without NUMA: node 0 is the machine. */
static int
load_machine(struct rte_numa_topology *topo)
{
	uint64_t cpus[NUMA_MASK_WORDS(NUMA_MAX_CPUS)];
	const uint64_t node0[NUMA_MASK_WORDS(RTE_NUMA_MAX_NODES)] = { 1 };
	unsigned int nb_cpus;
	int ret;

	topo->no_numa = true;
	set_ids(topo, node0);
	topo->with[0] = RTE_NUMA_WITH_MEMORY;
	ret = alloc_tables(topo);
	if (ret < 0)
		return ret;
	topo->distance[0] = LOCAL_DISTANCE;
	ret = read_list(topo->root, "devices/system/cpu/online", cpus, NUMA_MAX_CPUS);
	if (ret == -ENOENT) {
		memset(cpus, 0, sizeof(cpus));
		nb_cpus = numa_sysfs_machine_nb_cpus();
		for (unsigned int cpu = 0; cpu < nb_cpus && cpu < NUMA_MAX_CPUS; cpu++)
			cpus[cpu / 64] |= UINT64_C(1) << (cpu % 64);
		ret = 0;
	}
	return ret < 0 ? ret : set_cpus(topo, 0, cpus);
}

static int
compare_keys(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* A key orders by distance, then by index and so by id; 0 puts the node itself first. */
static void
sort_nearest(struct rte_numa_topology *topo, unsigned int index)
{
	unsigned int n = topo->nb_nodes, row = index * n;
	uint32_t keys[RTE_NUMA_MAX_NODES];

	for (unsigned int i = 0; i < n; i++)
		keys[i] = (uint32_t)(i == index ? 0 : topo->distance[row + i]) << 16 | i;
	qsort(keys, n, sizeof(keys[0]), compare_keys);
	for (unsigned int i = 0; i < n; i++)
		topo->nearest[row + i] = topo->ids[keys[i] & UINT16_MAX];
}

int
rte_numa_topology_load(const char *sysfs_root, struct rte_numa_topology **topo)
{
	struct rte_numa_topology *loaded;
	int ret;

	if (sysfs_root == NULL || topo == NULL)
		return -EINVAL;
	ret = numa_sysfs_find(sysfs_root, ".");
	if (ret < 0)
		return ret;
	loaded = calloc(1, sizeof(*loaded));
	if (loaded == NULL)
		return -ENOMEM;
	ret = -ENOMEM;
	loaded->root = strdup(sysfs_root);
	if (loaded->root == NULL)
		goto free_topology;
	ret = numa_sysfs_find(sysfs_root, NODE_DIR);
	if (ret == 0)
		ret = load_nodes(loaded);
	else if (ret == -ENOENT)
		ret = load_machine(loaded);
	if (ret == -ENOENT) /* The tree is there, so what is not is a hole in it. */
		ret = -EINVAL;
	if (ret < 0)
		goto free_topology;
	for (unsigned int i = 0; i < loaded->nb_nodes; i++)
		sort_nearest(loaded, i);
	*topo = loaded;
	return 0;

free_topology:
	rte_numa_topology_free(loaded);
	return ret;
}

void
rte_numa_topology_free(struct rte_numa_topology *topo)
{
	if (topo == NULL)
		return;
	free(topo->node_of_cpu);
	free(topo->distance);
	free(topo->nearest);
	free(topo->root);
	free(topo);
}
