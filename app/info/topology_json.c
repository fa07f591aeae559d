/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: a machine as JSON; all sizes in bytes.
 * Must not: ask the machine.
 * Called by: topology.c.
 */

#include <inttypes.h>

#include "machine.h"

static void
put_pools(FILE *file, const struct machine_node *node)
{
	fprintf(file, "     \"hugepages\": [");
	for (unsigned int i = 0; i < node->nb_pools; i++) {
		const struct rte_numa_hugepages *pool = &node->pools[i];

		fprintf(file, "%s\n       {\"page_size\": %" PRIu64, i > 0 ? "," : "",
			pool->page_size);
		fprintf(file, ", \"total\": %" PRIu64 ", \"free\": %" PRIu64 "}", pool->total,
			pool->free);
	}
	fprintf(file, "]");
}

static void
put_node(FILE *file, const struct machine *machine, unsigned int at)
{
	const struct machine_node *node = &machine->nodes[at];

	fprintf(file, "    {\"id\": %d, \"package\": ", node->id);
	if (node->package >= 0)
		fprintf(file, "%d", node->package);
	else
		fprintf(file, "null");
	fprintf(file, ", \"nb_cpus\": %u, \"cpus\": \"%s\",\n", node->nb_cpus, node->cpus);
	fprintf(file,
		"     \"memory\": {\"total\": %" PRIu64 ", \"free\": %" PRIu64
		", \"reclaimable\": %" PRIu64 "},\n",
		node->memory.total, node->memory.free, node->memory.reclaimable);
	put_pools(file, node);
	fprintf(file, ",\n     \"distances\": {");
	for (unsigned int i = 0; i < machine->n; i++)
		fprintf(file, "%s\"%d\": %d", i > 0 ? ", " : "", machine->nodes[i].id,
			machine->distances[at * machine->n + i]);
	fprintf(file, "}}");
}

void
machine_json(FILE *file, const struct machine *machine)
{
	fprintf(file, "{\"packages\": [");
	for (unsigned int i = 0; i < machine->nb_packages; i++)
		fprintf(file, "%s%d", i > 0 ? ", " : "", machine->packages[i]);
	fprintf(file, "],\n \"nodes\": [\n");
	for (unsigned int i = 0; i < machine->n; i++) {
		put_node(file, machine, i);
		fprintf(file, "%s\n", i + 1 < machine->n ? "," : "");
	}
	fprintf(file, "  ]}\n");
}
