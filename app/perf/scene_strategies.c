/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what memory of each kind of allocator is like to use, by size: how fast it is read and
 *   written in turn, how long an access at random takes, and what the pages' size does to that.
 * Must not: measure what allocating costs: that is scene_strategy_cost.c's.
 * Called by: main.c through scenario.c, when it is asked for by name.
 */

#include <math.h>
#include <string.h>

#include <rte_common.h>
#include <rte_cycles.h>

#include "kinds.h"
#include "rounds.h"
#include "scenario.h"
#include "scene_strategies.h"

#define MIB	((size_t)1 << 20)
#define LINE	64
#define RESERVE (288 * MIB) /* of fastmem: the largest size and its own data */

static const struct {
	size_t size;
	const char *name;
} sizes[] = {
	{ 4096, "4 KiB" },	  { 65536, "64 KiB" },	  { MIB, "1 MiB" },
	{ 4 * MIB, "4 MiB" },	  { 16 * MIB, "16 MiB" }, { 64 * MIB, "64 MiB" },
	{ 256 * MIB, "256 MiB" },
};

#define NB_SIZES (sizeof(sizes) / sizeof(sizes[0]))

/* The works, in the order of a sample's values: all sizes of one, then of the next. */
enum { READ, WRITE, RANDOM, NB_WORKS };

static const struct metric works[NB_WORKS] = {
	{ .work = "read in turn, by size", .unit = "GB/s", .more_is_better = true },
	{ .work = "written in turn, by size", .unit = "GB/s", .more_is_better = true },
	{ .work = "read at random, each after the last, by size", .unit = "ns an access" },
};

static const struct metric page_metric = {
	.work = "256 MiB read at random, by size of page",
	.name = "time",
	.unit = "ns an access",
};

static struct metric metrics[NB_WORKS * NB_SIZES];

static uint64_t
read_all(const void *mem, size_t size)
{
	const uint64_t *word = mem, *end = (const uint64_t *)((const char *)mem + size);
	uint64_t a = 0, b = 0, c = 0, d = 0;

	for (; word < end; word += 8) {
		a += word[0] + word[4];
		b += word[1] + word[5];
		c += word[2] + word[6];
		d += word[3] + word[7];
	}
	return a + b + c + d;
}

/*
 * Where the next access goes depends on what the last one read, which is zero everywhere: so none
 * begins before the last has ended, and no list has to be laid out in the memory.
 */
static uint64_t
read_at_random(const void *mem, size_t size, uint64_t at, uint64_t n)
{
	uint64_t nb_lines = size / LINE;

	for (uint64_t i = 0; i < n; i++) {
		item_random(&at);
		at += *(const uint64_t *)(const void *)((const char *)mem +
							((at >> 32) * nb_lines >> 32) * LINE);
	}
	return at;
}

/* Nanoseconds that a pass takes, of as many as there is time for. */
static double
time_passes(int work, void *mem, size_t size, double wanted_ns)
{
	uint64_t start = rte_rdtsc_precise(), nb = 0, sum = 0;
	double ns;

	do {
		if (work == READ)
			sum += read_all(mem, size);
		else
			memset(mem, 0, size);
		/* Nobody may leave a pass out. */
		__asm__ volatile("" : : "r"(mem), "r"(sum) : "memory");
		nb++;
		ns = rounds_ns(rte_rdtsc_precise() - start);
	} while (ns < wanted_ns);
	return ns / (double)nb;
}

static double
time_random(const void *mem, size_t size, double wanted_ns)
{
	uint64_t start = rte_rdtsc_precise(), nb = 0, at = 1;
	double ns;

	do {
		/* On from where it was: the same places again would be in a cache. */
		at = read_at_random(mem, size, at, 1024);
		__asm__ volatile("" : "+r"(at) : : "memory");
		nb += 1024;
		ns = rounds_ns(rte_rdtsc_precise() - start);
	} while (ns < wanted_ns);
	return ns / (double)nb;
}

/* In the order of the works; none where the kind cannot have so much. */
static void
time_memory(void *mem, size_t size, double wanted_ns, double *values)
{
	/* All of it is there, in the caches as far as they hold it, and zero. */
	memset(mem, 0, size);
	values[READ] = (double)size / time_passes(READ, mem, size, wanted_ns);
	values[WRITE] = (double)size / time_passes(WRITE, mem, size, wanted_ns);
	values[RANDOM] = time_random(mem, size, wanted_ns);
}

/* Allocate from a fresh allocator, and measure. False: that cannot be had, rte_memalloc_error(). */
static bool
time_size(const struct bench *bench, const struct kind *kind, unsigned int i, double *values)
{
	struct rte_memalloc *alloc;
	void *mem;
	int ret = kind->create(sizes[i].size, &alloc);

	if (ret == 0) {
		ret = rte_memalloc_alloc(alloc, sizes[i].size, LINE, &mem);
		if (ret != 0)
			rte_memalloc_destroy(alloc);
	}
	if (ret != 0)
		return false;
	time_memory(mem, sizes[i].size, bench->opts->sample_ms * 1e6, values);
	rte_memalloc_free(alloc, mem);
	rte_memalloc_destroy(alloc);
	return true;
}

/* A trial_fn: a kind, all works and sizes. */
static double
time_kind(struct bench *bench, const struct trial *trial, struct part *part, uint64_t n,
	  double *values)
{
	double of_size[NB_WORKS];
	bool said = false, there;

	RTE_SET_USED(trial);
	RTE_SET_USED(n);
	for (unsigned int i = 0; i < NB_SIZES; i++) {
		there = time_size(bench, part->state, i, of_size);
		if (!there && !said) {
			board_note(bench->board, bench->scenario, part->way,
				   "skipped from %s on: %s", sizes[i].name, rte_memalloc_error());
			said = true;
		}

		for (unsigned int work = 0; work < NB_WORKS; work++)
			values[work * NB_SIZES + i] = there ? of_size[work] : NAN;
	}
	return 1;
}

/* A trial_fn: a size of page, the largest size alone. */
static double
time_pages(struct bench *bench, const struct trial *trial, struct part *part, uint64_t n,
	   double *values)
{
	double of_size[NB_WORKS];

	RTE_SET_USED(trial);
	RTE_SET_USED(n);
	values[0] = NAN;
	if (time_size(bench, part->state, NB_SIZES - 1, of_size))
		values[0] = of_size[RANDOM];
	return 1;
}

static void
name_metrics(void)
{
	for (unsigned int i = 0; i < NB_WORKS * NB_SIZES; i++) {
		metrics[i] = works[i / NB_SIZES];
		metrics[i].name = sizes[i % NB_SIZES].name;
	}
}

static void
take_part(struct bench *bench, const struct kind *kind)
{
	struct part *part = &bench->parts[bench->nb_parts++];

	*part = (struct part){ .way = &kind->way, .state = (void *)(uintptr_t)kind };
}

static bool
run(struct bench *bench)
{
	struct trial trial = {
		.metrics = metrics,
		.nb_metrics = NB_WORKS * NB_SIZES,
		.time = time_kind,
		.n = 1,
		.step = 1,
		.costly = true,
		/* Each takes so long that it is switched now and then. */
		.crowded = true,
	};

	name_metrics();
	for (unsigned int i = 0; i < nb_kinds; i++)
		take_part(bench, &kinds[i]);
	rounds_run(bench, &trial);
	bench->nb_parts = 0;

	trial.metrics = &page_metric;
	trial.nb_metrics = 1;
	trial.time = time_pages;
	for (unsigned int i = 0; i < nb_kinds_by_page; i++)
		take_part(bench, kinds_by_page[i]);
	rounds_run(bench, &trial);
	bench->nb_parts = 0;
	return true;
}

void
scene_strategies(const struct bench *bench)
{
	bench_process(bench, &(struct bench_process){ .run = run, .reserve = RESERVE });
	bench_process(bench, &(struct bench_process){ .run = scene_strategy_cost });
}
