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
put_pools(FILE *file, const struct rte_numa_hugepages *pools, unsigned int n)
{
	fprintf(file, "\"hugepages\": [");
	for (unsigned int i = 0; i < n; i++) {
		fprintf(file,
			"%s\n       {\"page_size\": %" PRIu64 ", \"total\": %" PRIu64
			", \"free\": %" PRIu64 ", \"surplus\": %" PRIu64,
			i > 0 ? "," : "", pools[i].page_size, pools[i].total, pools[i].free,
			pools[i].surplus);
		if (pools[i].reserved != RTE_NUMA_UNTOLD)
			fprintf(file, ", \"reserved\": %" PRIu64, pools[i].reserved);
		fprintf(file, "}");
	}
	fprintf(file, "]");
}

static void
put_nodes(FILE *file, const struct rte_numa_mask *nodes)
{
	const char *comma = "";
	int id;

	fprintf(file, "[");
	RTE_NUMA_MASK_FOREACH(id, nodes) {
		fprintf(file, "%s%d", comma, id);
		comma = ", ";
	}
	fprintf(file, "]");
}

static void
put_figure(FILE *file, const char *name, uint64_t figure)
{
	if (figure != RTE_NUMA_UNTOLD)
		fprintf(file, ", \"%s\": %" PRIu64, name, figure);
	else
		fprintf(file, ", \"%s\": null", name);
}

static void
put_access(FILE *file, const struct machine_node *node, enum rte_numa_initiators kind)
{
	const struct rte_numa_access *access = &node->access[kind];

	if (!node->access_told[kind]) {
		fprintf(file, "null");
		return;
	}
	fprintf(file, "{\"from\": ");
	put_nodes(file, &access->initiators);
	put_figure(file, "read_mb_per_s", access->read_bandwidth);
	put_figure(file, "write_mb_per_s", access->write_bandwidth);
	put_figure(file, "read_ns", access->read_latency);
	put_figure(file, "write_ns", access->write_latency);
	fprintf(file, "}");
}

static void
put_node(FILE *file, const struct machine *machine, unsigned int at)
{
	const struct machine_node *node = &machine->nodes[at];

	fprintf(file, "    {\"id\": %d, \"packages\": \"%s\", \"nb_cpus\": %u, \"cpus\": \"%s\",\n",
		node->id, node->packages, node->nb_cpus, node->cpus);
	fprintf(file,
		"     \"memory\": {\"total\": %" PRIu64 ", \"free\": %" PRIu64
		", \"reclaimable\": %" PRIu64 "},\n     ",
		node->memory.total, node->memory.free, node->memory.reclaimable);
	put_pools(file, node->pools, node->nb_pools);
	fprintf(file, ",\n     \"distances\": {");
	for (unsigned int i = 0; i < machine->n; i++)
		fprintf(file, "%s\"%d\": %d", i > 0 ? ", " : "", machine->nodes[i].id,
			machine->distances[at * machine->n + i]);
	fprintf(file, "},\n     \"tier\": ");
	if (node->tier >= 0)
		fprintf(file, "%d", node->tier);
	else
		fprintf(file, "null");
	fprintf(file, ", \"access\": {\"by_cpus\": ");
	put_access(file, node, RTE_NUMA_INITIATORS_CPU);
	fprintf(file, ",\n       \"by_any\": ");
	put_access(file, node, RTE_NUMA_INITIATORS_ANY);
	fprintf(file, "}}");
}

void
machine_json(FILE *file, const struct machine *machine)
{
	fprintf(file, "{\"packages\": [");
	for (unsigned int i = 0; i < machine->nb_packages; i++) {
		fprintf(file, "%s{\"id\": %d, \"nodes\": ", i > 0 ? ", " : "",
			machine->packages[i].id);
		put_nodes(file, &machine->packages[i].nodes);
		fprintf(file, "}");
	}
	fprintf(file, "],\n ");
	put_pools(file, machine->pools, machine->nb_pools);
	fprintf(file, ",\n \"nodes\": [\n");
	for (unsigned int i = 0; i < machine->n; i++) {
		put_node(file, machine, i);
		fprintf(file, "%s\n", i + 1 < machine->n ? "," : "");
	}
	fprintf(file, "  ]}\n");
}
