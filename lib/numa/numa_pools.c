/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the hugepage pools, of a node and of the machine, read afresh at each question.
 * Must not: make a node's figure of the machine's.
 * Called by: applications and every library above.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "numa_priv.h"

#define MACHINE_DIR "kernel/mm/hugepages"

/* A page size is a power of two below 2^64. */
#define MAX_POOLS 64

static void
add_page_size(const char *name, void *arg)
{
	uint64_t *page_sizes = arg, page_size;

	if (numa_parse_pool_name(name, &page_size) == 0)
		*page_sizes |= page_size;
}

static int
read_count(const char *root, const char *dir, uint64_t page_size, const char *file, uint64_t *count)
{
	char *text;
	int ret;

	ret = numa_sysfs_read(&text, root, "%s/hugepages-%llukB/%s", dir,
			      (unsigned long long)page_size / 1024, file);
	if (ret < 0)
		return ret;
	ret = numa_parse_count(text, count);
	free(text);
	return ret;
}

static int
read_pool(const char *root, const char *dir, bool machine, struct rte_numa_hugepages *pool)
{
	int ret = read_count(root, dir, pool->page_size, "nr_hugepages", &pool->total);

	if (ret == 0)
		ret = read_count(root, dir, pool->page_size, "free_hugepages", &pool->free);
	if (ret == 0)
		ret = read_count(root, dir, pool->page_size, "surplus_hugepages", &pool->surplus);
	pool->reserved = RTE_NUMA_UNTOLD;
	if (ret == 0 && machine)
		ret = read_count(root, dir, pool->page_size, "resv_hugepages", &pool->reserved);
	return ret;
}

static int
read_pools(const char *root, const char *dir, bool machine, struct rte_numa_hugepages *pools,
	   unsigned int n)
{
	struct rte_numa_hugepages found[MAX_POOLS];
	unsigned int nb_found = 0;
	uint64_t page_sizes = 0;
	int ret;

	ret = numa_sysfs_list(root, dir, add_page_size, &page_sizes);
	if (ret == -ENOENT)
		return 0;
	if (ret < 0)
		return ret;
	for (; page_sizes != 0; page_sizes &= page_sizes - 1) {
		found[nb_found].page_size = page_sizes & -page_sizes;
		ret = read_pool(root, dir, machine, &found[nb_found++]);
		if (ret < 0)
			return ret;
	}
	for (unsigned int i = 0; i < n && i < nb_found; i++)
		pools[i] = found[i];
	return nb_found;
}

int
rte_numa_hugepages(const struct rte_numa_topology *topo, int node_id,
		   struct rte_numa_hugepages *pools, unsigned int n)
{
	char dir[NUMA_PATH_MAX];

	if (numa_index(topo, node_id) < 0)
		return -EINVAL;
	if (topo->no_numa)
		return rte_numa_machine_hugepages(topo, pools, n);
	snprintf(dir, sizeof(dir), "devices/system/node/node%d/hugepages", node_id);
	return read_pools(topo->root, dir, false, pools, n);
}

int
rte_numa_machine_hugepages(const struct rte_numa_topology *topo, struct rte_numa_hugepages *pools,
			   unsigned int n)
{
	return read_pools(topo->root, MACHINE_DIR, true, pools, n);
}
