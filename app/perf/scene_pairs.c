/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what a pair of allocate and free costs in one thread with few live objects.
 * Must not: hold more objects than a thread's cache does.
 * Called by: main.c through scenario.c.
 */

#include <stddef.h>

#include "rounds.h"
#include "scenario.h"

/* Enough that no pool runs empty; small enough that all fits into a core's own cache. */
#define OBJECTS 4096

#define TRIAL(what, does) \
	static const struct metric metric_##what = { \
		.work = (does), \
		.name = "time", \
		.unit = "ns a pair", \
	}; \
	static const struct trial what = { \
		.metrics = &metric_##what, \
		.nb_metrics = 1, \
		.time = rounds_time_loop, \
		.loop = offsetof(struct loops, what), \
		.step = 1024, \
	}

TRIAL(pair, "pair, 64 B");
TRIAL(pair_mixed, "pair, 16 sizes from 64 B to 2 KiB");
TRIAL(batch, "32 singly, then freed, 64 B");
TRIAL(batch_mixed, "32 singly, then freed, 16 sizes");
TRIAL(touched, "256 singly, written, then freed, 64 B");
TRIAL(touched_4k, "256 singly, written, then freed, 4 KiB");
TRIAL(bulk, "32 at once, freed at once, 64 B");

static bool
run(struct bench *bench, const struct trial *trial, const struct way_needs *needs)
{
	bench_open(bench, needs, WAY_NO_LCORE);
	bench_check(bench, OBJECTS / 4, needs->kinds > 0);
	rounds_run(bench, trial);
	bench_close(bench);
	return true;
}

static bool
run_pair(struct bench *bench)
{
	return run(bench, &pair, &(struct way_needs){ .fixed = { [ITEM_64] = OBJECTS } });
}

static bool
run_pair_mixed(struct bench *bench)
{
	return run(bench, &pair_mixed, &(struct way_needs){ .kinds = OBJECTS });
}

static bool
run_batch(struct bench *bench)
{
	return run(bench, &batch, &(struct way_needs){ .fixed = { [ITEM_64] = OBJECTS } });
}

static bool
run_batch_mixed(struct bench *bench)
{
	return run(bench, &batch_mixed, &(struct way_needs){ .kinds = OBJECTS });
}

static bool
run_touched(struct bench *bench)
{
	return run(bench, &touched, &(struct way_needs){ .fixed = { [ITEM_64] = OBJECTS } });
}

static bool
run_touched_4k(struct bench *bench)
{
	/* Those of 64 B are for the check alone. */
	return run(bench, &touched_4k,
		   &(struct way_needs){ .fixed = { [ITEM_64] = OBJECTS, [ITEM_4K] = OBJECTS } });
}

static bool
run_bulk(struct bench *bench)
{
	return run(bench, &bulk, &(struct way_needs){ .fixed = { [ITEM_64] = OBJECTS } });
}

void
scene_pair(const struct bench *bench)
{
	bench_process(bench, &(struct bench_process){ .run = run_pair });
}

void
scene_pair_mixed(const struct bench *bench)
{
	bench_process(bench, &(struct bench_process){ .run = run_pair_mixed });
}

void
scene_batch(const struct bench *bench)
{
	bench_process(bench, &(struct bench_process){ .run = run_batch });
}

void
scene_batch_mixed(const struct bench *bench)
{
	bench_process(bench, &(struct bench_process){ .run = run_batch_mixed });
}

void
scene_touched(const struct bench *bench)
{
	bench_process(bench, &(struct bench_process){ .run = run_touched });
	bench_process(bench, &(struct bench_process){ .run = run_touched_4k });
}

void
scene_bulk(const struct bench *bench)
{
	bench_process(bench, &(struct bench_process){ .run = run_bulk });
}
