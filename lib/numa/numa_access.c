/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what the kernel publishes of how fast a node's memory is: figures, initiators, tiers.
 * Must not: measure, or let what is not published look like a figure.
 * Called by: applications.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "numa_priv.h"
#include "rte_numa_access.h"

#define TIER_DIR "devices/virtual/memory_tiering"

/* No more tiers than nodes: each has one at least. */
struct tiers {
	unsigned int n;
	int id[RTE_NUMA_MAX_NODES];
};

static void
add_initiator(const char *name, void *arg)
{
	int node_id;

	if (numa_parse_numbered(name, "node", &node_id) == 0)
		rte_numa_mask_set(arg, node_id);
}

static void
add_tier(const char *name, void *arg)
{
	struct tiers *tiers = arg;
	int id;

	if (tiers->n < RTE_NUMA_MAX_NODES && numa_parse_numbered(name, "memory_tier", &id) == 0)
		tiers->id[tiers->n++] = id;
}

/* The kernel makes all four files where firmware told it of one, and leaves the others 0. */
static int
read_figure(const char *root, const char *dir, const char *file, uint64_t *figure)
{
	uint64_t found;
	char *text;
	int ret;

	*figure = RTE_NUMA_UNTOLD;
	ret = numa_sysfs_read(&text, root, "%s/%s", dir, file);
	if (ret == -ENOENT)
		return 0;
	if (ret < 0)
		return ret;
	ret = numa_parse_count(text, &found);
	free(text);
	if (ret == 0 && found != 0)
		*figure = found;
	return ret;
}

static bool
says_nothing(const struct rte_numa_access *access)
{
	return rte_numa_mask_empty(&access->initiators) &&
	       access->read_bandwidth == RTE_NUMA_UNTOLD &&
	       access->write_bandwidth == RTE_NUMA_UNTOLD &&
	       access->read_latency == RTE_NUMA_UNTOLD && access->write_latency == RTE_NUMA_UNTOLD;
}

int
rte_numa_access(const struct rte_numa_topology *topo, int node_id,
		enum rte_numa_initiators initiators, struct rte_numa_access *access)
{
	struct rte_numa_access found = { .initiators = { { 0 } } };
	char dir[NUMA_PATH_MAX];
	int ret;

	if (numa_index(topo, node_id) < 0 ||
	    (initiators != RTE_NUMA_INITIATORS_ANY && initiators != RTE_NUMA_INITIATORS_CPU))
		return -EINVAL;
	snprintf(dir, sizeof(dir), "devices/system/node/node%d/access%d/initiators", node_id,
		 (int)initiators);
	ret = numa_sysfs_list(topo->root, dir, add_initiator, &found.initiators);
	if (ret == -ENOENT)
		return -ENODATA;
	if (ret == 0)
		ret = read_figure(topo->root, dir, "read_bandwidth", &found.read_bandwidth);
	if (ret == 0)
		ret = read_figure(topo->root, dir, "write_bandwidth", &found.write_bandwidth);
	if (ret == 0)
		ret = read_figure(topo->root, dir, "read_latency", &found.read_latency);
	if (ret == 0)
		ret = read_figure(topo->root, dir, "write_latency", &found.write_latency);
	if (ret < 0)
		return ret;
	if (says_nothing(&found))
		return -ENODATA;
	*access = found;
	return 0;
}

/* Whether the node is in a tier; a tier that is gone by now has none. */
static int
tier_has(const char *root, int tier, int node_id)
{
	uint64_t nodes[NUMA_MASK_WORDS(RTE_NUMA_MAX_NODES)];
	char *text;
	int ret;

	ret = numa_sysfs_read(&text, root, TIER_DIR "/memory_tier%d/nodelist", tier);
	if (ret == -ENOENT)
		return 0;
	if (ret < 0)
		return ret;
	ret = numa_parse_list(text, nodes, RTE_NUMA_MAX_NODES);
	free(text);
	return ret < 0 ? ret : numa_mask_test(nodes, node_id);
}

int
rte_numa_memory_tier(const struct rte_numa_topology *topo, int node_id)
{
	struct tiers tiers = { .n = 0 };
	int ret;

	if (numa_index(topo, node_id) < 0)
		return -EINVAL;
	ret = numa_sysfs_list(topo->root, TIER_DIR, add_tier, &tiers);
	if (ret < 0 && ret != -ENOENT)
		return ret;
	for (unsigned int i = 0; i < tiers.n; i++) {
		ret = tier_has(topo->root, tiers.id[i], node_id);
		if (ret < 0)
			return ret;
		if (ret > 0)
			return tiers.id[i];
	}
	return -ENODATA;
}
