/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: how much slower fastmem is while a profile runs.
 * Must not: time how a profile begins and ends, which it does outside of work.
 * Called by: main.c through scenario.c.
 */

#include <math.h>
#include <stddef.h>

#include <rte_common.h>
#include <rte_memprof.h>

#include "rounds.h"
#include "scenario.h"

#define OBJECTS 8192

/* A profile looks each 10 ms, and closer each 100: a pass has to be so much longer than others. */
#define LONGER 32
#define PASSES 8

#define PAIR  "pair, 64 B, profiled"
#define BATCH "32 singly, then freed, 16 sizes, profiled"

#define METRICS(variable, does) \
	static const struct metric variable[] = { \
		{ .work = (does), .name = "off", .unit = "ns a pair", .is_detail = true }, \
		{ .work = (does), .name = "on", .unit = "ns a pair", .is_detail = true }, \
		{ .work = (does), .name = "slowdown", .unit = "%" }, \
	}

METRICS(metrics_pair, PAIR);
METRICS(metrics_batch, BATCH);

/* Nanoseconds; < 0: it failed. */
static double
time_once(struct bench *bench, const struct trial *trial, struct part *part, uint64_t n,
	  bool profiled)
{
	double value;

	if (profiled && rte_memprof_start(NULL) != 0)
		return -1;
	if (rounds_time_loop(bench, trial, part, RTE_ALIGN_CEIL(n / 8, trial->step), &value) > 0)
		rounds_time_loop(bench, trial, part, n, &value);
	else
		value = -1;
	if (profiled)
		rte_memprof_stop();
	return value;
}

/* Off, on, on, off, again and again: what drifts meanwhile is in both. */
static double
time_profiled(struct bench *bench, const struct trial *trial, struct part *part, uint64_t n,
	      double *values)
{
	double sum[2] = { 0 }, value;
	unsigned int i;

	if (part->way->family != WAY_FASTMEM) {
		/* The others have no profile; no time is spent on them. */
		for (i = 0; i < trial->nb_metrics; i++)
			values[i] = NAN;
		return 1;
	}
	n *= LONGER;
	for (i = 0; i < PASSES; i++) {
		const bool on = i % 4 == 1 || i % 4 == 2;

		value = time_once(bench, trial, part, n, on);
		if (value <= 0)
			return -1;
		sum[on] += value / (PASSES / 2);
	}
	values[0] = sum[0];
	values[1] = sum[1];
	values[2] = (sum[1] / sum[0] - 1) * 100;
	return values[0];
}

static bool
run(struct bench *bench)
{
	const struct way_needs needs = { .fixed = { [ITEM_64] = OBJECTS }, .kinds = OBJECTS };
	struct trial trial = {
		.metrics = metrics_pair,
		.nb_metrics = RTE_DIM(metrics_pair),
		.time = time_profiled,
		.loop = offsetof(struct loops, pair),
		.step = 1024,
		/* Where lcores have all CPUs the profiler's thread takes its time from one of them. */
		.crowded = true,
	};

	bench_open(bench, &needs, WAY_NO_LCORE);
	rounds_run(bench, &trial);
	trial.metrics = metrics_batch;
	trial.loop = offsetof(struct loops, batch_mixed);
	rounds_run(bench, &trial);
	bench_close(bench);
	return true;
}

void
scene_profiled(const struct bench *bench)
{
	bench_process(bench, &(struct bench_process){ .run = run });
}
