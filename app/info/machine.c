/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what the verb topology tells of a machine, read from lib/numa into one structure.
 * Must not: read sysfs itself, or write an answer.
 * Called by: topology.c; its questions also by who writes an answer.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"

/* What the kernel may number; the loop over CPUs ends here. */
#define MAX_CPUS 65536

static int
say_failed(const char *what, int node_id, int ret)
{
	fprintf(stderr, "fastmem-info: %s of node %d could not be read: %s\n", what, node_id,
		strerror(-ret));
	return ret;
}

static int
read_cpus(const struct rte_numa_topology *topo, struct machine_node *node)
{
	size_t size;
	FILE *list = open_memstream(&node->cpus, &size);
	int cpu, last;

	if (list == NULL)
		return -ENOMEM;
	for (cpu = 0; cpu < MAX_CPUS; cpu = last + 1) {
		last = cpu;
		if (rte_numa_node_of_cpu(topo, cpu) != node->id)
			continue;
		while (rte_numa_node_of_cpu(topo, last + 1) == node->id)
			last++;
		fprintf(list, last > cpu ? "%s%d-%d" : "%s%d", node->nb_cpus > 0 ? "," : "", cpu,
			last);
		node->nb_cpus += last + 1 - cpu;
	}
	return fclose(list) == 0 ? 0 : -ENOMEM;
}

static int
read_node(const struct rte_numa_topology *topo, struct machine_node *node)
{
	int ret = rte_numa_memory(topo, node->id, &node->memory);

	if (ret < 0)
		return say_failed("the memory", node->id, ret);
	ret = rte_numa_hugepages(topo, node->id, node->pools, MACHINE_MAX_POOLS);
	if (ret < 0)
		return say_failed("the hugepages", node->id, ret);
	node->nb_pools = ret < MACHINE_MAX_POOLS ? ret : MACHINE_MAX_POOLS;
	ret = read_cpus(topo, node);
	if (ret < 0)
		return say_failed("the CPUs", node->id, ret);
	node->has_cpus = rte_numa_node_has_cpus(topo, node->id);
	node->has_memory = rte_numa_node_has_memory(topo, node->id);
	node->package = -1;
	return 0;
}

static int
compare_ids(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void
list_packages(struct machine *machine)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < machine->n; i++) {
		if (machine->nodes[i].package >= 0)
			machine->packages[machine->nb_packages++] = machine->nodes[i].package;
	}
	qsort(machine->packages, machine->nb_packages, sizeof(int), compare_ids);
	for (unsigned int i = 0; i < machine->nb_packages; i++) {
		if (i == 0 || machine->packages[i] != machine->packages[i - 1])
			machine->packages[kept++] = machine->packages[i];
	}
	machine->nb_packages = kept;
}

static int
read_all(const struct rte_numa_topology *topo, struct machine *machine)
{
	struct rte_numa_mask all;
	int id, ret;

	rte_numa_nodes(topo, 0, &all);
	machine->n = rte_numa_mask_count(&all);
	machine->nodes = calloc(machine->n, sizeof(*machine->nodes));
	machine->distances = calloc((size_t)machine->n * machine->n, sizeof(int));
	machine->packages = calloc(machine->n, sizeof(int));
	if (machine->nodes == NULL || machine->distances == NULL || machine->packages == NULL) {
		fprintf(stderr, "fastmem-info: out of memory\n");
		return -ENOMEM;
	}
	id = -1;
	for (unsigned int i = 0; i < machine->n; i++) {
		id = rte_numa_node_next(topo, id, 0);
		machine->nodes[i].id = id;
		ret = read_node(topo, &machine->nodes[i]);
		if (ret < 0)
			return ret;
	}
	for (unsigned int i = 0; i < machine->n * machine->n; i++)
		machine->distances[i] = rte_numa_distance(topo, machine->nodes[i / machine->n].id,
							  machine->nodes[i % machine->n].id);
	list_packages(machine);
	return 0;
}

int
machine_read(const char *sysfs, struct machine *machine)
{
	struct rte_numa_topology *topo;
	int ret;

	memset(machine, 0, sizeof(*machine));
	ret = rte_numa_topology_load(sysfs, &topo);
	if (ret < 0) {
		fprintf(stderr, "fastmem-info: no nodes in %s: %s%s\n", sysfs, strerror(-ret),
			ret == -ENOENT ? "; --sysfs wants a folder that stands for /sys" :
			ret == -EINVAL ? "; a file is missing, malformed or contradicts another" :
					 "");
		return ret;
	}
	ret = read_all(topo, machine);
	rte_numa_topology_free(topo);
	return ret;
}

void
machine_release(struct machine *machine)
{
	for (unsigned int i = 0; machine->nodes != NULL && i < machine->n; i++)
		free(machine->nodes[i].cpus);
	free(machine->nodes);
	free(machine->distances);
	free(machine->packages);
}

unsigned int
machine_nodes_of_package(const struct machine *machine, int package)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < machine->n; i++)
		n += machine->nodes[i].package == package;
	return n;
}

const char *
machine_lacks(const struct machine_node *node)
{
	if (node->has_cpus)
		return node->has_memory ? "" : "no memory";
	return node->has_memory ? "memory only" : "no CPU, no memory";
}

const char *
size_text(char buf[SIZE_TEXT], uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
	double value = bytes;
	unsigned int unit = 0;
	char digits[16];
	size_t len;

	for (; value >= 1024 && unit < 5; unit++)
		value /= 1024;
	snprintf(digits, sizeof(digits), "%.1f", value);
	len = strlen(digits);
	if (digits[len - 1] == '0')
		digits[len - 2] = '\0';
	snprintf(buf, SIZE_TEXT, "%s %s", digits, units[unit]);
	return buf;
}
