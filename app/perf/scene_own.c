/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: how much memory fastmem takes for itself: of a reservation, and for each thread.
 * Must not: ask fastmem: EAL says what it gave out, and the kernel what was used.
 * Called by: main.c through scenario.c.
 */

#include <string.h>

#include <rte_fastmem.h>
#include <rte_memory.h>

#include "eal.h"
#include "rounds.h"
#include "scenario.h"
#include "team.h"

#define RESERVE ((size_t)256 << 20)
#define THREADS 16

static const struct metric metrics[] = {
	{ .work = "own memory", .name = "of 256 MiB", .unit = "%" },
	{ .work = "own memory of a thread", .name = "a thread", .unit = "KiB" },
};

static uint64_t
backing(void)
{
	struct rte_fastmem_stats stats;

	return rte_fastmem_stats(&stats) == 0 ? stats.bytes_backing : 0;
}

/* Objects of every kind pass through the thread's cache. */
static void
use_all_kinds(struct member *member)
{
	member->done = member->part->way->loops->batch_mixed(&member->work, 1 << 16);
}

static bool
run_reservation(struct bench *bench)
{
	uint64_t before = eal_heap_used(), own;

	if (rte_fastmem_init() != 0 || rte_fastmem_reserve(RESERVE, RTE_NUMA_NODE_ANY) != 0)
		return false;
	own = eal_heap_used() - before - backing();
	board_sample(board_figure(bench->board, bench->scenario, &metrics[0], &way_fastmem),
		     (double)own * 100 / (double)RESERVE);
	rte_fastmem_deinit();
	return true;
}

/* Let threads allocate in this way; false: they could not. */
static bool
use_threads(struct bench *bench, const struct way *way)
{
	static struct member members[TEAM_MAX];
	struct part part = { .way = way };
	const char *why;
	unsigned int i;

	part.state = way->open(way, &(struct way_needs){ .kinds = 0 }, &why);
	memset(members, 0, sizeof(members));
	if (part.state == NULL || !team_run(bench, &part, use_all_kinds, THREADS, false, members))
		return false;
	for (i = 0; i < THREADS; i++)
		bench_work_free(&members[i].work);
	return true;
}

struct pages {
	uint64_t bytes;
};

static int
count_pages(const struct rte_memseg_list *list, void *arg)
{
	struct pages *pages = arg;

	pages->bytes += machine_referenced(list->base_va, list->len);
	return 0;
}

/*
 * What threads touch of EAL's memory, each time anew, as the kernel marks it by pages: their caches
 * and their share of all else, but not the objects, which nobody writes to.
 */
static bool
run_threads(struct bench *bench)
{
	struct pages pages = { 0 };

	if (!use_threads(bench, &way_fastmem) || !machine_clear_referenced() ||
	    !use_threads(bench, &way_fastmem)) {
		board_note(bench->board, bench->scenario, &way_fastmem,
			   "skipped: the kernel does not mark the pages that are used");
		return true;
	}
	rte_memseg_list_walk(count_pages, &pages);
	board_sample(board_figure(bench->board, bench->scenario, &metrics[1], &way_fastmem),
		     (double)pages.bytes / 1024 / THREADS);
	return true;
}

void
scene_own(const struct bench *bench)
{
	bench_process(bench,
		      &(struct bench_process){ .run = run_reservation, .without_fastmem = true });
	bench_process(bench,
		      &(struct bench_process){ .run = run_threads, .without_hugepages = true });
}
