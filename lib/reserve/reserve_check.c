/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what the machine has for a plan, and the report of what it lacks.
 * Must not: take anything.
 * Called by: applications.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reserve_priv.h"

#define SLAB (UINT64_C(1) << 21)

/* ---- the machine */

static int
read_node(struct rsv_machine_node *node, const struct rte_numa_topology *topo, int node_id)
{
	struct rte_numa_hugepages pool[RSV_MAX_POOLS];
	int n = rte_numa_hugepages(topo, node_id, pool, RSV_MAX_POOLS);

	if (n < 0)
		return rsv_fail(n, "cannot read the hugepages of node %d: %s", node_id,
				strerror(-n));
	*node = (struct rsv_machine_node){ .node_id = node_id };
	for (int i = 0; i < n && i < RSV_MAX_POOLS; i++)
		/* Of smaller ones no block of 2 MiB has one IO address. */
		if (pool[i].page_size >= SLAB)
			node->pool[node->nb_pools++] =
				(struct rsv_pool){ pool[i].page_size, pool[i].total, pool[i].free };
	return 0;
}

/* Promises name no node: only of a single one is it known how many of its pages are promised. */
static void
leave_promised(struct rsv_machine *m)
{
	struct rte_numa_hugepages pool[RSV_MAX_POOLS];
	struct rsv_pool *ours;
	int n = m->nb_nodes == 1 ? rte_numa_machine_hugepages(m->topo, pool, RSV_MAX_POOLS) : 0;

	for (int i = 0; i < n && i < RSV_MAX_POOLS; i++)
		for (unsigned int k = 0; k < m->node[0].nb_pools; k++) {
			ours = &m->node[0].pool[k];
			if (ours->page_size == pool[i].page_size &&
			    pool[i].reserved != RTE_NUMA_UNTOLD)
				ours->free -= pool[i].reserved < ours->free ? pool[i].reserved :
									      ours->free;
		}
}

int
rsv_machine_read(struct rsv_machine *m, const struct rte_numa_topology *topo, int self)
{
	unsigned int n = 0;
	int node_id, ret = 0;

	RTE_NUMA_FOREACH_NODE(node_id, topo, RTE_NUMA_WITH_MEMORY)
		n++;
	*m = (struct rsv_machine){ .topo = topo, .self = self };
	m->node = calloc(n + 1, sizeof(*m->node));
	if (m->node == NULL)
		return rsv_fail(-ENOMEM, "out of memory");
	RTE_NUMA_FOREACH_NODE(node_id, topo, RTE_NUMA_WITH_MEMORY)
		if (ret == 0)
			ret = read_node(&m->node[m->nb_nodes++], topo, node_id);
	if (ret < 0)
		free(m->node);
	else
		leave_promised(m);
	return ret;
}

/* ---- the report */

static const struct rsv_pool *
pool_of(const struct rsv_machine *m, int node_id, uint64_t page_size)
{
	for (unsigned int i = 0; i < m->nb_nodes; i++)
		for (unsigned int k = 0; k < m->node[i].nb_pools; k++)
			if (m->node[i].node_id == node_id &&
			    (m->node[i].pool[k].page_size == page_size || page_size == 0))
				return &m->node[i].pool[k];
	return NULL;
}

static struct rte_reserve_row *
new_row(struct rte_reserve_report *report, const struct rsv_line *line, const struct rsv_target *t,
	int node_id)
{
	struct rte_reserve_row *row = &report->row[report->nb_rows++];

	rsv_selector_text(&line->selector, row->nodes, sizeof(row->nodes));
	snprintf(row->place, sizeof(row->place), "%s:%u:%u", line->first.source, line->first.line,
		 line->first.column);
	row->node_id = node_id;
	row->wanted = t->wanted;
	return row;
}

/* A row of what is not there. Of any page size the smallest is the easiest to come by. */
static void
add_missing(struct rte_reserve_report *report, const struct rsv_line *line,
	    const struct rsv_target *t, const struct rsv_machine *m)
{
	struct rte_reserve_row *row = new_row(report, line, t, t->node_id);
	const struct rsv_pool *pool = pool_of(m, t->node_id, line->page_size);

	row->page_size = pool != NULL ? pool->page_size : line->page_size;
	row->free = pool != NULL ? pool->free : 0;
	row->missing_bytes = t->wanted - t->given;
	if (row->page_size == 0)
		return;
	row->missing = rsv_pages_for(row->missing_bytes, row->page_size);
	for (unsigned int i = 0; i < t->nb_parts; i++)
		if (t->part[i].node_id == t->node_id && t->part[i].page_size == row->page_size)
			/* With what is there already it is one reservation. */
			row->missing = rsv_pages_for(row->missing_bytes + t->part[i].bytes,
						     row->page_size) -
				       t->part[i].pages;
}

/* One command for all that is missing in a pool, in each row that lacks of it. */
static void
add_commands(struct rte_reserve_report *report, const struct rsv_machine *m)
{
	const struct rsv_pool *pool;
	struct rte_reserve_row *row;
	uint64_t idle, missing;

	for (unsigned int i = 0; i < report->nb_rows; i++) {
		row = &report->row[i];
		pool = pool_of(m, row->node_id, row->page_size);
		if (row->missing == 0 || pool == NULL)
			continue;
		missing = 0;
		for (unsigned int k = 0; k < report->nb_rows; k++)
			if (report->row[k].node_id == row->node_id &&
			    report->row[k].page_size == row->page_size)
				missing += report->row[k].missing;
		/* Pages too few to hold anything are left, and serve now. */
		idle = pool->free - pool->taken;
		missing = missing > idle ? missing - idle : 0;
		/* It is a limit that lacks, not the pool. */
		if (missing == 0)
			continue;
		snprintf(row->command, sizeof(row->command),
			 "echo %" PRIu64
			 " > /sys/devices/system/node/node%d/hugepages/hugepages-%" PRIu64
			 "kB/nr_hugepages",
			 pool->total + missing, row->node_id, row->page_size >> 10);
	}
}

/* Of a page size, on all nodes together. */
static uint64_t
pages_asked(const struct rte_reserve_report *report, uint64_t page_size)
{
	uint64_t pages = 0;

	for (unsigned int i = 0; i < report->nb_rows; i++)
		if (report->row[i].page_size == page_size)
			pages += report->row[i].pages + report->row[i].missing;
	return pages;
}

/* Those that are too low for what is asked for. */
static void
add_limits(struct rte_reserve_report *report, const struct rsv_machine *m)
{
	const struct rsv_limit *from;
	struct rte_reserve_limit *limit;
	uint64_t asked;

	for (unsigned int i = 0; i < m->nb_limits && !report->fits; i++) {
		from = &m->limit[i];
		asked = pages_asked(report, from->page_size);
		if (asked <= from->left)
			continue;
		limit = &report->limit[report->nb_limits++];
		*limit = (struct rte_reserve_limit){ .page_size = from->page_size,
						     .max = from->max,
						     .used = from->used,
						     .asked = asked * from->page_size };
		snprintf(limit->file, sizeof(limit->file), "%s", from->file);
		/* Names that service managers give have characters of the shell's. */
		if (strchr(from->file, '\'') == NULL)
			snprintf(limit->command, sizeof(limit->command), "echo %" PRIu64 " > '%s'",
				 from->used + limit->asked, from->file);
	}
}

static struct rte_reserve_report *
make_report(const struct rte_reserve_plan *plan, const struct rsv_decision *d,
	    const struct rsv_machine *m)
{
	struct rte_reserve_report *report;
	const struct rsv_target *t;
	struct rte_reserve_row *row;
	size_t n = 0;

	for (unsigned int i = 0; i < d->nb_targets; i++)
		n += d->target[i].nb_parts + 1;
	report = calloc(1, sizeof(*report) + n * sizeof(*report->row) +
				   m->nb_limits * sizeof(*report->limit));
	if (report == NULL)
		return NULL;
	report->fits = d->fits;
	report->row = (struct rte_reserve_row *)(void *)(report + 1);
	report->limit = (struct rte_reserve_limit *)(void *)(report->row + n);
	for (unsigned int i = 0; i < d->nb_targets; i++) {
		t = &d->target[i];
		for (unsigned int k = 0; k < t->nb_parts; k++) {
			row = new_row(report, &plan->line[t->line], t, t->part[k].node_id);
			row->page_size = t->part[k].page_size;
			row->bytes = t->part[k].bytes;
			row->pages = t->part[k].pages;
			row->free = t->part[k].free;
		}
		if (!t->enough)
			add_missing(report, &plan->line[t->line], t, m);
	}
	add_commands(report, m);
	add_limits(report, m);
	return report;
}

int
rsv_check_within(const struct rte_reserve_plan *plan, const struct rte_numa_topology *topo,
		 int self, bool asked, const char *proc, const char *root,
		 struct rte_reserve_report **report)
{
	struct rte_reserve_report *made = NULL;
	struct rsv_decision decision;
	struct rsv_machine m;
	int ret;

	ret = rsv_machine_read(&m, topo, self);
	if (ret < 0)
		return ret;
	m.asked = asked;
	if (proc != NULL)
		rsv_limits_read(&m, proc, root);
	ret = rsv_decide(plan, &m, &decision);
	if (ret == 0) {
		made = make_report(plan, &decision, &m);
		rsv_decision_free(&decision);
		if (made == NULL)
			ret = rsv_fail(-ENOMEM, "out of memory");
	}
	free(m.node);
	if (ret == 0)
		*report = made;
	return ret;
}

int
rsv_check(const struct rte_reserve_plan *plan, const struct rte_numa_topology *topo, int self,
	  struct rte_reserve_report **report)
{
	return rsv_check_within(plan, topo, self, false, NULL, NULL, report);
}

int
rsv_ask(const struct rte_reserve_plan *plan, const struct rte_numa_topology *topo, int self,
	struct rte_reserve_report **report)
{
	return rsv_check_within(plan, topo, self, true, NULL, NULL, report);
}

/* That of a machine that is another one, or does not tell, is its first. */
static int
node_of_caller(const struct rte_numa_topology *topo)
{
	int self = rte_numa_node_of_self();

	return rte_numa_node_exists(topo, self) ? self : rte_numa_node_next(topo, -1, 0);
}

/* The caller's cgroups limit it on the running machine, not on one that is somewhere else. */
static int
check_caller(const struct rte_reserve_plan *plan, const struct rte_numa_topology *topo, bool asked,
	     struct rte_reserve_report **report)
{
	if (plan == NULL || topo == NULL || report == NULL)
		return rsv_fail(-EINVAL, "a plan, a machine and a place for the report are needed");
	return rsv_check_within(plan, topo, node_of_caller(topo), asked,
				topo == rte_numa_topology_self() ? "/proc" : NULL, "", report);
}

int
rte_reserve_check(const struct rte_reserve_plan *plan, const struct rte_numa_topology *topo,
		  struct rte_reserve_report **report)
{
	return check_caller(plan, topo, false, report);
}

int
rte_reserve_ask(const struct rte_reserve_plan *plan, const struct rte_numa_topology *topo,
		struct rte_reserve_report **report)
{
	return check_caller(plan, topo, true, report);
}

void
rte_reserve_report_free(struct rte_reserve_report *report)
{
	free(report);
}
