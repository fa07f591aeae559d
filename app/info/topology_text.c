/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: a machine as text.
 * Must not: ask the machine.
 * Called by: topology.c.
 */

#include <inttypes.h>

#include "machine.h"

static void
print_pool(FILE *file, const struct rte_numa_hugepages *pool)
{
	char size[SIZE_TEXT];

	fprintf(file, "  hugepages  %" PRIu64 " of %s, %" PRIu64 " free\n", pool->total,
		size_text(size, pool->page_size), pool->free);
}

static void
print_node(FILE *file, const struct machine_node *node)
{
	const char *lacks = machine_lacks(node);
	char total[SIZE_TEXT], free[SIZE_TEXT];

	fprintf(file, "node %d", node->id);
	if (lacks[0] != '\0')
		fprintf(file, " (%s)", lacks);
	fprintf(file, "\n");
	if (node->package >= 0)
		fprintf(file, "  package    %d\n", node->package);
	if (node->has_cpus)
		fprintf(file, "  CPUs       %s\n", node->cpus);
	fprintf(file, "  memory     %s, %s free\n", size_text(total, node->memory.total),
		size_text(free, node->memory.free));
	for (unsigned int i = 0; i < node->nb_pools; i++)
		print_pool(file, &node->pools[i]);
}

static void
print_packages(FILE *file, const struct machine *machine)
{
	unsigned int n;

	for (unsigned int i = 0; i < machine->nb_packages; i++) {
		n = machine_nodes_of_package(machine, machine->packages[i]);
		fprintf(file, "package %d: node%s", machine->packages[i], n > 1 ? "s" : "");
		for (unsigned int k = 0; k < machine->n; k++)
			if (machine->nodes[k].package == machine->packages[i])
				fprintf(file, " %d", machine->nodes[k].id);
		fprintf(file, "%s\n", n > 1 ? " (sub-NUMA clustering)" : "");
	}
}

static void
print_distances(FILE *file, const struct machine *machine)
{
	fprintf(file, "distances (row: the node that accesses)\n     ");
	for (unsigned int i = 0; i < machine->n; i++)
		fprintf(file, " %5d", machine->nodes[i].id);
	fprintf(file, "\n");
	for (unsigned int i = 0; i < machine->n; i++) {
		fprintf(file, "%5d", machine->nodes[i].id);
		for (unsigned int k = 0; k < machine->n; k++)
			fprintf(file, " %5d", machine->distances[i * machine->n + k]);
		fprintf(file, "\n");
	}
}

void
machine_text(FILE *file, const struct machine *machine)
{
	print_packages(file, machine);
	for (unsigned int i = 0; i < machine->n; i++)
		print_node(file, &machine->nodes[i]);
	print_distances(file, machine);
}
