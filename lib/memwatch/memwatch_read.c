/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: gathering all that is looked at, below roots that stand for /proc and for what is mounted.
 * Must not: decide what it means, or fail for a file that a machine does not have.
 * Called by: memwatch_round.c, memwatch_ask.c.
 */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memwatch_priv.h"

#define MAX_POOLS 64

/* More than the kernel writes into either file. */
#define TEXT_MAX 8192

int
mw_roots_self(struct mw_roots *roots)
{
	int error;

	roots->topo = rte_numa_topology_self();
	roots->proc = "/proc";
	roots->fs = "";
	if (roots->topo != NULL)
		return 0;
	error = -errno;
	return mw_fail(error, "cannot read the machine's nodes from /sys: %s", strerror(-error));
}

int
mw_reading_make(const struct mw_roots *roots, struct mw_reading *r)
{
	struct mw_reading made = { 0 };
	int node_id;

	RTE_NUMA_FOREACH_NODE(node_id, roots->topo, RTE_NUMA_WITH_MEMORY)
		made.nb_nodes++;
	made.node = calloc(made.nb_nodes, sizeof(*made.node));
	if (made.node == NULL)
		return mw_fail(-ENOMEM, "out of memory");
	made.nb_nodes = 0;
	RTE_NUMA_FOREACH_NODE(node_id, roots->topo, RTE_NUMA_WITH_MEMORY)
		made.node[made.nb_nodes++].node_id = node_id;
	*r = made;
	return 0;
}

void
mw_reading_free(struct mw_reading *r)
{
	free(r->node);
	r->node = NULL;
	r->nb_nodes = 0;
}

int
mw_reading_index(const struct mw_reading *r, int node_id)
{
	for (unsigned int i = 0; i < r->nb_nodes; i++)
		if (r->node[i].node_id == node_id)
			return (int)i;
	return -1;
}

static void
read_node(const struct mw_roots *roots, struct mw_node_reading *node)
{
	struct rte_numa_hugepages pools[MAX_POOLS];
	int n;

	if (rte_numa_memory(roots->topo, node->node_id, &node->memory) < 0)
		memset(&node->memory, 0, sizeof(node->memory));
	node->pool_total = node->pool_free = 0;
	n = rte_numa_hugepages(roots->topo, node->node_id, pools, MAX_POOLS);
	for (int i = 0; i < n; i++) {
		node->pool_total += pools[i].total * pools[i].page_size;
		node->pool_free += pools[i].free * pools[i].page_size;
	}
	mw_fastmem_read(node->node_id, &node->fastmem);
}

/* Who is refused one size takes another: of all sizes that there are the best counts. */
static void
read_hugepages(const struct mw_roots *roots, const struct mw_cgroups *cgroups, struct mw_reading *r)
{
	struct rte_numa_hugepages pools[MAX_POOLS];
	struct rte_numa_cgroup_limit limit, *best = &r->cgroup_huge;
	int n = rte_numa_machine_hugepages(roots->topo, pools, MAX_POOLS);
	bool limited = false;

	r->promised = 0;
	*best = (struct rte_numa_cgroup_limit){ .left = 0 };
	for (int i = 0; i < n; i++) {
		if (pools[i].total == 0)
			continue;
		r->promised += pools[i].reserved * pools[i].page_size;
		limit.max = limit.left = RTE_NUMA_CGROUP_NO_LIMIT;
		if (cgroups->has_huge)
			rte_numa_cgroup_hugepages(roots->fs, &cgroups->huge, pools[i].page_size,
						  &limit);
		if (!limited || limit.left > best->left)
			*best = limit;
		limited = true;
	}
	if (!limited)
		best->max = best->left = RTE_NUMA_CGROUP_NO_LIMIT;
}

static void
read_limit(const struct mw_roots *roots, const struct mw_cgroups *cgroups,
	   enum rte_numa_cgroup_kind kind, struct rte_numa_cgroup_limit *limit)
{
	limit->max = limit->left = RTE_NUMA_CGROUP_NO_LIMIT;
	if (cgroups->has_memory)
		rte_numa_cgroup_memory(roots->fs, &cgroups->memory, kind, limit);
}

/*
 * What befell for a cgroup's own limits, and those above it: memory.events itself counts also what
 * befell others below those.
 */
static void
read_events(const struct mw_roots *roots, struct rte_numa_cgroup cgroup, struct mw_reading *r)
{
	static const char *const names[] = { "high", "max", "oom", "oom_kill" };
	uint64_t value;

	do {
		for (unsigned int i = 0; i < 4; i++) {
			if (rte_numa_cgroup_number(roots->fs, &cgroup, MW_EVENTS_FILE, names[i],
						   &value) < 0)
				continue;
			r->events = true;
			*(i < 2 ? &r->reclaims : &r->kills) += value;
		}
	} while (rte_numa_cgroup_up(&cgroup));
}

/* The highest of several counts. */
static void
read_pressure(const char *path, struct mw_reading *r)
{
	char text[TEXT_MAX];
	unsigned int stall;

	if (mw_os_read(path, text, sizeof(text)) < 0 || mw_parse_pressure(text, &stall) < 0)
		return;
	r->pressure = true;
	r->stall = stall > r->stall ? stall : r->stall;
}

void
mw_cgroups_find(const struct mw_roots *roots, struct mw_cgroups *cgroups)
{
	cgroups->has_memory = rte_numa_cgroup_find(roots->proc, "memory", &cgroups->memory) == 0;
	cgroups->has_huge = rte_numa_cgroup_find(roots->proc, "hugetlb", &cgroups->huge) == 0;
}

void
mw_read(const struct mw_roots *roots, const struct mw_cgroups *cgroups, struct mw_reading *r)
{
	char path[PATH_MAX], text[TEXT_MAX];

	snprintf(path, sizeof(path), "%s/meminfo", roots->proc);
	r->meminfo = mw_os_read(path, text, sizeof(text)) == 0 &&
		     mw_parse_meminfo(text, &r->total, &r->available, &r->huge) == 0;
	r->pressure = r->events = false;
	r->stall = 0;
	r->reclaims = r->kills = 0;
	snprintf(path, sizeof(path), "%s/" MW_PRESSURE_FILE, roots->proc);
	read_pressure(path, r);
	read_limit(roots, cgroups, RTE_NUMA_CGROUP_MAX, &r->cgroup);
	read_limit(roots, cgroups, RTE_NUMA_CGROUP_HIGH, &r->cgroup_high);
	if (cgroups->has_memory && !cgroups->memory.v1) {
		read_events(roots, cgroups->memory, r);
		snprintf(path, sizeof(path), "%s%s/" MW_CGROUP_PRESSURE_FILE, roots->fs,
			 cgroups->memory.dir);
		read_pressure(path, r);
	}
	read_hugepages(roots, cgroups, r);
	for (unsigned int i = 0; i < r->nb_nodes; i++)
		read_node(roots, &r->node[i]);
}
