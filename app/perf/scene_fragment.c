/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: how much memory an allocator needs whose user frees most of one size and goes on with another.
 * Must not: give anything back between: the peak is what a machine must have. rte_malloc() takes
 *           minutes to find room among so many objects, and does not take part.
 * Called by: main.c through scenario.c.
 */

#include <rte_common.h>

#include <rte_fastmem.h>

#include "progress.h"
#include "scenario.h"
#include "weigh.h"

#define LIVE	 ((uint64_t)128 << 20)
#define KEPT_NTH 10

static const uint32_t sizes[] = { 64, 1500, 256, 4096, 64 };

static const char work[] = "128 MiB live: 64, 1500, 256, 4096, 64 B in turn";

static const struct way *way;

static const struct metric metric = { .work = work, .name = "peak", .unit = "MiB" };

/* Fill up to what may be live; false: it cannot be had. */
static bool
fill(struct weigh *weigh, struct part *part, uint32_t size)
{
	while (weigh->payload + size <= LIVE)
		if (!weigh_take(weigh, part, size))
			return false;
	return true;
}

static uint64_t
weigh_peak(struct bench *bench, struct part *part)
{
	uint64_t before, peak = 0, now;
	struct weigh weigh;
	unsigned int i;

	if (!weigh_init(&weigh, LIVE / sizes[0] + 1))
		return 0;
	before = machine_resident();
	for (i = 0; i < RTE_DIM(sizes); i++) {
		if (i > 0)
			weigh_give(&weigh, part, weigh.nb - weigh.nb / KEPT_NTH);
		if (!fill(&weigh, part, sizes[i])) {
			board_note(bench->board, bench->scenario, way,
				   "skipped: it has no such objects left");
			return 0;
		}
		now = machine_resident() - before;
		peak = now > peak ? now : peak;
	}
	weigh_give(&weigh, part, weigh.nb);
	weigh_free(&weigh);
	return peak;
}

/* A pool a size, as large as it must be at some time; the random choice leaves a tenth of each. */
static uint64_t
pool_peak(void)
{
	uint64_t live[RTE_DIM(sizes)] = { 0 };
	uint64_t most[RTE_DIM(sizes)] = { 0 };
	uint64_t payload = 0, bytes = 0;
	unsigned int i, k, at;

	for (i = 0; i < RTE_DIM(sizes); i++) {
		for (k = 0, payload = 0; k < i; k++) {
			live[k] /= KEPT_NTH;
			payload += live[k] * sizes[k];
		}
		/* The last size is the first one again. */
		at = sizes[i] == sizes[0] ? 0 : i;
		live[at] += (LIVE - payload) / sizes[i];
		most[at] = live[at] > most[at] ? live[at] : most[at];
	}
	for (i = 0; i < RTE_DIM(sizes); i++)
		if (most[i] > 0)
			bytes += weigh_pool(sizes[i], most[i]);
	return bytes;
}

static bool
run(struct bench *bench)
{
	struct part part = { .way = way };
	const char *why = "";
	uint64_t peak;

	if (way == &way_fastmem)
		rte_fastmem_set_growth(RTE_NUMA_NODE_ANY, true);
	part.state = way->open(way, &(struct way_needs){ .kinds = 0 }, &why);
	if (part.state == NULL) {
		board_note(bench->board, bench->scenario, way, "skipped: %s", why);
		return true;
	}
	part.work.thread = part.state;
	peak = way->family == WAY_MEMPOOL ? pool_peak() : weigh_peak(bench, &part);
	if (peak > 0)
		board_sample(board_figure(bench->board, bench->scenario, &metric, way),
			     (double)peak / (1 << 20));
	return true;
}

void
scene_fragment(const struct bench *bench)
{
	static const struct way *const weighed[] = { &way_fastmem,  &way_mempool,  &way_glibc,
						     &way_jemalloc, &way_mimalloc, &way_tcmalloc };
	struct bench_process process = { .run = run, .reserve = (size_t)2 << 20 };
	unsigned int k;

	for (k = 0; k < RTE_DIM(weighed); k++) {
		way = weighed[k];
		progress_step(work, k + 1, RTE_DIM(weighed));
		process.without_eal = way->family == WAY_LIBRARY;
		bench_process(bench, &process);
	}
}
