/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what was read of the machine to shortages, and how the level of a node follows from them.
 * Must not: read anything, or call anybody.
 * Called by: memwatch_round.c, memwatch_ask.c.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "memwatch_priv.h"

#define KIB 1024.0

static struct rte_memwatch_figure
share(uint64_t free, uint64_t total)
{
	struct rte_memwatch_figure figure = { 0 };

	if (total == 0)
		return figure;
	if (free > total)
		free = total;
	figure.known = 1;
	/* Rounded down, so that full is only what has nothing left. */
	figure.shortage = (uint16_t)((double)(total - free) / (double)total * MW_FULL);
	if (free > 0 && figure.shortage == MW_FULL)
		figure.shortage = MW_FULL - 1;
	figure.free = free;
	figure.total = total;
	return figure;
}

/* Pools of hugepages are taken when the machine starts; that is no sign of anything. */
static uint64_t
without(uint64_t total, uint64_t huge)
{
	return total > huge ? total - huge : 0;
}

static uint64_t
add_up(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static uint64_t
node_free(const struct mw_node_reading *node)
{
	return node->memory.free + node->memory.reclaimable / 2;
}

/* What fastmem can hand out in all on a node, given what cgroups leave of hugepages. */
static uint64_t
fastmem_capacity(const struct mw_node_reading *node, uint64_t cgroup_left)
{
	const struct mw_fastmem *f = &node->fastmem;
	uint64_t more =
		add_up(f->heap, node->pool_free < cgroup_left ? node->pool_free : cgroup_left);
	uint64_t all = add_up(f->backing, more);

	if (!f->growth)
		return f->backing;
	all = all < f->limit ? all : f->limit;
	/* A limit below what it has stops growth, and takes nothing away. */
	return all > f->backing ? all : f->backing;
}

static struct rte_memwatch_figure
fastmem_share(const struct mw_reading *r, int index)
{
	uint64_t free = 0, total = 0, capacity;

	for (unsigned int i = 0; i < r->nb_nodes; i++) {
		const struct mw_fastmem *f = &r->node[i].fastmem;

		if (!f->known || (index >= 0 && index != (int)i))
			continue;
		capacity = fastmem_capacity(&r->node[i], r->cgroup_huge.left);
		free += capacity > f->in_use ? capacity - f->in_use : 0;
		total += capacity;
	}
	return share(free, total);
}

/* Where fastmem has memory, pages that are used are no loss. */
static struct rte_memwatch_figure
pool_share(const struct mw_reading *r, int index)
{
	uint64_t free = 0, total = 0;

	for (unsigned int i = 0; i < r->nb_nodes; i++) {
		if (r->node[i].fastmem.known || (index >= 0 && index != (int)i))
			continue;
		free += r->node[i].pool_free;
		total += r->node[i].pool_total;
	}
	/* A promise names no node. */
	return share(index < 0 ? without(free, r->promised) : free, total);
}

static bool
fastmem_anywhere(const struct mw_reading *r)
{
	for (unsigned int i = 0; i < r->nb_nodes; i++)
		if (r->node[i].fastmem.known)
			return true;
	return false;
}

static struct rte_memwatch_figure
limit_share(const struct rte_numa_cgroup_limit *limit)
{
	static const struct rte_memwatch_figure none;

	return limit->max == RTE_NUMA_CGROUP_NO_LIMIT ? none : share(limit->left, limit->max);
}

static struct rte_memwatch_figure
events_of(const struct mw_reading *r, const struct mw_reading *before)
{
	struct rte_memwatch_figure figure = { .known = r->events };

	if (!r->events || before == NULL || !before->events)
		return figure;
	if (r->kills > before->kills)
		figure.shortage = MW_FULL;
	else if (r->reclaims > before->reclaims)
		figure.shortage = MW_FULL / 2;
	return figure;
}

void
mw_figures_of_machine(const struct mw_reading *r, const struct mw_reading *before,
		      struct rte_memwatch_figure *figures)
{
	memset(figures, 0, RTE_MEMWATCH_NB_SOURCES * sizeof(*figures));
	if (r->meminfo)
		figures[RTE_MEMWATCH_SOURCE_MEMORY] =
			share(r->available, without(r->total, r->huge));
	figures[RTE_MEMWATCH_SOURCE_HUGEPAGES] = pool_share(r, -1);
	figures[RTE_MEMWATCH_SOURCE_FASTMEM] = fastmem_share(r, -1);
	figures[RTE_MEMWATCH_SOURCE_CGROUP] = limit_share(&r->cgroup);
	figures[RTE_MEMWATCH_SOURCE_CGROUP_HIGH] = limit_share(&r->cgroup_high);
	if (!fastmem_anywhere(r))
		figures[RTE_MEMWATCH_SOURCE_CGROUP_HUGEPAGES] = limit_share(&r->cgroup_huge);
	figures[RTE_MEMWATCH_SOURCE_CGROUP_EVENTS] = events_of(r, before);
	figures[RTE_MEMWATCH_SOURCE_STALL].known = r->pressure;
	figures[RTE_MEMWATCH_SOURCE_STALL].shortage = r->pressure ? (uint16_t)r->stall : 0;
}

void
mw_figures_of_node(const struct mw_reading *r, unsigned int index,
		   struct rte_memwatch_figure *figures)
{
	const struct mw_node_reading *node = &r->node[index];

	memset(figures, 0, RTE_MEMWATCH_NB_SOURCES * sizeof(*figures));
	figures[RTE_MEMWATCH_SOURCE_MEMORY] =
		share(node_free(node), without(node->memory.total, node->pool_total));
	figures[RTE_MEMWATCH_SOURCE_HUGEPAGES] = pool_share(r, (int)index);
	figures[RTE_MEMWATCH_SOURCE_FASTMEM] = fastmem_share(r, (int)index);
}

uint64_t
mw_available(const struct mw_reading *r, const struct mw_node_reading *node)
{
	uint64_t free = node != NULL ? node_free(node) : 0;

	for (unsigned int i = 0; node == NULL && i < r->nb_nodes; i++)
		free += node_free(&r->node[i]);
	/* The kernel's own figure for all is the better one. */
	if (r->meminfo && (node == NULL || r->available < free))
		free = r->available;
	return free < r->cgroup.left ? free : r->cgroup.left;
}

static const char *
size_text(char *buf, size_t size, uint64_t bytes)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
	double value = (double)bytes / KIB;
	unsigned int i = 0;

	for (; value >= KIB && i < 3; i++)
		value /= KIB;
	snprintf(buf, size, "%.*f %s", value < 10 && i > 0 ? 1 : 0, value, units[i]);
	return buf;
}

/* The file that sets a limit, or "". */
static const char *
limit_file(const struct mw_reading *r, enum rte_memwatch_source source)
{
	switch (source) {
	case RTE_MEMWATCH_SOURCE_CGROUP:
		return r->cgroup.file;
	case RTE_MEMWATCH_SOURCE_CGROUP_HIGH:
		return r->cgroup_high.file;
	case RTE_MEMWATCH_SOURCE_CGROUP_HUGEPAGES:
		return r->cgroup_huge.file;
	default:
		return "";
	}
}

static void
write_text(struct mw_scope *scope, const struct rte_memwatch_config *config,
	   const struct mw_reading *r)
{
	const struct rte_memwatch_figure *figure = &scope->figures[scope->why];
	char where[32] = "machine", what[160], free[24], total[24], bounds[32] = "";
	const char *file = limit_file(r, scope->why);
	unsigned int from = mw_threshold(&config->thresholds[scope->why], scope->level);

	if (scope->node_id >= 0)
		snprintf(where, sizeof(where), "node %d", scope->node_id);
	if (!figure->known)
		snprintf(what, sizeof(what), "there is no such source any more");
	else if (scope->why == RTE_MEMWATCH_SOURCE_STALL)
		snprintf(what, sizeof(what), "tasks waited for memory %u.%u %% of the time",
			 figure->shortage / 10, figure->shortage % 10);
	else if (scope->why == RTE_MEMWATCH_SOURCE_CGROUP_EVENTS)
		snprintf(what, sizeof(what), "%s",
			 figure->shortage == MW_FULL ? "out of memory" :
			 figure->shortage > 0	     ? "memory was taken back" :
						       "no more");
	else
		snprintf(what, sizeof(what), "%s of %s left%s%.96s",
			 size_text(free, sizeof(free), figure->free),
			 size_text(total, sizeof(total), figure->total),
			 file[0] != '\0' ? " by " : "", file);
	if (scope->level > RTE_MEMWATCH_LOW)
		snprintf(bounds, sizeof(bounds), ", %s from %u",
			 rte_memwatch_level_name(scope->level), from);
	snprintf(scope->text, sizeof(scope->text), "%s: %s: %s (shortage %u%s)", where,
		 rte_memwatch_source_name(scope->why), what, figure->shortage, bounds);
}

/* Of several sources that are as high the one that has least left. */
static enum rte_memwatch_source
highest(const struct rte_memwatch_figure *figures)
{
	enum rte_memwatch_source found = 0;

	for (unsigned int i = 1; i < RTE_MEMWATCH_NB_SOURCES; i++)
		if (figures[i].level > figures[found].level ||
		    (figures[i].level == figures[found].level &&
		     figures[i].shortage > figures[found].shortage))
			found = i;
	return found;
}

int
mw_scope_judge(struct mw_scope *scope, const struct rte_memwatch_config *config,
	       const struct rte_memwatch_figure *figures, const struct mw_reading *r,
	       uint64_t now_ms)
{
	enum rte_memwatch_level before = scope->level;
	enum rte_memwatch_source held = highest(scope->figures), top;

	for (unsigned int i = 0; i < RTE_MEMWATCH_NB_SOURCES; i++) {
		struct rte_memwatch_figure *figure = &scope->figures[i];

		*figure = figures[i];
		if ((config->sources & RTE_MEMWATCH_SOURCE_BIT(i)) == 0)
			*figure = (struct rte_memwatch_figure){ 0 };
		/* What is gone falls as all else: a file that cannot be read once is no news. */
		figure->level =
			mw_level_next(config, i, &scope->history[i], figure->shortage, now_ms);
	}
	top = highest(scope->figures);
	scope->level = scope->figures[top].level;
	if (scope->level == before)
		return 0;
	scope->why = scope->level > before ? top : held;
	write_text(scope, config, r);
	return scope->level > before ? 1 : -1;
}
