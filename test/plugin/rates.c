/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns: what getting and putting objects costs one lcore, with the mempool driver and with DPDK's own.
 * Must not: judge: the least of many short runs is printed, and no test asks for it.
 * Called by: people: rates -d librte_mempool_fastmem.so --in-memory [EAL's options]
 */

#include <inttypes.h>
#include <stdio.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_mempool.h>

#define NB_OBJECTS 4095
#define MOST	   512
#define REPEAT	   8 /* times all is got and put, for one look at the clock */
#define LOOKS	   4000

static const char *const ops[] = { "ring_mp_mc", "lf_stack", "fastmem" };
static const unsigned int sizes[] = { 1, 4, 8, 32, 64, 256 };
static const unsigned int keeps[] = { 32, 128, 512 };

static struct rte_mempool *
make(const char *name)
{
	struct rte_mempool *mp =
		rte_mempool_create_empty(name, NB_OBJECTS, 64, 0, 0, SOCKET_ID_ANY, 0);

	if (mp == NULL || rte_mempool_set_ops_byname(mp, name, NULL) != 0 ||
	    rte_mempool_populate_default(mp) < 0) {
		fprintf(stderr, "no pool with operations %s\n", name);
		return NULL;
	}
	return mp;
}

/* Cycles of `keep` objects got and put, `n` at once. */
static uint64_t
run(struct rte_mempool *mp, unsigned int n, unsigned int keep)
{
	uint64_t begin = rte_rdtsc();
	void *objects[MOST];
	unsigned int i, k;

	for (k = 0; k < REPEAT; k++) {
		for (i = 0; i < keep; i += n)
			if (rte_mempool_get_bulk(mp, objects + i, n) != 0)
				return UINT64_MAX;
		for (i = 0; i < keep; i += n)
			rte_mempool_put_bulk(mp, objects + i, n);
	}
	return (rte_rdtsc() - begin) / REPEAT;
}

static void
compare(struct rte_mempool *const *pools, unsigned int n, unsigned int keep)
{
	uint64_t cycles, least[RTE_DIM(ops)] = { UINT64_MAX, UINT64_MAX, UINT64_MAX };
	unsigned int i, o;

	for (i = 0; i < LOOKS; i++) {
		for (o = 0; o < RTE_DIM(ops); o++) {
			cycles = run(pools[o], n, keep);
			least[o] = RTE_MIN(least[o], cycles);
		}
	}
	printf("%4u %4u", keep, n);
	for (o = 0; o < RTE_DIM(ops); o++)
		printf(" %8.2f", (double)least[o] / keep);
	printf(" %8.2f\n", (double)least[0] / (double)least[2]);
}

int
main(int argc, char **argv)
{
	struct rte_mempool *pools[RTE_DIM(ops)];
	unsigned int i, k;

	if (rte_eal_init(argc, argv) < 0)
		return 1;
	for (i = 0; i < RTE_DIM(ops); i++) {
		pools[i] = make(ops[i]);
		if (pools[i] == NULL)
			return 1;
	}
	printf("cycles (TSC) an object got and put, one lcore, without its cache\n"
	       "keep    n     ring lf_stack  fastmem ring/fastmem\n");
	for (k = 0; k < RTE_DIM(keeps); k++)
		for (i = 0; i < RTE_DIM(sizes) && sizes[i] <= keeps[k]; i++)
			compare(pools, sizes[i], keeps[k]);
	return rte_eal_cleanup();
}
