/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the longest single allocation while fastmem takes fresh memory into use, class by class.
 * Must not: take an interrupt for fastmem's own time: every round allocates the same in a new
 *           process, and of each operation the shortest time in all rounds counts.
 * Called by: main.c through scenario.c.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <rte_cycles.h>
#include <rte_fastmem.h>

#include "progress.h"
#include "rounds.h"
#include "scenario.h"
#include "statistics.h"

/* Of each class so much is allocated: more than a slab, so that at least one is a fresh one. */
#define BYTES_A_CLASS ((size_t)4 << 20)
#define OPS_MAX	      (BYTES_A_CLASS / 64)

#define RESERVE (RTE_FASTMEM_MAX_CLASSES * (BYTES_A_CLASS + ((size_t)2 << 20)))

/* Classes from one round's first to the next one's: no two rounds begin near each other. */
#define FIRST_STEP 23

/* Shared by the rounds' processes. */
struct cold {
	uint32_t cycles[RTE_FASTMEM_MAX_CLASSES][OPS_MAX]; /* the least; 0: never */
	uint32_t ops[RTE_FASTMEM_MAX_CLASSES];
	size_t sizes[RTE_FASTMEM_MAX_CLASSES];
	unsigned int nb_classes;
	unsigned int round;
	double tsc_hz;
};

static struct cold *cold;

static const char work[] = "fresh memory taken into use, longest allocation";

/* The first word of each block leads to the one before. */
static bool
allocate_class(unsigned int class, void **last)
{
	size_t size = cold->sizes[class];
	uint32_t *least, cycles;
	uint64_t start;
	unsigned int i;
	void *ptr;

	for (i = 0; i < cold->ops[class]; i++) {
		start = rte_rdtsc_precise();
		ptr = rte_fastmem_alloc(size, 0, 0);
		cycles = RTE_MAX((uint32_t)(rte_rdtsc_precise() - start), 1u);
		if (ptr == NULL)
			return false;
		least = &cold->cycles[class][i];
		if (*least == 0 || cycles < *least)
			*least = cycles;
		*(void **)ptr = *last;
		*last = ptr;
	}
	return true;
}

static void
free_all(void *last)
{
	void *before;

	for (; last != NULL; last = before) {
		before = *(void **)last;
		rte_fastmem_free(last);
	}
}

static bool
run(struct bench *bench)
{
	void *last = NULL;
	unsigned int i, class;

	cold->nb_classes = rte_fastmem_classes(cold->sizes);
	cold->tsc_hz = (double)rte_get_tsc_hz();
	/* The thread's first use is not what is asked; a block that is no class's leaves all fresh. */
	rte_fastmem_free(rte_fastmem_alloc(RTE_FASTMEM_MAX_SIZE + 1, 0, 0));
	/* The first one would pay for code that is cold: each round begins with another. */
	for (i = 0; i < cold->nb_classes; i++) {
		class = (i + cold->round * FIRST_STEP) % cold->nb_classes;
		cold->ops[class] = BYTES_A_CLASS / cold->sizes[class];
		if (allocate_class(class, &last))
			continue;
		board_note(bench->board, bench->scenario, NULL,
			   "failed: no %zu KiB of blocks of %zu bytes", BYTES_A_CLASS >> 10,
			   cold->sizes[class]);
		return false;
	}
	free_all(last);
	return true;
}

static double
longest_ns(unsigned int class)
{
	uint32_t longest = 0;
	unsigned int i;

	for (i = 0; i < cold->ops[class]; i++)
		longest = RTE_MAX(longest, cold->cycles[class][i]);
	return longest * 1e9 / cold->tsc_hz;
}

static void
publish(const struct bench *bench)
{
	static const struct metric metrics[] = {
		{ .work = work, .name = "median class", .unit = "ns", .is_detail = true },
		{ .work = work, .name = "worst class", .unit = "ns" },
	};
	double all[RTE_FASTMEM_MAX_CLASSES];
	unsigned int class, worst = 0;

	for (class = 0; class < cold->nb_classes; class ++) {
		all[class] = longest_ns(class);
		if (all[class] > all[worst])
			worst = class;
	}
	board_note(bench->board, bench->scenario, NULL, "the worst class is that of %zu bytes",
		   cold->sizes[worst]);
	board_sample(board_figure(bench->board, bench->scenario, &metrics[1], &way_fastmem),
		     all[worst]);
	board_sample(board_figure(bench->board, bench->scenario, &metrics[0], &way_fastmem),
		     statistics_median(all, cold->nb_classes));
}

void
scene_cold(const struct bench *bench)
{
	const struct bench_process process = {
		.run = run,
		.reserve = RESERVE,
		.populated = true,
	};
	unsigned int round;

	cold = mmap(NULL, sizeof(*cold), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (cold == MAP_FAILED)
		return;
	/* Page faults of our own array would be timed. */
	memset(cold, 0, sizeof(*cold));
	for (round = 0; round < bench->opts->renewals; round++) {
		cold->round = round;
		progress_step(work, round + 1, bench->opts->renewals);
		bench_process(bench, &process);
	}
	if (cold->nb_classes > 0)
		publish(bench);
	munmap(cold, sizeof(*cold));
}
