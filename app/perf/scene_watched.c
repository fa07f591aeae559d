/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: how much a pair of fastmem slows down while the other core looks at it a thousand times a second.
 * Must not: take what two busy cores do to each other for it: without looking the other core spins.
 * Called by: main.c through scenario.c.
 */

#include <math.h>
#include <stddef.h>

#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_fastmem.h>
#include <rte_fastmem_walk.h>
#include <rte_numa_where.h>
#include <rte_pause.h>

#include "rounds.h"
#include "scenario.h"

#define OBJECTS	  8192
#define FREQUENCY 1000

#define PAIR	 "pair, 64 B, watched 1000 times a second"
#define SLOWDOWN "slowdown of a pair that is watched 1000 times a second"

static const struct metric metrics[] = {
	{ .work = PAIR, .name = "alone", .unit = "ns a pair", .is_detail = true },
	{ .work = PAIR, .name = "statistics", .unit = "ns a pair", .is_detail = true },
	{ .work = PAIR, .name = "heap map", .unit = "ns a pair", .is_detail = true },
	{ .work = PAIR, .name = "audit", .unit = "ns a pair", .is_detail = true },
	{ .work = SLOWDOWN, .name = "statistics", .unit = "%" },
	{ .work = SLOWDOWN, .name = "heap map", .unit = "%" },
	{ .work = SLOWDOWN, .name = "audit", .unit = "%" },
};

#define KINDS 3

struct reader {
	int (*look)(int node_id);
	int node_id;
	uint64_t next; /* TSC */
};

static int
look_at_statistics(int node_id)
{
	struct rte_fastmem_node_stats node;
	struct rte_fastmem_stats all;
	int rc = rte_fastmem_stats(&all);

	return rc != 0 ? rc : rte_fastmem_stats_node(node_id, &node);
}

static int
add_live(const struct rte_fastmem_slab_map *slab, void *arg)
{
	*(uint64_t *)arg += slab->bytes_live;
	return 0;
}

static int
look_at_heap_map(int node_id)
{
	uint64_t live = 0;

	return rte_fastmem_walk_slabs(node_id, add_live, &live);
}

static int
audit(int node_id)
{
	struct rte_fastmem_audit result;
	int rc = rte_fastmem_audit(node_id, NULL, NULL, &result);

	return rc != 0 || result.faults == 0 ? rc : -1;
}

static bool
look_in_time(void *arg)
{
	struct reader *reader = arg;

	while (rte_rdtsc() < reader->next)
		rte_pause();
	reader->next = rte_rdtsc() + rte_get_tsc_hz() / FREQUENCY;
	return reader->look(reader->node_id) == 0;
}

static double
time_watched(struct bench *bench, const struct trial *trial, struct part *part, uint64_t n,
	     double *values)
{
	int (*const looks[KINDS])(int) = { look_at_statistics, look_at_heap_map, audit };
	struct reader reader = { .node_id = rte_numa_node_of_self() };
	unsigned int i;
	bool ok;

	RTE_SET_USED(bench);
	if (part->way->family != WAY_FASTMEM) {
		/* Nobody can look at the others; no time is spent on them. */
		for (i = 0; i < trial->nb_metrics; i++)
			values[i] = NAN;
		return 1;
	}
	values[0] = rounds_time_beside(part, n, NULL, NULL);
	ok = values[0] > 0;
	for (i = 0; i < KINDS && ok; i++) {
		reader.look = looks[i];
		values[1 + i] = rounds_time_beside(part, n, look_in_time, &reader);
		values[1 + KINDS + i] = (values[1 + i] / values[0] - 1) * 100;
		ok = values[1 + i] > 0;
	}
	return ok ? values[0] : -1;
}

static bool
run(struct bench *bench)
{
	const struct way_needs needs = { .fixed = { [ITEM_64] = OBJECTS } };
	const struct trial trial = {
		.metrics = metrics,
		.nb_metrics = RTE_DIM(metrics),
		.time = time_watched,
		.step = 1024,
		.two_cores = true,
	};

	if (!rounds_two_lcores(bench))
		return true;
	bench_open(bench, &needs, WAY_NO_LCORE | WAY_ONE_THREAD | WAY_NO_MEMORY);
	rounds_run(bench, &trial);
	bench_close(bench);
	return true;
}

void
scene_watched(const struct bench *bench)
{
	bench_process(bench, &(struct bench_process){ .run = run });
}
