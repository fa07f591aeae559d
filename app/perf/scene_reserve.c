/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: how long a reservation takes, beside the kernel's own part in it.
 * Must not: measure without hugepages: there EAL has taken its memory beforehand.
 * Called by: main.c through scenario.c.
 */

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <rte_cycles.h>
#include <rte_fastmem.h>
#include <rte_lcore.h>
#include <rte_memzone.h>

#include "eal.h"
#include "rounds.h"
#include "scenario.h"

#define WANTED	((size_t)1 << 30)
#define LEAST	((size_t)64 << 20)
#define SPARE	((size_t)32 << 20) /* the allocators' own data, and EAL's */
#define PAGE_2M ((size_t)2 << 20)

#ifndef MAP_HUGE_2MB
#define MAP_HUGE_2MB (21 << 26)
#endif

static size_t size;
static char work[48];
static struct metric metric;

/* What is measured beside fastmem here is no way to allocate objects. */
static const struct way way_mmap = {
	.name = "mmap",
	.title = "mmap(MAP_POPULATE)",
	.family = WAY_LIBRARY,
};

static const struct way way_memzone = {
	.name = "memzone",
	.title = "rte_memzone_reserve",
	.family = WAY_RTE_MALLOC,
};

/* Each returns cycles, 0: failed. */
static uint64_t
time_mmap(void)
{
	uint64_t start = rte_rdtsc();
	uint64_t cycles;
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_2MB | MAP_POPULATE,
			    -1, 0);

	cycles = rte_rdtsc() - start;
	if (memory == MAP_FAILED)
		return 0;
	munmap(memory, size);
	return cycles;
}

static uint64_t
time_memzone(void)
{
	uint64_t start = rte_rdtsc();
	uint64_t cycles;
	const struct rte_memzone *zone = rte_memzone_reserve(
		"perf", size, rte_lcore_to_socket_id(rte_get_main_lcore()), RTE_MEMZONE_2MB);

	cycles = rte_rdtsc() - start;
	if (zone == NULL)
		return 0;
	rte_memzone_free(zone);
	return cycles;
}

static uint64_t
time_fastmem(void)
{
	uint64_t start, cycles;
	int ret;

	if (rte_fastmem_init() != 0)
		return 0;
	start = rte_rdtsc();
	ret = rte_fastmem_reserve(size, RTE_NUMA_NODE_ANY);
	cycles = rte_rdtsc() - start;
	rte_fastmem_deinit();
	return ret == 0 ? cycles : 0;
}

static double
time_reservation(struct bench *bench, const struct trial *trial, struct part *part, uint64_t n,
		 double *values)
{
	uint64_t cycles;

	RTE_SET_USED(bench);
	RTE_SET_USED(trial);
	RTE_SET_USED(n);
	cycles = part->way == &way_mmap	   ? time_mmap() :
		 part->way == &way_memzone ? time_memzone() :
					     time_fastmem();
	values[0] = rounds_ns(cycles) / 1e6;
	return cycles > 0 ? 1 : -1;
}

static bool
run(struct bench *bench)
{
	const struct trial trial = {
		.metrics = &metric,
		.nb_metrics = 1,
		.time = time_reservation,
		.n = 1,
		.step = 1,
		.costly = true,
		/* In a tenth of a second one is always switched, which then takes a thousandth. */
		.crowded = true,
	};

	bench->nb_parts = 3;
	bench->parts[0].way = &way_fastmem;
	bench->parts[1].way = &way_memzone;
	bench->parts[2].way = &way_mmap;
	rounds_run(bench, &trial);
	bench->nb_parts = 0;
	return true;
}

void
scene_reserve(const struct bench *bench)
{
	uint64_t available = bench->machine->hugepage_bytes;

	if (!eal_has_hugepages(bench->opts) || available < LEAST + SPARE) {
		board_note(bench->board, bench->scenario, NULL,
			   "skipped: it takes hugepages, 1056 MiB of them for the full size");
		return;
	}
	size = RTE_MIN(WANTED, RTE_ALIGN_FLOOR(available - SPARE, PAGE_2M));
	snprintf(work, sizeof(work), "%zu MiB reserved in pages of 2 MiB", size >> 20);
	metric = (struct metric){ .work = work, .name = "time", .unit = "ms" };
	bench_process(bench, &(struct bench_process){ .run = run, .without_fastmem = true });
}
