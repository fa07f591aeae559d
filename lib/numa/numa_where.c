/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the node of what runs, threads and sets of CPUs, and of an address.
 * Must not: touch the page of an address, or keep an answer.
 * Called by: applications.
 */

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>

#include "numa_priv.h"
#include "rte_numa_where.h"

#define PROC_ROOT "/proc"

int
numa_node_of_thread(const struct rte_numa_topology *topo, const char *proc_root, int tid)
{
	int cpu, node_id, ret;
	char *text;

	if (tid <= 0)
		return -EINVAL;
	/* The file of the thread itself: that of its process is about the first thread. */
	ret = numa_sysfs_read(&text, proc_root, "%d/task/%d/stat", tid, tid);
	if (ret == -ENOENT)
		return -ESRCH;
	if (ret < 0)
		return ret;
	ret = numa_parse_stat(text, &cpu);
	free(text);
	if (ret < 0)
		return ret;
	node_id = numa_cpu_node(topo, cpu);
	return node_id >= 0 ? node_id : -ERANGE;
}

int
rte_numa_node_of_thread(const struct rte_numa_topology *topo, pid_t tid)
{
	return numa_node_of_thread(topo, PROC_ROOT, tid);
}

int
rte_numa_node_of_cpus(const struct rte_numa_topology *topo, const cpu_set_t *cpus, size_t size)
{
	int found = -1, node_id;

	if (cpus == NULL)
		return -EINVAL;
	for (unsigned int cpu = 0; cpu < topo->nb_cpus; cpu++) {
		node_id = topo->node_of_cpu[cpu];
		if (node_id < 0 || !CPU_ISSET_S(cpu, size, cpus))
			continue;
		if (found >= 0 && node_id != found)
			return -ENOTUNIQ;
		found = node_id;
	}
	return found >= 0 ? found : -EINVAL;
}

int
rte_numa_nodes_of_cpus(const struct rte_numa_topology *topo, const cpu_set_t *cpus, size_t size,
		       struct rte_numa_mask *nodes)
{
	if (cpus == NULL || nodes == NULL)
		return -EINVAL;
	rte_numa_mask_zero(nodes);
	for (unsigned int cpu = 0; cpu < topo->nb_cpus; cpu++)
		if (topo->node_of_cpu[cpu] >= 0 && CPU_ISSET_S(cpu, size, cpus))
			rte_numa_mask_set(nodes, topo->node_of_cpu[cpu]);
	return 0;
}

int
rte_numa_cpus_of_node(const struct rte_numa_topology *topo, int node_id, cpu_set_t *cpus,
		      size_t size)
{
	unsigned int cpu, end = 0;
	int nb = 0;

	if (cpus == NULL || numa_index(topo, node_id) < 0)
		return -EINVAL;
	for (cpu = 0; cpu < topo->nb_cpus; cpu++)
		if (topo->node_of_cpu[cpu] == node_id)
			end = cpu + 1;
	if (end > size * CHAR_BIT)
		return -ERANGE;
	CPU_ZERO_S(size, cpus);
	for (cpu = 0; cpu < end; cpu++) {
		if (topo->node_of_cpu[cpu] != node_id)
			continue;
		CPU_SET_S(cpu, size, cpus);
		nb++;
	}
	return nb;
}

/*
 * What move_pages() has no node for is told apart by others: it has the same word for what is not
 * mapped and for the page of zeros, and on Linux 6.1 for an untouched page.
 */
int
rte_numa_node_of_address(const void *addr)
{
	bool present = false;
	int status, ret;

	ret = numa_sysfs_page_node(addr, &status);
	if (ret < 0)
		return ret;
	if (status >= 0 || (status != -ENOENT && status != -EFAULT))
		return status;
	ret = numa_sysfs_page_mapped(addr);
	if (ret < 0)
		return ret;
	numa_sysfs_page_present(addr, &present);
	return present ? -ENODATA : -ENOENT;
}
