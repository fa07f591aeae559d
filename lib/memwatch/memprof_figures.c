/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what fastmem's statistics say of a profile: totals, peak, averages, and what page runs hold.
 * Must not: know of samples.
 * Called by: memprof.c: at the start, each look of its thread, and at the end.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_fastmem.h>
#include <rte_fastmem_walk.h>
#include <rte_lcore.h>
#include <rte_numa.h>

#include "memprof_priv.h"

/* What page runs hold takes a look at every page: at most each second, and for a thousandth of the time. */
#define WALK_SHARE 1000

int
mp_figures_make(struct mp_figures *f)
{
	*f = (struct mp_figures){ .lock = PTHREAD_MUTEX_INITIALIZER };
	f->class_size = calloc(RTE_FASTMEM_MAX_CLASSES, sizeof(*f->class_size));
	f->at_start = calloc(RTE_FASTMEM_MAX_CLASSES, sizeof(*f->at_start));
	f->allocated = calloc(RTE_FASTMEM_MAX_CLASSES, sizeof(*f->allocated));
	if (f->class_size == NULL || f->at_start == NULL || f->allocated == NULL) {
		mp_figures_free(f);
		return -ENOMEM;
	}
	f->nb_classes = rte_fastmem_classes(f->class_size);
	return 0;
}

void
mp_figures_free(struct mp_figures *f)
{
	free(f->class_size);
	free(f->at_start);
	free(f->allocated);
	f->class_size = NULL;
	f->at_start = f->allocated = NULL;
}

/* ---- by class */

static uint64_t
allocated(const struct rte_fastmem_lcore_class_stats *stats)
{
	return stats->alloc_cache_hits + stats->alloc_cache_misses;
}

/* rte_fastmem_stats_class() also looks at every page, for each class: this does not. */
static void
count_classes(const struct mp_figures *f, uint64_t *blocks)
{
	struct rte_fastmem_lcore_class_stats stats;
	struct rte_fastmem_lcore_stats all;
	unsigned int i, lcore;

	for (i = 0; i < f->nb_classes; i++)
		blocks[i] = rte_fastmem_stats_shared_class(f->class_size[i], &stats) == 0 ?
				    allocated(&stats) :
				    0;
	for (lcore = 0; lcore < RTE_MAX_LCORE; lcore++) {
		if (rte_fastmem_stats_lcore(lcore, &all) != 0 ||
		    all.alloc_cache_hits + all.alloc_cache_misses == 0)
			continue;
		for (i = 0; i < f->nb_classes; i++)
			if (rte_fastmem_stats_lcore_class(lcore, f->class_size[i], &stats) == 0)
				blocks[i] += allocated(&stats);
	}
}

/* How far a counter went on; one that is smaller now began anew. */
static uint64_t
progress(uint64_t from, uint64_t to)
{
	return to >= from ? to - from : to;
}

/* ---- page runs */

struct held {
	const struct mp_figures *figures;
	struct mp_most live;
	uint64_t held, lost;
	size_t lost_class;
	uint64_t lost_class_bytes;
};

static int
add_class(const struct rte_fastmem_class_map *c, void *arg)
{
	struct held *sum = arg;
	uint64_t held = c->pages * 4096;
	uint64_t used = (c->live + c->in_caches + c->in_transit) * c->class_size;
	uint64_t lost = held > used ? held - used : 0;
	unsigned int i;

	for (i = 0; i < sum->live.nb_classes; i++)
		if (sum->figures->class_size[i] == c->class_size)
			sum->live.bytes[i] += c->live * c->class_size;
	sum->held += held;
	sum->lost += lost;
	if (lost > sum->lost_class_bytes) {
		sum->lost_class_bytes = lost;
		sum->lost_class = c->class_size;
	}
	return 0;
}

static void
look_at_runs(struct mp_figures *f)
{
	const struct rte_numa_topology *topo = rte_numa_topology_self();
	struct held sum = { .figures = f, .live.nb_classes = f->nb_classes };
	uint64_t now = rte_rdtsc(), took;
	int node_id;

	if (topo == NULL)
		return;
	RTE_NUMA_FOREACH_NODE(node_id, topo, RTE_NUMA_WITH_MEMORY)
		rte_fastmem_walk_classes(node_id, add_class, &sum);
	/* Over time it counts as it was at either end, by halves. */
	if (f->walk_tsc != 0) {
		f->held_ticks += (double)(now - f->walk_tsc) * (double)(f->held + sum.held) / 2;
		f->lost_ticks += (double)(now - f->walk_tsc) * (double)(f->lost + sum.lost) / 2;
	}
	if (f->walk_tsc == 0 || sum.lost_class_bytes > f->lost_class_bytes) {
		f->lost_class_bytes = sum.lost_class_bytes;
		f->lost_class = sum.lost_class;
	}
	f->live_by_class = sum.live;
	f->held = sum.held;
	f->lost = sum.lost;
	f->walk_tsc = now;
	took = rte_rdtsc() - now;
	f->next_walk_tsc = now + RTE_MAX(rte_get_tsc_hz(), took * WALK_SHARE);
}

/* ---- looks */

static void
look(struct mp_figures *f)
{
	struct rte_fastmem_stats stats;
	uint64_t now = rte_rdtsc();

	if (rte_fastmem_stats(&stats) != 0)
		return;
	f->allocations += progress(f->last_alloc, stats.alloc_total);
	f->frees += progress(f->last_free, stats.free_total);
	f->last_alloc = stats.alloc_total;
	f->last_free = stats.free_total;
	f->byte_ticks +=
		(double)(now - f->last_tsc) * ((double)f->live + (double)stats.bytes_in_use) / 2;
	f->last_tsc = now;
	f->live = stats.bytes_in_use;
	if (f->live > f->peak)
		f->peak = f->live;
}

void
mp_figures_begin(struct mp_figures *f)
{
	struct rte_fastmem_stats stats = { 0 };

	pthread_mutex_lock(&f->lock);
	rte_fastmem_stats(&stats);
	count_classes(f, f->at_start);
	f->live_start = f->live = f->peak = stats.bytes_in_use;
	f->last_alloc = stats.alloc_total;
	f->last_free = stats.free_total;
	f->start_tsc = f->last_tsc = rte_rdtsc();
	look_at_runs(f);
	pthread_mutex_unlock(&f->lock);
}

void
mp_figures_look(struct mp_figures *f)
{
	pthread_mutex_lock(&f->lock);
	look(f);
	if (rte_rdtsc() >= f->next_walk_tsc)
		look_at_runs(f);
	pthread_mutex_unlock(&f->lock);
}

void
mp_figures_look_at_all(struct mp_figures *f)
{
	unsigned int i;

	pthread_mutex_lock(&f->lock);
	look(f);
	look_at_runs(f);
	count_classes(f, f->allocated);
	for (i = 0; i < f->nb_classes; i++)
		f->allocated[i] = progress(f->at_start[i], f->allocated[i]);
	pthread_mutex_unlock(&f->lock);
}

void
mp_figures_live(struct mp_figures *f, struct mp_most *live)
{
	pthread_mutex_lock(&f->lock);
	*live = f->live_by_class;
	pthread_mutex_unlock(&f->lock);
}

static uint64_t
average(double ticks, uint64_t over, uint64_t now)
{
	return over == 0 ? now : (uint64_t)(ticks / (double)over);
}

void
mp_figures_sum(struct mp_figures *f, struct rte_memprof_summary *sum)
{
	uint64_t over, hz = rte_get_tsc_hz();
	unsigned int i;

	pthread_mutex_lock(&f->lock);
	over = f->last_tsc - f->start_tsc;
	sum->duration_us = (uint64_t)((double)over * 1e6 / (double)hz);
	sum->allocations = f->allocations;
	sum->frees = f->frees;
	sum->live_bytes_start = f->live_start;
	sum->live_bytes_end = f->live;
	sum->peak_bytes = f->peak;
	sum->average_bytes = average(f->byte_ticks, over, f->live);
	sum->held_bytes = average(f->held_ticks, f->walk_tsc - f->start_tsc, f->held);
	sum->lost_bytes = average(f->lost_ticks, f->walk_tsc - f->start_tsc, f->lost);
	sum->allocated_bytes = 0;
	for (i = 0; i < f->nb_classes; i++)
		sum->allocated_bytes += f->allocated[i] * f->class_size[i];
	pthread_mutex_unlock(&f->lock);
}
