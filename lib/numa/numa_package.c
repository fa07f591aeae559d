/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the physical packages, and which nodes are in one.
 * Must not: guess a package where the kernel tells none.
 * Called by: applications.
 */

#include <errno.h>
#include <stdlib.h>

#include "numa_priv.h"

/* What the kernel itself says where it knows none. */
#define NO_PACKAGE (-1)

/* *package is NO_PACKAGE also where there is no such file: the CPU is offline now, or none has. */
static int
read_package(const struct rte_numa_topology *topo, unsigned int cpu, int *package)
{
	char *text;
	int ret;

	ret = numa_sysfs_read(&text, topo->root,
			      "devices/system/cpu/cpu%u/topology/physical_package_id", cpu);
	if (ret == -ENOENT) {
		*package = NO_PACKAGE;
		return 0;
	}
	if (ret < 0)
		return ret;
	ret = numa_parse_id(text, package);
	free(text);
	return ret;
}

int
rte_numa_package_of_node(const struct rte_numa_topology *topo, int node_id)
{
	int found = NO_PACKAGE, package, ret;

	if (numa_index(topo, node_id) < 0)
		return -EINVAL;
	if (!rte_numa_node_has_cpus(topo, node_id))
		return -ENODEV;
	for (unsigned int cpu = 0; cpu < topo->nb_cpus; cpu++) {
		if (topo->node_of_cpu[cpu] != node_id)
			continue;
		ret = read_package(topo, cpu, &package);
		if (ret < 0)
			return ret;
		if (package == NO_PACKAGE)
			continue;
		if (found != NO_PACKAGE && found != package)
			return -ENOTUNIQ;
		found = package;
	}
	return found != NO_PACKAGE ? found : -ENODATA;
}

static int
compare_ids(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

int
rte_numa_packages(const struct rte_numa_topology *topo, int *packages, unsigned int n)
{
	unsigned int nb_read = 0, nb_found = 0;
	int *found, ret = 0;

	found = malloc((topo->nb_cpus + 1) * sizeof(*found)); /* There may be no CPU. */
	if (found == NULL)
		return -ENOMEM;
	for (unsigned int cpu = 0; ret == 0 && cpu < topo->nb_cpus; cpu++) {
		if (topo->node_of_cpu[cpu] < 0)
			continue;
		ret = read_package(topo, cpu, &found[nb_read]);
		if (ret == 0 && found[nb_read] != NO_PACKAGE)
			nb_read++;
	}
	if (ret == 0) {
		qsort(found, nb_read, sizeof(*found), compare_ids);
		for (unsigned int i = 0; i < nb_read; i++) {
			if (nb_found == 0 || found[nb_found - 1] != found[i])
				found[nb_found++] = found[i];
		}
		for (unsigned int i = 0; i < n && i < nb_found; i++)
			packages[i] = found[i];
		ret = nb_found;
	}
	free(found);
	return ret;
}

int
rte_numa_nodes_of_package(const struct rte_numa_topology *topo, int package,
			  struct rte_numa_mask *nodes)
{
	struct rte_numa_mask found = { 0 };
	int cpus_package, ret;

	if (package < 0)
		return -EINVAL;
	for (unsigned int cpu = 0; cpu < topo->nb_cpus; cpu++) {
		if (topo->node_of_cpu[cpu] < 0)
			continue;
		ret = read_package(topo, cpu, &cpus_package);
		if (ret < 0)
			return ret;
		if (cpus_package == package)
			rte_numa_mask_set(&found, topo->node_of_cpu[cpu]);
	}
	if (rte_numa_mask_empty(&found))
		return -EINVAL;
	*nodes = found;
	return 0;
}
