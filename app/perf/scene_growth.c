/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: how long pairs have to wait while another thread makes its allocator take more memory.
 * Must not: let the growing thread do it by the same objects: it takes large ones.
 * Called by: main.c through scenario.c.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_fastmem.h>
#include <rte_lcore.h>
#include <rte_mempool.h>

#include "latency.h"
#include "partner.h"
#include "rounds.h"
#include "scenario.h"

#define OBJECTS 4096

/* A round's growth: so many pieces. A mempool's user makes a new pool of them instead. */
#define PIECES	   64
#define PIECE_SIZE ((size_t)1 << 20)

#define STALL "pair, 64 B, each timed, while another thread grows"

static const struct metric metrics[] = {
	{ .work = STALL, .name = "p99.99 idle", .unit = "ns", .is_detail = true },
	{ .work = STALL, .name = "max idle", .unit = "ns", .is_detail = true },
	{ .work = STALL, .name = "p99.99", .unit = "ns", .is_detail = true },
	{ .work = STALL, .name = "max", .unit = "ns" },
	{ .work = STALL, .name = "growth took", .unit = "ns", .is_detail = true },
};

struct grower {
	const struct way *way;
	void *thread;
	void *pieces[PIECES];
	struct rte_mempool *pool;
	unsigned int nb;
	uint64_t cycles; /* of the longest piece */
	bool failed;
};

static bool
grow_pool(struct grower *grower)
{
	grower->pool = rte_mempool_create("grown", PIECES, PIECE_SIZE, 0, 0, NULL, NULL, NULL, NULL,
					  rte_lcore_to_socket_id(rte_get_main_lcore()), 0);
	return grower->pool != NULL;
}

static bool
grow_piece(struct grower *grower)
{
	void *piece = grower->way->get_any(grower->thread, PIECE_SIZE);
	size_t at;

	if (piece == NULL)
		return false;
	for (at = 0; at < PIECE_SIZE; at += 4096)
		((char *)piece)[at] = 1;
	grower->pieces[grower->nb++] = piece;
	return true;
}

/* One step; false: all is done. */
static bool
grow(void *arg)
{
	struct grower *grower = arg;
	uint64_t start = rte_rdtsc();
	bool is_pool = grower->way->family == WAY_MEMPOOL;

	if (grower->nb == PIECES || grower->pool != NULL)
		return false;
	grower->failed = !(is_pool ? grow_pool(grower) : grow_piece(grower));
	grower->cycles = RTE_MAX(grower->cycles, rte_rdtsc() - start);
	return !grower->failed;
}

static void
shrink(struct grower *grower)
{
	rte_mempool_free(grower->pool);
	while (grower->nb > 0)
		grower->way->put_any(grower->thread, grower->pieces[--grower->nb]);
	if (grower->way->family == WAY_FASTMEM)
		rte_fastmem_trim(RTE_NUMA_NODE_ANY);
}

/* Time pairs while the other does fn to its end, or for so many cycles where it has none. */
static bool
pairs_beside(struct part *part, partner_fn fn, struct grower *grower, uint64_t *cycles)
{
	const struct loops *loops = part->way->loops;
	uint64_t start = rte_rdtsc();
	bool ok = true;

	memset(part->work.histogram, 0, sizeof(*part->work.histogram));
	partner_start(fn, grower);
	do
		ok &= loops->pair_timed(&part->work, 256) == 256;
	while (fn == NULL ? rte_rdtsc() - start < *cycles : partner_goes_on());
	partner_stop();
	*cycles = rte_rdtsc() - start;
	return ok;
}

static double
time_growth(struct bench *bench, const struct trial *trial, struct part *part, uint64_t n,
	    double *values)
{
	struct grower grower = { .way = part->way, .thread = (void *)(uintptr_t)part->work.thread };
	double all[LATENCY_METRICS];
	uint64_t cycles = 0;
	bool ok;

	RTE_SET_USED(bench);
	RTE_SET_USED(trial);
	RTE_SET_USED(n);
	ok = pairs_beside(part, grow, &grower, &cycles);
	latency_values(part->work.histogram, all);
	values[2] = all[4];
	values[3] = all[LATENCY_METRICS - 1];
	values[4] = rounds_ns(grower.cycles);
	shrink(&grower);
	ok = pairs_beside(part, NULL, NULL, &cycles) && ok && !grower.failed;
	latency_values(part->work.histogram, all);
	values[0] = all[4];
	values[1] = all[LATENCY_METRICS - 1];
	return ok ? 1 : -1;
}

static bool
run(struct bench *bench)
{
	const struct way_needs needs = { .fixed = { [ITEM_64] = OBJECTS } };
	const struct trial trial = {
		.metrics = metrics,
		.nb_metrics = RTE_DIM(metrics),
		.time = time_growth,
		.n = 1,
		.step = 1,
		.costly = true,
	};

	if (!rounds_two_lcores(bench))
		return true;
	rte_fastmem_set_growth(RTE_NUMA_NODE_ANY, true);
	bench_open(bench, &needs, WAY_NO_LCORE | WAY_VARIANT | WAY_ONE_THREAD | WAY_NO_MEMORY);
	rounds_run(bench, &trial);
	bench_close(bench);
	return true;
}

void
scene_growth(const struct bench *bench)
{
	bench_process(bench, &(struct bench_process){ .run = run, .reserve = (size_t)4 << 20 });
}
