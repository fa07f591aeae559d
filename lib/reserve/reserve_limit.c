/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what the cgroups that a process is in leave it of hugepages, whatever the pools have.
 * Must not: fail where there are none, or decide who gets what.
 * Called by: reserve_check.c and reserve_apply.c.
 *
 * Containers with a limit of hugepages, such as Kubernetes' resource hugepages-2Mi, are such cgroups.
 */

#include "reserve_priv.h"

static void
read_limit(struct rsv_machine *m, uint64_t page_size, const char *root,
	   const struct rte_numa_cgroup *cgroup)
{
	struct rte_numa_cgroup_limit found;
	struct rsv_limit *limit = &m->limit[m->nb_limits];

	if (m->nb_limits == RSV_MAX_POOLS || rsv_limit_of(m, page_size) != NULL ||
	    rte_numa_cgroup_hugepages(root, cgroup, page_size, &found) < 0 ||
	    found.max == RTE_NUMA_CGROUP_NO_LIMIT)
		return;
	*limit = (struct rsv_limit){
		.page_size = page_size,
		.left = found.left / page_size,
		.max = found.max,
		.used = found.used,
	};
	snprintf(limit->file, sizeof(limit->file), "%s", found.file);
	m->nb_limits++;
}

void
rsv_limits_read(struct rsv_machine *m, const char *proc, const char *root)
{
	struct rte_numa_cgroup cgroup;

	m->nb_limits = 0;
	if (rte_numa_cgroup_find(proc, "hugetlb", &cgroup) < 0)
		return;
	for (unsigned int i = 0; i < m->nb_nodes; i++)
		for (unsigned int k = 0; k < m->node[i].nb_pools; k++)
			read_limit(m, m->node[i].pool[k].page_size, root, &cgroup);
}

struct rsv_limit *
rsv_limit_of(struct rsv_machine *m, uint64_t page_size)
{
	for (unsigned int i = 0; i < m->nb_limits; i++)
		if (m->limit[i].page_size == page_size)
			return &m->limit[i];
	return NULL;
}
