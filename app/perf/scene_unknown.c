/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what a pair costs threads that EAL does not know: one, and two at once.
 * Must not: let an lcore work meanwhile.
 * Called by: main.c through scenario.c.
 */

#include <stddef.h>

#include <rte_cycles.h>

#include "rounds.h"
#include "scenario.h"
#include "team.h"

#define OBJECTS 4096

/* A member's share of n before it is timed. */
#define WARM 8

static unsigned int nb_threads;
static unsigned int nb_done;

static void
go(struct member *member)
{
	loop_fn loop = member->part->way->loops->pair;
	uint64_t start;

	loop(&member->work, member->n / WARM);
	start = rte_rdtsc_precise();
	member->done = loop(&member->work, member->n);
	member->cycles = rte_rdtsc_precise() - start;
	/* Relaxed: a count, and nothing hangs on it. Nobody has the machine to himself yet. */
	__atomic_fetch_add(&nb_done, 1, __ATOMIC_RELAXED);
	while (__atomic_load_n(&nb_done, __ATOMIC_RELAXED) < nb_threads &&
	       loop(&member->work, WAY_BATCH) == WAY_BATCH)
		;
}

/* The mean of the threads' own times. */
static double
time_team(struct bench *bench, const struct trial *trial, struct part *part, uint64_t n,
	  double *values)
{
	struct member members[TEAM_MAX] = { 0 };
	uint64_t cycles = 0;
	unsigned int i;

	RTE_SET_USED(trial);
	nb_done = 0;
	for (i = 0; i < nb_threads; i++)
		members[i].n = n;
	if (!team_run(bench, part, go, nb_threads, true, members))
		return -1;
	for (i = 0; i < nb_threads; i++) {
		if (members[i].done != n)
			return -1;
		cycles += members[i].cycles;
		bench->is_disturbed |= members[i].is_disturbed;
		bench_work_free(&members[i].work);
	}
	values[0] = rounds_ns(cycles) / (double)n / nb_threads;
	return values[0];
}

static const struct metric metrics[] = {
	{ .work = "one thread, pair, 64 B", .name = "time", .unit = "ns a pair" },
	{ .work = "two threads at once, pair, 64 B", .name = "time", .unit = "ns a pair" },
};

static const struct trial one = {
	.metrics = &metrics[0],
	.nb_metrics = 1,
	.time = time_team,
	.step = 1024,
};

static const struct trial two = {
	.metrics = &metrics[1],
	.nb_metrics = 1,
	.time = time_team,
	.step = 1024,
	.two_cores = true,
};

static bool
run(struct bench *bench)
{
	const struct way_needs needs = { .fixed = { [ITEM_64] = OBJECTS } };

	bench_open(bench, &needs, 0);
	bench_check(bench, OBJECTS / 4, false);
	nb_threads = 1;
	rounds_run(bench, &one);
	bench_close(bench);

	bench_open(bench, &needs, WAY_ONE_THREAD);
	bench_check(bench, OBJECTS / 4, false);
	nb_threads = 2;
	if (bench->machine->nb_cpus > 1)
		rounds_run(bench, &two);
	else
		board_note(bench->board, bench->scenario, NULL, "skipped: two at once: one CPU");
	bench_close(bench);
	return true;
}

void
scene_unknown(const struct bench *bench)
{
	bench_process(bench, &(struct bench_process){ .run = run });
}
