/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: how much a pair slows down while the other core refills and flushes all the time, objects of
 *       the same size or of the next one up.
 * Must not: take what two busy cores do to each other for it: without the neighbour's work the other
 *           core spins.
 * Called by: main.c through scenario.c.
 */

#include <stddef.h>

#include <rte_common.h>

#include "rounds.h"
#include "scenario.h"

#define OBJECTS 8192

/* More than any cache holds, so each time all go to the shared part and come back. */
#define REFILLED 4096

#define PAIR	 "pair, 64 B, beside a neighbour"
#define SLOWDOWN "slowdown of a pair by a neighbour that refills"

static const struct metric metrics[] = {
	{ .work = PAIR, .name = "alone", .unit = "ns a pair", .is_detail = true },
	{ .work = PAIR, .name = "same size", .unit = "ns a pair", .is_detail = true },
	{ .work = PAIR, .name = "next size", .unit = "ns a pair", .is_detail = true },
	{ .work = SLOWDOWN, .name = "same size", .unit = "%" },
	{ .work = SLOWDOWN, .name = "next size", .unit = "%" },
};

struct neighbour {
	const struct way *way;
	struct work work;
};

static bool
refill(void *arg)
{
	struct neighbour *neighbour = arg;
	const struct loops *loops = neighbour->way->loops;

	return loops->fill_mixed(&neighbour->work, REFILLED) == REFILLED &&
	       loops->drain_mixed(&neighbour->work, REFILLED) == REFILLED;
}

static double
time_neighbour(struct bench *bench, const struct trial *trial, struct part *part, uint64_t n,
	       double *values)
{
	struct neighbour neighbour = { .way = part->way };
	struct item sequence[ITEM_SEQUENCE];
	unsigned int i, k;
	bool ok = true;

	RTE_SET_USED(trial);
	if (!bench_work(bench, &neighbour.work, (void *)(uintptr_t)part->work.thread, REFILLED))
		return -1;
	neighbour.work.sequence = sequence;
	values[0] = rounds_time_beside(part, n, NULL, NULL);
	for (k = 0; k < 2; k++) {
		/* Kind 0 has 64 bytes; the next class up is that of 128, kind 2. */
		for (i = 0; i < ITEM_SEQUENCE; i++)
			sequence[i] = item_kinds[2 * k];
		values[1 + k] = rounds_time_beside(part, n, refill, &neighbour);
		values[3 + k] = (values[1 + k] / values[0] - 1) * 100;
		ok &= values[1 + k] > 0;
	}
	bench_work_free(&neighbour.work);
	return ok && values[0] > 0 ? values[0] : -1;
}

static bool
run(struct bench *bench)
{
	const struct way_needs needs = { .fixed = { [ITEM_64] = OBJECTS }, .kinds = OBJECTS };
	const struct trial trial = {
		.metrics = metrics,
		.nb_metrics = RTE_DIM(metrics),
		.time = time_neighbour,
		.step = 1024,
		.two_cores = true,
	};

	if (!rounds_two_lcores(bench))
		return true;
	bench_open(bench, &needs, WAY_NO_LCORE | WAY_ONE_THREAD | WAY_NO_MEMORY);
	bench_check(bench, REFILLED, false);
	rounds_run(bench, &trial);
	bench_close(bench);
	return true;
}

void
scene_neighbour(const struct bench *bench)
{
	bench_process(bench, &(struct bench_process){ .run = run });
}
