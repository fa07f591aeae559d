/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns: what getting and putting objects costs, with the mempool driver and with DPDK's own: on one
 *       lcore and on two at once, without and with the lcore's cache.
 * Must not: judge; no test asks for it.
 * Called by: people: plugin_rates -d librte_mempool_fastmem.so --in-memory -l 0,1 [EAL's options]
 */

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_mempool.h>
#include <rte_pause.h>

#define NB_OBJECTS 8191
#define MOST	   512
#define ROUNDS	   21
#define ROUND_US   2000 /* that a round of one pool takes, about */

/* The first a second time: how far two pools that are alike are apart, by where they lie. */
static const char *const ops[] = { "ring_mp_mc", "lf_stack", "fastmem", "ring_mp_mc" };
static const unsigned int sizes[] = { 1, 4, 8, 32, 64, 256 };
static const unsigned int keeps[] = { 32, 128, 512 };

/* What an lcore is to do, and what it took. */
struct work {
	struct rte_mempool *mp;
	unsigned int n, keep, repeat;
	uint64_t cycles;
	bool failed;
} __rte_cache_aligned; /* each writes its own in its loop */

static struct work work[RTE_MAX_LCORE];
static _Atomic unsigned int ready, nb_lcores;

static struct rte_mempool *
make(unsigned int number, unsigned int cache)
{
	const char *op = ops[number];
	struct rte_mempool *mp;
	char name[RTE_MEMPOOL_NAMESIZE];

	snprintf(name, sizeof(name), "%s %u %u", op, number, cache);
	mp = rte_mempool_create_empty(name, NB_OBJECTS, 64, cache, 0, SOCKET_ID_ANY, 0);
	if (mp == NULL || rte_mempool_set_ops_byname(mp, op, NULL) != 0 ||
	    rte_mempool_populate_default(mp) < 0) {
		fprintf(stderr, "no pool with operations %s\n", op);
		exit(1);
	}
	return mp;
}

/* Get and put `keep` objects, `n` at once, again and again, when all are ready. */
static int
run(void *unused)
{
	struct work *w = &work[rte_lcore_id()];
	void *objects[MOST];
	unsigned int i, k;
	uint64_t begin;

	(void)unused;
	/* Acquire, release: all begin together, and that is all. */
	atomic_fetch_add_explicit(&ready, 1, memory_order_release);
	while (atomic_load_explicit(&ready, memory_order_acquire) <
	       atomic_load_explicit(&nb_lcores, memory_order_relaxed))
		rte_pause();
	begin = rte_rdtsc();
	for (k = 0; k < w->repeat; k++) {
		for (i = 0; i < w->keep; i += w->n)
			w->failed |= rte_mempool_get_bulk(w->mp, objects + i, w->n) != 0;
		if (w->failed)
			break;
		for (i = 0; i < w->keep; i += w->n)
			rte_mempool_put_bulk(w->mp, objects + i, w->n);
	}
	w->cycles = rte_rdtsc() - begin;
	return 0;
}

/* Cycles an object, of the lcore that took longest. */
static double
round_of(struct rte_mempool *mp, unsigned int lcores, unsigned int n, unsigned int keep,
	 unsigned int repeat)
{
	unsigned int lcore, nb = 0;
	uint64_t most = 0;

	atomic_store_explicit(&ready, 0, memory_order_relaxed);
	atomic_store_explicit(&nb_lcores, lcores, memory_order_relaxed);
	RTE_LCORE_FOREACH(lcore)
		work[lcore] = (struct work){ .mp = mp, .n = n, .keep = keep, .repeat = repeat };
	RTE_LCORE_FOREACH_WORKER(lcore)
		if (++nb < lcores)
			rte_eal_remote_launch(run, NULL, lcore);
	run(NULL);
	rte_eal_mp_wait_lcore();
	RTE_LCORE_FOREACH(lcore) {
		if (work[lcore].failed) {
			fprintf(stderr, "%s was empty\n", mp->name);
			exit(1);
		}
		most = RTE_MAX(most, work[lcore].cycles);
	}
	return (double)most / repeat / keep;
}

static int
by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The median round of each pool, one's after the other's. */
static void
compare(struct rte_mempool *const *pools, unsigned int lcores, unsigned int cache, unsigned int n,
	unsigned int keep)
{
	double cycles[RTE_DIM(ops)][ROUNDS], median[RTE_DIM(ops)];
	unsigned int repeat[RTE_DIM(ops)], i, o;

	for (o = 0; o < RTE_DIM(ops); o++)
		repeat[o] = 1 + (unsigned int)((double)rte_get_tsc_hz() / 1e6 * ROUND_US / keep /
					       round_of(pools[o], lcores, n, keep, 100));
	for (i = 0; i < ROUNDS; i++)
		for (o = 0; o < RTE_DIM(ops); o++)
			cycles[o][i] = round_of(pools[o], lcores, n, keep, repeat[o]);
	for (o = 0; o < RTE_DIM(ops); o++) {
		qsort(cycles[o], ROUNDS, sizeof(cycles[o][0]), by_value);
		median[o] = cycles[o][ROUNDS / 2];
	}
	printf("%6u %5u %4u %4u %10.2f %8.2f %8.2f %6.2f %10.2f\n", lcores, cache, keep, n,
	       median[0], median[1], median[2], median[0] / median[2], median[0] / median[3]);
}

static void
compare_all(struct rte_mempool *const *pools, unsigned int lcores, unsigned int cache)
{
	unsigned int i, k;

	for (k = 0; k < RTE_DIM(keeps); k++)
		for (i = 0; i < RTE_DIM(sizes) && sizes[i] <= keeps[k]; i++)
			compare(pools, lcores, cache, sizes[i], keeps[k]);
}

int
main(int argc, char **argv)
{
	static const unsigned int caches[] = { 0, RTE_MEMPOOL_CACHE_MAX_SIZE };
	struct rte_mempool *pools[RTE_DIM(ops)];
	unsigned int c, o, lcores;

	if (rte_eal_init(argc, argv) < 0)
		return 1;
	printf("cycles (TSC) an object got and put, of the slower lcore; median of %u rounds\n"
	       "lcores cache keep    n ring_mp_mc lf_stack  fastmem ring/fastmem ring/ring\n",
	       ROUNDS);
	for (c = 0; c < RTE_DIM(caches); c++) {
		for (o = 0; o < RTE_DIM(ops); o++)
			pools[o] = make(o, caches[c]);
		for (lcores = 1; lcores <= RTE_MIN(rte_lcore_count(), 2u); lcores++)
			compare_all(pools, lcores, caches[c]);
	}
	return rte_eal_cleanup();
}
