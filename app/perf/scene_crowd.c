/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: eight threads that EAL does not know on two CPUs: how much they do together, and how long
 *       one of them has to wait.
 * Must not: count it as a disturbance that they take turns.
 * Called by: main.c through scenario.c.
 */

#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "latency.h"
#include "rounds.h"
#include "scenario.h"
#include "team.h"

#define THREADS 8
#define OBJECTS 8192

/* Pairs between two looks at the clock: few where each takes long, many where that would show. */
#define CHUNK_MIN    1
#define CHUNK_MAX    1024
#define CHUNK_CYCLES 20000

/* Threads take turns every few milliseconds, so a sample is no shorter than this. */
#define SAMPLE_MS	40
#define QUICK_SAMPLE_MS 20

static const struct metric rate[] = {
	{ .work = "8 threads on 2 CPUs, pair, 64 B",
	  .name = "pairs",
	  .unit = "million/s",
	  .more_is_better = true },
};

static const struct metric latency[] =
	LATENCY_METRICS_OF("8 threads on 2 CPUs, pair, 64 B, each timed");

static uint64_t end_tsc;

/* Until the common end, so that who is slow does less instead of keeping the others waiting. */
static void
work_on(struct member *member, loop_fn loop)
{
	uint64_t chunk = CHUNK_MIN;
	uint64_t now = rte_rdtsc(), then;
	uint64_t done;

	while (now < end_tsc) {
		done = loop(&member->work, chunk);
		member->done += done;
		if (done != chunk) {
			member->failed = true;
			return;
		}
		then = now;
		now = rte_rdtsc();
		chunk = now - then > CHUNK_CYCLES ? CHUNK_MIN : RTE_MIN(2 * chunk, CHUNK_MAX);
	}
}

static void
go(struct member *member)
{
	work_on(member, member->part->way->loops->pair);
}

static void
go_timed(struct member *member)
{
	work_on(member, member->part->way->loops->pair_timed);
}

/* The threads' pairs, and all their latencies; 0: failed. */
static uint64_t
run_team(struct bench *bench, struct part *part, uint64_t ms, team_fn fn, struct histogram *all)
{
	static struct member members[TEAM_MAX];
	uint64_t done = 0;
	unsigned int i;

	memset(members, 0, sizeof(members));
	memset(all, 0, sizeof(*all));
	end_tsc = rte_rdtsc() + ms * rte_get_tsc_hz() / 1000;
	if (!team_run(bench, part, fn, THREADS, false, members))
		return 0;
	for (i = 0; i < THREADS; i++) {
		done += members[i].done;
		bench->is_disturbed |= members[i].is_disturbed;
		histogram_merge(all, members[i].work.histogram);
		bench_work_free(&members[i].work);
	}
	return done;
}

static double
time_rate(struct bench *bench, const struct trial *trial, struct part *part, uint64_t ms,
	  double *values)
{
	static struct histogram none;
	uint64_t done = run_team(bench, part, ms, go, &none);

	RTE_SET_USED(trial);
	values[0] = (double)done / (double)ms / 1000;
	return done == 0 ? -1 : 1;
}

static double
time_latency(struct bench *bench, const struct trial *trial, struct part *part, uint64_t ms,
	     double *values)
{
	static struct histogram all;
	uint64_t done = run_team(bench, part, ms, go_timed, &all);

	RTE_SET_USED(trial);
	if (done == 0 || histogram_count(&all) != done)
		return -1;
	latency_values(&all, values);
	return 1;
}

static bool
run(struct bench *bench)
{
	const struct way_needs needs = { .fixed = { [ITEM_64] = OBJECTS } };
	uint64_t ms = bench->opts->is_quick ? QUICK_SAMPLE_MS : SAMPLE_MS;
	const struct trial trials[] = {
		{
			.metrics = rate,
			.nb_metrics = RTE_DIM(rate),
			.time = time_rate,
			.n = ms,
			.step = 1,
			.crowded = true,
		},
		{
			.metrics = latency,
			.nb_metrics = RTE_DIM(latency),
			.time = time_latency,
			.n = ms,
			.step = 1,
			.crowded = true,
		},
	};
	unsigned int i;

	bench_open(bench, &needs, WAY_ONE_THREAD);
	bench_check(bench, OBJECTS / 4, false);
	for (i = 0; i < RTE_DIM(trials); i++)
		rounds_run(bench, &trials[i]);
	bench_close(bench);
	return true;
}

void
scene_crowd(const struct bench *bench)
{
	bench_process(bench, &(struct bench_process){ .run = run });
}
