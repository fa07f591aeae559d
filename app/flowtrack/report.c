/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the sums of a report: workers' snapshots, and what fastmem says.
 * Must not: print, nor ask workers: it gets what they said.
 * Called by: main.c; report_text.c and report_json.c use what is summed here.
 */

#include <string.h>

#include <rte_common.h>

#include "report.h"

/* All that is summed consists of 64-bit counters only. */
static void
add_counters(void *sums, const void *counters, size_t size)
{
	const uint64_t *from = counters;
	uint64_t *to = sums;
	size_t i;

	for (i = 0; i < size / sizeof(uint64_t); i++)
		to[i] += from[i];
}

int
report_init(struct report *report, unsigned int top)
{
	memset(report, 0, sizeof(*report));
	return top_init(&report->total.top, top);
}

void
report_free(struct report *report)
{
	top_free(&report->total.top);
}

static void
read_fastmem(struct report *report)
{
	size_t sizes[RTE_FASTMEM_MAX_CLASSES];
	unsigned int i;

	rte_fastmem_stats(&report->mem);
	report->nb_classes = rte_fastmem_classes(sizes);
	for (i = 0; i < report->nb_classes; i++)
		rte_fastmem_stats_class(sizes[i], &report->classes[i]);
}

static void
read_cached(const struct report *report, struct report_node *node)
{
	struct rte_fastmem_node_class_stats stats;
	unsigned int i;

	for (i = 0; i < report->nb_classes; i++)
		if (rte_fastmem_stats_node_class(node->node_id, report->classes[i].class_size,
						 &stats) == 0)
			node->cached[i] = stats.cached;
}

void
report_begin(struct report *report, const int *node_ids, unsigned int nb_nodes)
{
	struct top top = report->total.top;
	struct report_node *node;
	unsigned int i;

	memset(&report->total, 0, sizeof(report->total));
	report->total.top = top;
	report->total.top.n = 0;
	report->nb_workers = 0;

	report->nb_nodes = nb_nodes;
	for (i = 0; i < nb_nodes; i++) {
		node = &report->nodes[i];
		memset(node, 0, sizeof(*node));
		node->node_id = node_ids[i];
		rte_fastmem_stats_node(node->node_id, &node->stats);
	}
	read_fastmem(report);
	for (i = 0; i < nb_nodes; i++)
		read_cached(report, &report->nodes[i]);
	port_get_losses(&report->losses);
}

static struct report_node *
find_node(struct report *report, int node_id)
{
	unsigned int i;

	for (i = 0; i < report->nb_nodes; i++)
		if (report->nodes[i].node_id == node_id)
			return &report->nodes[i];
	return NULL;
}

static void
add_blocks(struct mem_class_use *class, uint64_t blocks, uint64_t peak)
{
	class->blocks += blocks;
	class->blocks_peak += peak;
}

/* The worker's own state is a block like the others. */
static void
add_worker_state(struct report *report, struct report_node *node, size_t bytes)
{
	unsigned int i;

	node->peak += bytes;
	for (i = 0; i < report->nb_classes; i++)
		if (report->classes[i].class_size == bytes)
			add_blocks(&node->classes[i], 1, 1);
}

void
report_add_memory(struct report *report, int node_id, const struct mem_use *use,
		  size_t worker_bytes)
{
	struct report_node *node = find_node(report, node_id);
	unsigned int i;

	RTE_BUILD_BUG_ON(sizeof(struct mem_use) % sizeof(uint64_t) != 0);
	add_counters(&report->total.mem, use, sizeof(*use));
	if (node == NULL)
		return;
	node->peak += use->bytes_peak;
	for (i = 0; i < report->nb_classes; i++)
		add_blocks(&node->classes[i], use->classes[i].blocks, use->classes[i].blocks_peak);
	add_worker_state(report, node, worker_bytes);
}

void
report_add_traffic(struct report *report, const struct worker_snapshot *snapshot)
{
	struct worker_snapshot *total = &report->total;

	add_counters(&total->counters, &snapshot->counters, sizeof(total->counters));
	add_counters(&total->flows, &snapshot->flows, sizeof(total->flows));
	add_counters(&total->tcp, &snapshot->tcp, sizeof(total->tcp));
	top_merge(&total->top, &snapshot->top);
	report->nb_workers++;
}

void
report_end(struct report *report)
{
	top_sort(&report->total.top);
}

uint64_t
report_growths(const struct report *report)
{
	uint64_t growths = 0;
	unsigned int i;

	for (i = 0; i < report->nb_nodes; i++)
		growths += report->nodes[i].stats.growths;
	return growths;
}

uint64_t
report_allocations(const struct report *report)
{
	uint64_t n = 0;
	unsigned int i;

	for (i = 0; i < MEM_KINDS; i++)
		n += report->total.mem.kinds[i].allocs;
	return n;
}

uint64_t
report_nb_skipped(const struct report *report, bool malformed)
{
	uint64_t n = 0;
	unsigned int i;

	for (i = PARSE_OK + 1; i < PARSE_RESULTS; i++)
		if (parse_result_is_malformed(i) == malformed)
			n += report->total.counters.results[i];
	return n;
}

double
report_ratio(double a, double b)
{
	return b == 0 ? 0 : a / b;
}
