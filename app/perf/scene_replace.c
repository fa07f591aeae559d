/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what replacing one of many live objects costs, at random, each written to once.
 * Must not: let the order of the first allocations last: it replaces many before it measures.
 * Called by: main.c through scenario.c.
 */

#include <stddef.h>

#include <rte_cycles.h>

#include "rounds.h"
#include "scenario.h"

#define FEW  1000
#define MANY 100000

/* Of each kind there are at most so many: the mean and five deviations. */
#define OF_EACH(live) ((live) / ITEM_KINDS + 80 * ((live) / 25000 + 1))

static const struct metric metrics[] = {
	{ .work = "one of 1000 replaced, 16 sizes", .name = "time", .unit = "ns a pair" },
	{ .work = "one of 100000 replaced, 16 sizes", .name = "time", .unit = "ns a pair" },
};

/* Replace each four times, or as many as there is time for: some take microseconds each. */
static bool
shuffle(struct part *part, uint32_t live)
{
	uint64_t end = rte_rdtsc() + rte_get_tsc_hz() / 4;
	unsigned int i;

	for (i = 0; i < 4 * live && rte_rdtsc() < end; i += FEW)
		if (part->way->loops->replace(&part->work, FEW) != FEW)
			return false;
	return true;
}

static bool
populate(struct bench *bench, struct part *part, uint32_t live)
{
	const void *thread = part->work.thread;

	bench_work_free(&part->work);
	if (bench_work(bench, &part->work, (void *)(uintptr_t)thread, live) &&
	    part->way->loops->fill_mixed(&part->work, live) == live && shuffle(part, live))
		return true;
	board_note(bench->board, bench->scenario, part->way, "failed: no %u objects at once", live);
	return false;
}

static bool
run(struct bench *bench, const struct metric *metric, uint32_t live)
{
	const struct trial trial = {
		.metrics = metric,
		.nb_metrics = 1,
		.time = rounds_time_loop,
		.loop = offsetof(struct loops, replace),
		.step = 1024,
	};
	const struct way_needs needs = { .kinds = OF_EACH(live) };
	struct part *part;
	unsigned int i;

	bench_open(bench, &needs, WAY_NO_LCORE);
	bench_check(bench, live, true);
	for (i = 0; i < bench->nb_parts; i++)
		if (!populate(bench, &bench->parts[i], live))
			bench_drop(bench, i--);
	rounds_run(bench, &trial);
	for (i = 0; i < bench->nb_parts; i++) {
		part = &bench->parts[i];
		if (part->way->loops->drain_mixed(&part->work, live) != live)
			board_note(bench->board, bench->scenario, part->way,
				   "failed: objects were lost");
	}
	bench_close(bench);
	return true;
}

static bool
run_few(struct bench *bench)
{
	return run(bench, &metrics[0], FEW);
}

static bool
run_many(struct bench *bench)
{
	return run(bench, &metrics[1], MANY);
}

void
scene_replace(const struct bench *bench)
{
	bench_process(bench, &(struct bench_process){ .run = run_few });
	bench_process(bench, &(struct bench_process){ .run = run_many });
}
