/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what the verb topology tells of a machine, read from lib/numa into one structure.
 * Must not: read sysfs itself, or write an answer.
 * Called by: topology.c; its questions also by who writes an answer.
 */

#include <errno.h>
#include <inttypes.h>
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

/* Ids that come in ascending order, written as a list such as "0-3,8". */
struct list {
	FILE *file;
	size_t size;
	unsigned int n;
	int first, last;
};

static void
list_put(struct list *list, bool another)
{
	if (list->n > 0 && list->last > list->first)
		fprintf(list->file, "%d-%d", list->first, list->last);
	else if (list->n > 0)
		fprintf(list->file, "%d", list->first);
	if (list->n > 0 && another)
		fputc(',', list->file);
}

static void
list_add(struct list *list, int id)
{
	if (list->n == 0 || id != list->last + 1) {
		list_put(list, true);
		list->first = id;
	}
	list->last = id;
	list->n++;
}

static int
list_end(struct list *list)
{
	list_put(list, false);
	return fclose(list->file) == 0 ? 0 : -ENOMEM;
}

static int
read_cpus(const struct rte_numa_topology *topo, struct machine_node *node)
{
	struct list list = { 0 };

	list.file = open_memstream(&node->cpus, &list.size);
	if (list.file == NULL)
		return -ENOMEM;
	for (int cpu = 0; cpu < MAX_CPUS; cpu++) {
		if (rte_numa_node_of_cpu(topo, cpu) == node->id)
			list_add(&list, cpu);
	}
	node->nb_cpus = list.n;
	return list_end(&list);
}

static int
name_packages(const struct machine *machine, struct machine_node *node)
{
	struct list list = { 0 };

	list.file = open_memstream(&node->packages, &list.size);
	if (list.file == NULL)
		return -ENOMEM;
	for (unsigned int i = 0; i < machine->nb_packages; i++) {
		if (rte_numa_mask_test(&machine->packages[i].nodes, node->id))
			list_add(&list, machine->packages[i].id);
	}
	node->nb_packages = list.n;
	return list_end(&list);
}

/* What firmware says of memory's speed, where it does. */
static int
read_speed(const struct rte_numa_topology *topo, struct machine_node *node)
{
	int ret;

	for (int kind = RTE_NUMA_INITIATORS_ANY; kind <= RTE_NUMA_INITIATORS_CPU; kind++) {
		ret = rte_numa_access(topo, node->id, kind, &node->access[kind]);
		if (ret < 0 && ret != -ENODATA)
			return ret;
		node->access_told[kind] = ret == 0;
	}
	node->tier = rte_numa_memory_tier(topo, node->id);
	if (node->tier < 0 && node->tier != -ENODATA)
		return node->tier;
	return 0;
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
	ret = read_speed(topo, node);
	return ret < 0 ? say_failed("the speed of memory", node->id, ret) : 0;
}

static int
read_packages(const struct rte_numa_topology *topo, struct machine *machine)
{
	int *ids = NULL, n = rte_numa_packages(topo, NULL, 0), ret;

	if (n > 0) {
		ids = calloc(n, sizeof(*ids));
		machine->packages = calloc(n, sizeof(*machine->packages));
		if (ids == NULL || machine->packages == NULL)
			n = -ENOMEM;
		else if (rte_numa_packages(topo, ids, n) != n)
			n = -EAGAIN; /* CPUs came or went in between. */
	}
	ret = n < 0 ? n : 0;
	for (int i = 0; i < n && ret == 0; i++) {
		machine->packages[i].id = ids[i];
		ret = rte_numa_nodes_of_package(topo, ids[i], &machine->packages[i].nodes);
		machine->nb_packages++;
	}
	free(ids);
	if (ret < 0)
		fprintf(stderr, "fastmem-info: the packages could not be read: %s\n",
			strerror(-ret));
	return ret;
}

static int
read_machine(const struct rte_numa_topology *topo, struct machine *machine)
{
	int ret = rte_numa_machine_hugepages(topo, machine->pools, MACHINE_MAX_POOLS);

	if (ret < 0) {
		fprintf(stderr, "fastmem-info: the machine's hugepages could not be read: %s\n",
			strerror(-ret));
		return ret;
	}
	machine->nb_pools = ret < MACHINE_MAX_POOLS ? ret : MACHINE_MAX_POOLS;
	return read_packages(topo, machine);
}

static int
read_nodes(const struct rte_numa_topology *topo, struct machine *machine)
{
	int id = -1, tier = -1, ret;

	for (unsigned int i = 0; i < machine->n; i++) {
		struct machine_node *node = &machine->nodes[i];

		id = rte_numa_node_next(topo, id, 0);
		node->id = id;
		ret = read_node(topo, node);
		if (ret < 0)
			return ret;
		ret = name_packages(machine, node);
		if (ret < 0)
			return say_failed("the packages", id, ret);
		machine->several_tiers |= node->tier >= 0 && tier >= 0 && node->tier != tier;
		if (node->tier >= 0)
			tier = node->tier;
	}
	return 0;
}

static int
read_all(const struct rte_numa_topology *topo, struct machine *machine)
{
	struct rte_numa_mask all;
	int ret;

	rte_numa_nodes(topo, 0, &all);
	machine->n = rte_numa_mask_count(&all);
	machine->nodes = calloc(machine->n, sizeof(*machine->nodes));
	machine->distances = calloc((size_t)machine->n * machine->n, sizeof(int));
	if (machine->nodes == NULL || machine->distances == NULL) {
		fprintf(stderr, "fastmem-info: out of memory\n");
		return -ENOMEM;
	}
	ret = read_machine(topo, machine);
	if (ret == 0)
		ret = read_nodes(topo, machine);
	for (unsigned int i = 0; i < machine->n * machine->n && ret == 0; i++)
		machine->distances[i] = rte_numa_distance(topo, machine->nodes[i / machine->n].id,
							  machine->nodes[i % machine->n].id);
	return ret;
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
	for (unsigned int i = 0; machine->nodes != NULL && i < machine->n; i++) {
		free(machine->nodes[i].cpus);
		free(machine->nodes[i].packages);
	}
	free(machine->nodes);
	free(machine->distances);
	free(machine->packages);
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

const char *
rate_text(char buf[SIZE_TEXT], double rate)
{
	static const char units[] = " kMGT";
	unsigned int unit = 0;

	for (; rate >= 999.5 && unit + 2 < sizeof(units); unit++)
		rate /= 1000;
	if (unit == 0)
		snprintf(buf, SIZE_TEXT, "%.0f", rate);
	else
		snprintf(buf, SIZE_TEXT, "%.*f %c", rate < 99.95, rate, units[unit]);
	return buf;
}

unsigned int
machine_accesses(const struct machine_node *node, const struct rte_numa_access *shown[2])
{
	const struct rte_numa_access *any = &node->access[RTE_NUMA_INITIATORS_ANY];
	const struct rte_numa_access *cpu = &node->access[RTE_NUMA_INITIATORS_CPU];
	unsigned int n = 0;

	if (node->access_told[RTE_NUMA_INITIATORS_CPU])
		shown[n++] = cpu;
	if (node->access_told[RTE_NUMA_INITIATORS_ANY] &&
	    (n == 0 || !rte_numa_mask_equal(&any->initiators, &cpu->initiators)))
		shown[n++] = any;
	return n;
}

const char *
access_text(char buf[SIZE_TEXT * 2], uint64_t bandwidth, uint64_t latency)
{
	int used = 0;

	buf[0] = '\0';
	if (bandwidth != RTE_NUMA_UNTOLD)
		used = snprintf(buf, SIZE_TEXT, "%.1f GB/s", (double)bandwidth / 1000);
	if (latency != RTE_NUMA_UNTOLD)
		snprintf(buf + used, SIZE_TEXT, "%s%" PRIu64 " ns", used > 0 ? ", " : "", latency);
	return buf;
}
