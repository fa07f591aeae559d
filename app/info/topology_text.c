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

	fprintf(file, "  hugepages  %" PRIu64 " of %s, %" PRIu64 " free", pool->total,
		size_text(size, pool->page_size), pool->free);
	if (pool->reserved != RTE_NUMA_UNTOLD)
		fprintf(file, ", %" PRIu64 " of these reserved", pool->reserved);
	if (pool->surplus > 0)
		fprintf(file, ", %" PRIu64 " surplus", pool->surplus);
	fprintf(file, "\n");
}

static void
print_accesses(FILE *file, const struct machine_node *node)
{
	char nodes[128], read[SIZE_TEXT * 2], write[SIZE_TEXT * 2];
	const struct rte_numa_access *shown[2];
	unsigned int n = machine_accesses(node, shown);

	for (unsigned int i = 0; i < n; i++) {
		access_text(read, shown[i]->read_bandwidth, shown[i]->read_latency);
		access_text(write, shown[i]->write_bandwidth, shown[i]->write_latency);
		rte_numa_mask_text(&shown[i]->initiators, nodes, sizeof(nodes));
		fprintf(file, "  access     from node %s: %s%s%s%s%s\n", nodes,
			read[0] != '\0' ? "read " : "", read,
			read[0] != '\0' && write[0] != '\0' ? "; " : "",
			write[0] != '\0' ? "write " : "", write);
	}
}

static void
print_node(FILE *file, const struct machine *machine, const struct machine_node *node)
{
	const char *lacks = machine_lacks(node);
	char total[SIZE_TEXT], free[SIZE_TEXT];

	fprintf(file, "node %d", node->id);
	if (lacks[0] != '\0')
		fprintf(file, " (%s)", lacks);
	fprintf(file, "\n");
	if (node->nb_packages > 0)
		fprintf(file, "  %-9s  %s\n", node->nb_packages > 1 ? "packages" : "package",
			node->packages);
	if (node->has_cpus)
		fprintf(file, "  CPUs       %s\n", node->cpus);
	fprintf(file, "  memory     %s, %s free", size_text(total, node->memory.total),
		size_text(free, node->memory.free));
	if (machine->several_tiers && node->tier >= 0)
		fprintf(file, ", tier %d", node->tier);
	fprintf(file, "\n");
	for (unsigned int i = 0; i < node->nb_pools; i++)
		print_pool(file, &node->pools[i]);
	print_accesses(file, node);
}

/* Only here can be seen which nodes belong together. */
static void
print_packages(FILE *file, const struct machine *machine)
{
	char nodes[256];
	unsigned int n;

	for (unsigned int i = 0; i < machine->nb_packages; i++) {
		n = rte_numa_mask_count(&machine->packages[i].nodes);
		rte_numa_mask_text(&machine->packages[i].nodes, nodes, sizeof(nodes));
		fprintf(file, "package %d: node%s %s%s\n", machine->packages[i].id,
			n > 1 ? "s" : "", nodes, n > 1 ? " (sub-NUMA clustering)" : "");
	}
}

/* What is reserved the kernel counts for all nodes together. */
static void
print_pools(FILE *file, const struct machine *machine)
{
	if (machine->nb_pools > 0)
		fprintf(file, "all nodes\n");
	for (unsigned int i = 0; i < machine->nb_pools; i++)
		print_pool(file, &machine->pools[i]);
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
		print_node(file, machine, &machine->nodes[i]);
	print_pools(file, machine);
	print_distances(file, machine);
}
