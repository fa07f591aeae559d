/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * What a pair of allocate and free costs beside rte_mempool and rte_malloc, in one run.
 *
 * The ways are timed in turn, ROUNDS times, each as its users write it: constant sizes, the
 * mempool with its largest cache and inlined. Prints the median of the rounds and their spread in
 * nanoseconds a pair. It judges nothing: figures depend on the machine.
 *
 * The compiler must not turn rte_mempool's loop into vector code (gcc's -mno-stv in meson.build):
 * that makes it several times slower, which would not be fair.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_malloc.h>
#include <rte_mempool.h>

#include <rte_fastmem.h>

#define ROUNDS 11
#define PAIRS  2000000u
#define SIZE   64
#define BATCH  32

static struct rte_mempool *pool;
static rte_fastmem_handle_t handle;

/* Let the compiler forget what it knows of the pointers. */
static inline void
use(void *ptrs)
{
	__asm__ volatile("" : : "r"(ptrs) : "memory");
}

/* A function that runs PAIRS pairs: `get` sets p, `put` takes it. */
#define HOT_PAIR(name, get, put) \
	static void hot_##name(void) \
	{ \
		unsigned int i; \
		void *p; \
\
		for (i = 0; i < PAIRS; i++) { \
			get; \
			use(p); \
			put; \
		} \
	} \
\
	static void batch_##name(void) \
	{ \
		void *ptrs[BATCH], *p; \
		unsigned int i, k; \
\
		for (i = 0; i < PAIRS; i += BATCH) { \
			for (k = 0; k < BATCH; k++) { \
				get; \
				ptrs[k] = p; \
			} \
			use(ptrs); \
			for (k = 0; k < BATCH; k++) { \
				p = ptrs[k]; \
				put; \
			} \
		} \
	}

HOT_PAIR(mempool, if (rte_mempool_get(pool, &p) != 0) abort(), rte_mempool_put(pool, p))
HOT_PAIR(malloc, p = rte_malloc(NULL, SIZE, 0), rte_free(p))
HOT_PAIR(fastmem, p = rte_fastmem_alloc(SIZE, 0, 0), rte_fastmem_free(p))
HOT_PAIR(sized, p = rte_fastmem_alloc(SIZE, 0, 0), rte_fastmem_free_sized(p, SIZE, 0))
HOT_PAIR(handle, p = rte_fastmem_halloc(handle, 0), rte_fastmem_hfree(handle, p))

static void
bulk_mempool(void)
{
	void *ptrs[BATCH];
	unsigned int i;

	for (i = 0; i < PAIRS; i += BATCH) {
		if (rte_mempool_get_bulk(pool, ptrs, BATCH) != 0)
			abort();
		use(ptrs);
		rte_mempool_put_bulk(pool, ptrs, BATCH);
	}
}

static void
bulk_fastmem(void)
{
	void *ptrs[BATCH];
	unsigned int i;

	for (i = 0; i < PAIRS; i += BATCH) {
		if (rte_fastmem_alloc_bulk(ptrs, BATCH, SIZE, 0, 0) != 0)
			abort();
		use(ptrs);
		rte_fastmem_free_bulk(ptrs, BATCH);
	}
}

static const struct {
	const char *work, *way;
	void (*run)(void);
} ways[] = {
	{ "hot pair", "rte_mempool", hot_mempool },
	{ "hot pair", "rte_malloc", hot_malloc },
	{ "hot pair", "fastmem alloc, free", hot_fastmem },
	{ "hot pair", "fastmem alloc, free_sized", hot_sized },
	{ "hot pair", "fastmem halloc, hfree", hot_handle },
	{ "32, then freed", "rte_mempool", batch_mempool },
	{ "32, then freed", "rte_malloc", batch_malloc },
	{ "32, then freed", "fastmem alloc, free", batch_fastmem },
	{ "32, then freed", "fastmem alloc, free_sized", batch_sized },
	{ "32, then freed", "fastmem halloc, hfree", batch_handle },
	{ "bulk of 32", "rte_mempool", bulk_mempool },
	{ "bulk of 32", "fastmem alloc_bulk, free_bulk", bulk_fastmem },
};

static double
time_ns(void (*run)(void))
{
	uint64_t start = rte_rdtsc_precise();

	run();
	return (double)(rte_rdtsc_precise() - start) * 1e9 / (double)rte_get_tsc_hz() / PAIRS;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int
set_up(void)
{
	pool = rte_mempool_create("fastpath", 8191, SIZE, RTE_MEMPOOL_CACHE_MAX_SIZE, 0, NULL, NULL,
				  NULL, NULL, SOCKET_ID_ANY, 0);
	if (pool == NULL || rte_fastmem_init() != 0 ||
	    rte_fastmem_reserve(8 << 20, RTE_NUMA_NODE_ANY) != 0)
		return -1;
	return rte_fastmem_hlookup(SIZE, 0, RTE_NUMA_NODE_ANY, &handle);
}

int
main(int argc, char **argv)
{
	double ns[RTE_DIM(ways)][ROUNDS];
	unsigned int i, round;

	if (rte_eal_init(argc, argv) < 0 || set_up() != 0) {
		fprintf(stderr, "fastpath: cannot start: needs 16 MiB of EAL memory\n");
		return 1;
	}
	for (round = 0; round < ROUNDS; round++)
		for (i = 0; i < RTE_DIM(ways); i++)
			ns[i][round] = time_ns(ways[i].run);

	printf("ns a pair of %d bytes; median, lowest and highest of %d rounds\n", SIZE, ROUNDS);
	for (i = 0; i < RTE_DIM(ways); i++) {
		qsort(ns[i], ROUNDS, sizeof(ns[i][0]), by_value);
		printf("%-16s %-30s %8.2f %8.2f %8.2f\n", ways[i].work, ways[i].way,
		       ns[i][ROUNDS / 2], ns[i][0], ns[i][ROUNDS - 1]);
	}
	rte_fastmem_deinit();
	return rte_eal_cleanup() != 0;
}
