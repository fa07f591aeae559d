/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what an allocation costs that fails: nothing left, the limit reached, EAL without memory.
 * Must not: take more memory from the machine than EXHAUST_MAX to bring the last one about.
 * Called by: main.c through scenario.c.
 */

#include <stdio.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_fastmem.h>
#include <rte_lcore.h>
#include <rte_malloc.h>

#include "eal.h"
#include "rounds.h"
#include "scenario.h"

#define RESERVE	    ((size_t)8 << 20)
#define POOL	    4096
#define SLOTS	    (1u << 20)
#define EXHAUST_MAX ((uint64_t)2 << 30)

/* Allocations that fail in a round, but not longer than this. */
#define FAILURES    20000
#define FAILURES_MS 20

#define METRICS_OF(does) \
	{ \
		{ .work = (does), .name = "first", .unit = "ns", .is_detail = true }, \
			{ .work = (does), .name = "p50", .unit = "ns" }, \
			{ .work = (does), .name = "p99.9", .unit = "ns", .is_detail = true }, \
			{ .work = (does), .name = "p99.99", .unit = "ns", .is_detail = true }, \
			{ .work = (does), .name = "max", .unit = "ns", .is_detail = true }, \
	}

#define NB_METRICS 5

static const struct metric nothing_left[] = METRICS_OF("fails: nothing left, growth off");
static const struct metric at_limit[] = METRICS_OF("fails: the limit is reached, growth on");
static const struct metric exhausted[] = METRICS_OF("fails: EAL has no memory left, growth on");

/* Objects of the way under test until there are none. */
static struct work full;

/* One comes back and is taken again, so that the first failure is a first one. */
static bool
take_last(struct part *part)
{
	const struct loops *loops = part->way->loops;

	full.thread = part->work.thread;
	return loops->pair(&full, 1) == 0 && loops->drain(&full, 1) == 1 &&
	       loops->fill(&full, 1) == 1;
}

static double
time_failure(struct bench *bench, const struct trial *trial, struct part *part, uint64_t n,
	     double *values)
{
	struct histogram *histogram = part->work.histogram;
	uint64_t end = rte_rdtsc() + rte_get_tsc_hz() * FAILURES_MS / 1000;
	uint64_t i;

	RTE_SET_USED(bench);
	RTE_SET_USED(trial);
	if (!take_last(part))
		return -1;
	memset(histogram, 0, sizeof(*histogram));
	if (part->way->loops->failing(&part->work, 1) != 1)
		return -1;
	values[0] = rounds_ns(histogram->max);
	memset(histogram, 0, sizeof(*histogram));
	for (i = 0; i < n && rte_rdtsc() < end; i++)
		if (part->way->loops->failing(&part->work, 1) != 1)
			return -1;
	values[1] = rounds_ns(histogram_quantile(histogram, 0.5));
	values[2] = rounds_ns(histogram_quantile(histogram, 0.999));
	values[3] = rounds_ns(histogram_quantile(histogram, 0.9999));
	values[4] = rounds_ns(histogram->max);
	return 1;
}

static bool
run_rounds(struct bench *bench, const struct way *way, const struct metric *metrics)
{
	const struct trial trial = {
		.metrics = metrics,
		.nb_metrics = NB_METRICS,
		.time = time_failure,
		.n = FAILURES,
		.step = 1,
	};
	const struct way_needs needs = { .fixed = { [ITEM_64] = POOL } };
	const char *why;
	struct part *part = &bench->parts[0];
	uint64_t taken = 0;

	memset(part, 0, sizeof(*part));
	part->way = way;
	part->state = way->open(way, &needs, &why);
	if (part->state == NULL || !bench_work(bench, &part->work, part->state, 0))
		return false;
	/* All that there is. What is left in the cache of no other thread counts. */
	full.thread = part->state;
	taken = way->loops->fill(&full, SLOTS);
	if (taken == 0 || taken == SLOTS) {
		board_note(bench->board, bench->scenario, way, "skipped: it does not run out");
		return true;
	}
	bench->nb_parts = 1;
	rounds_run(bench, &trial);
	way->loops->drain(&full, taken);
	bench_close(bench);
	return true;
}

/* Take what EAL has, in ever smaller pieces; crumbs are left. */
static void
exhaust(void)
{
	int node_id = rte_lcore_to_socket_id(rte_get_main_lcore());
	size_t size;

	for (size = (size_t)64 << 20; size >= 4096; size /= 2)
		while (rte_malloc_socket(NULL, size, 0, node_id) != NULL)
			;
}

static bool
run(struct bench *bench)
{
	struct rte_fastmem_node_stats stats;
	int node_id = rte_lcore_to_socket_id(rte_get_main_lcore());
	bool ok;

	if (!bench_work(bench, &full, NULL, SLOTS))
		return false;
	ok = run_rounds(bench, &way_fastmem, nothing_left) &&
	     run_rounds(bench, &way_fastmem_handle, nothing_left) &&
	     run_rounds(bench, &way_mempool, nothing_left);

	if (!ok || rte_fastmem_stats_node(node_id, &stats) != 0)
		return false;
	rte_fastmem_set_limit(node_id, stats.bytes_backing);
	rte_fastmem_set_growth(node_id, true);
	ok = run_rounds(bench, &way_fastmem, at_limit);

	rte_fastmem_set_limit(node_id, SIZE_MAX);
	exhaust();
	return ok && run_rounds(bench, &way_fastmem, exhausted) &&
	       run_rounds(bench, &way_rte_malloc, exhausted);
}

void
scene_failure(const struct bench *bench)
{
	struct bench_process process = { .run = run, .reserve = RESERVE };

	if (eal_has_hugepages(bench->opts) && bench->machine->hugepage_bytes > EXHAUST_MAX) {
		process.eal_more = "--socket-limit=1024";
		board_note(bench->board, bench->scenario, NULL,
			   "EAL has a limit of 1 GiB a node here, so as not to take all hugepages");
	}
	bench_process(bench, &process);
}
