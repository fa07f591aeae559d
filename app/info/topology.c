/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the verb topology: the picture of the machine's nodes, as text.
 * Must not: read sysfs; lib/numa does.
 * Called by: main.c.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <rte_numa.h>

#include "verb.h"

#define MAX_POOLS 64

/* What the kernel may number; the loop over CPUs ends here. */
#define MAX_CPUS 65536

static int
say_failed(const char *what, int node_id, int ret)
{
	fprintf(stderr, "fastmem-info: %s of node %d could not be read: %s\n", what, node_id,
		strerror(-ret));
	return ret;
}

static void
print_size(uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double value = bytes;
	unsigned int unit = 0;

	for (; value >= 1024 && unit < 4; unit++)
		value /= 1024;
	printf(value == (uint64_t)value ? "%.0f %s" : "%.1f %s", value, units[unit]);
}

/* In the kernel's list format, such as "0-3,8". */
static void
print_cpus(const struct rte_numa_topology *topo, int node_id)
{
	const char *comma = "";
	int cpu, last;

	for (cpu = 0; cpu < MAX_CPUS; cpu = last + 1) {
		last = cpu;
		if (rte_numa_node_of_cpu(topo, cpu) != node_id)
			continue;
		while (rte_numa_node_of_cpu(topo, last + 1) == node_id)
			last++;
		printf(last > cpu ? "%s%d-%d" : "%s%d", comma, cpu, last);
		comma = ",";
	}
}

static int
print_node(const struct rte_numa_topology *topo, int node_id)
{
	struct rte_numa_hugepages pools[MAX_POOLS];
	struct rte_numa_memory mem;
	int nb_pools, ret;

	ret = rte_numa_memory(topo, node_id, &mem);
	if (ret < 0)
		return say_failed("the memory", node_id, ret);
	nb_pools = rte_numa_hugepages(topo, node_id, pools, MAX_POOLS);
	if (nb_pools < 0)
		return say_failed("the hugepages", node_id, nb_pools);

	printf("node %d%s\n", node_id,
	       rte_numa_node_has_cpus(topo, node_id)   ? "" :
	       rte_numa_node_has_memory(topo, node_id) ? " (memory only)" :
							 " (no CPU, no memory)");
	if (rte_numa_node_has_cpus(topo, node_id)) {
		printf("  CPUs       ");
		print_cpus(topo, node_id);
		printf("\n");
	}
	printf("  memory     ");
	print_size(mem.total);
	printf(", ");
	print_size(mem.free);
	printf(" free\n");
	for (int i = 0; i < nb_pools && i < MAX_POOLS; i++) {
		printf("  hugepages  %" PRIu64 " of ", pools[i].total);
		print_size(pools[i].page_size);
		printf(", %" PRIu64 " free\n", pools[i].free);
	}
	return 0;
}

static void
print_distances(const struct rte_numa_topology *topo)
{
	int from, to;

	printf("distances (row: the node that accesses)\n     ");
	RTE_NUMA_FOREACH_NODE(to, topo, 0)
		printf(" %5d", to);
	printf("\n");
	RTE_NUMA_FOREACH_NODE(from, topo, 0) {
		printf("%5d", from);
		RTE_NUMA_FOREACH_NODE(to, topo, 0)
			printf(" %5d", rte_numa_distance(topo, from, to));
		printf("\n");
	}
}

int
topology_run(const struct options *opts, int argc, char **argv)
{
	struct rte_numa_topology *topo;
	int node_id, ret;

	if (argc > 1) {
		fprintf(stderr, "fastmem-info: topology does not know \"%s\"; try --help\n",
			argv[1]);
		return -EINVAL;
	}
	ret = rte_numa_topology_load(opts->sysfs, &topo);
	if (ret < 0) {
		fprintf(stderr, "fastmem-info: no nodes in %s: %s%s\n", opts->sysfs, strerror(-ret),
			ret == -ENOENT ? "; --sysfs wants a folder that stands for /sys" :
			ret == -EINVAL ? "; a file is missing, malformed or contradicts another" :
					 "");
		return ret;
	}
	RTE_NUMA_FOREACH_NODE(node_id, topo, 0) {
		ret = print_node(topo, node_id);
		if (ret < 0)
			break;
	}
	if (ret == 0)
		print_distances(topo);
	rte_numa_topology_free(topo);
	return ret;
}
