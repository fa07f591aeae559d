/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what the first operations after a start cost, each round in a new process: a million single
 *       ones, each timed, and a million objects that stay.
 * Must not: let anything be warm. So of fastmem's ways only the first takes part.
 * Called by: main.c through scenario.c.
 */

#include <string.h>

#include <rte_cycles.h>

#include "latency.h"
#include "rounds.h"
#include "scenario.h"

#define MILLION 1000000
#define RESERVE ((size_t)128 << 20)

/* Live at most, about half of it on average; and of each kind. */
#define SLOTS	10000
#define OF_EACH 1200

static const char tail_work[] = "a million operations, 16 sizes, each timed";
static const char first_work[] = "the first million, 64 B, written";

static double
time_tail(struct bench *bench, const struct trial *trial, struct part *part, uint64_t n,
	  double *values)
{
	const struct loops *loops = part->way->loops;
	struct work work;
	uint64_t done;

	RTE_SET_USED(trial);
	if (!bench_work(bench, &work, (void *)(uintptr_t)part->work.thread, SLOTS))
		return -1;
	done = loops->tail(&work, n);
	loops->drain_mixed(&work, SLOTS);
	latency_values(work.histogram, values);
	if (histogram_count(work.histogram) != n)
		done = 0;
	bench_work_free(&work);
	return done == n ? 1 : -1;
}

static bool
run_tail(struct bench *bench)
{
	static const struct metric metrics[] = LATENCY_METRICS_OF(tail_work);
	const struct trial trial = {
		.metrics = metrics,
		.nb_metrics = RTE_DIM(metrics),
		.time = time_tail,
		.n = MILLION,
		.step = 1,
	};

	bench_open(bench, &(struct way_needs){ .kinds = OF_EACH }, WAY_NO_LCORE | WAY_VARIANT);
	rounds_once(bench, &trial);
	bench_close(bench);
	return true;
}

static double
time_first(struct bench *bench, const struct trial *trial, struct part *part, uint64_t n,
	   double *values)
{
	const struct loops *loops = part->way->loops;
	uint64_t start, middle, end, done;
	struct work work;

	RTE_SET_USED(trial);
	if (!bench_work(bench, &work, (void *)(uintptr_t)part->work.thread, n))
		return -1;
	start = rte_rdtsc_precise();
	done = loops->fill(&work, n);
	middle = rte_rdtsc_precise();
	if (done == n)
		loops->drain(&work, n);
	end = rte_rdtsc_precise();
	bench_work_free(&work);
	values[0] = rounds_ns(middle - start) / (double)n;
	values[1] = rounds_ns(end - middle) / (double)n;
	return done == n ? values[0] : -1;
}

static bool
run_first(struct bench *bench)
{
	static const struct metric metrics[] = {
		{ .work = first_work, .name = "allocated", .unit = "ns a block" },
		{ .work = first_work, .name = "freed", .unit = "ns a block" },
	};
	const struct trial trial = {
		.metrics = metrics,
		.nb_metrics = RTE_DIM(metrics),
		.time = time_first,
		.n = MILLION,
		.step = 1,
	};

	bench_open(bench, &(struct way_needs){ .fixed = { [ITEM_64] = MILLION } },
		   WAY_NO_LCORE | WAY_VARIANT | WAY_NO_MEMORY);
	rounds_once(bench, &trial);
	bench_close(bench);
	return true;
}

void
scene_tail(const struct bench *bench)
{
	rounds_renewed(
		bench,
		&(struct bench_process){ .run = run_tail, .reserve = RESERVE, .populated = true },
		tail_work);
}

void
scene_first(const struct bench *bench)
{
	rounds_renewed(
		bench,
		&(struct bench_process){ .run = run_first, .reserve = RESERVE, .populated = true },
		first_work);
}
