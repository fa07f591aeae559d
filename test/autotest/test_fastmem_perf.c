/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * fastmem_perf_autotest: TSC cycles of a pair of allocate and free, beside rte_mempool and rte_malloc.
 * It shows and does not judge: what is fast enough is a machine's business. */

#include <errno.h>
#include <inttypes.h>

#include <rte_cycles.h>
#include <rte_fastmem.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_mempool.h>

#include "test.h"

#define BURST	  32
#define RESERVED  ((size_t)16 << 20)
#define POOL_SIZE 2047 /* of a mempool; enough for its caches and all bursts of few lcores */
#define CACHE	  256
#define TIME_MS	  20 /* that a figure takes */

static const size_t sizes[] = { 64, 512, 1536 };

/* Who is measured, and what for: the same for all lcores. */
static struct rte_mempool *pool;
static size_t size;
static rte_fastmem_handle_t handle;

/* Take a burst and give it back; false: there is not enough. */
typedef bool (*burst_t)(void **ptrs);

static bool
mempool_burst(void **ptrs)
{
	for (unsigned int i = 0; i < BURST; i++)
		if (rte_mempool_get(pool, &ptrs[i]) != 0)
			return false;
	for (unsigned int i = 0; i < BURST; i++)
		rte_mempool_put(pool, ptrs[i]);
	return true;
}

static bool
mempool_bulk(void **ptrs)
{
	if (rte_mempool_get_bulk(pool, ptrs, BURST) != 0)
		return false;
	rte_mempool_put_bulk(pool, ptrs, BURST);
	return true;
}

static bool
fastmem_burst(void **ptrs)
{
	for (unsigned int i = 0; i < BURST; i++)
		if ((ptrs[i] = rte_fastmem_alloc(size, 0, 0)) == NULL)
			return false;
	for (unsigned int i = 0; i < BURST; i++)
		rte_fastmem_free(ptrs[i]);
	return true;
}

static bool
fastmem_sized_burst(void **ptrs)
{
	for (unsigned int i = 0; i < BURST; i++)
		if ((ptrs[i] = rte_fastmem_alloc(size, 0, 0)) == NULL)
			return false;
	for (unsigned int i = 0; i < BURST; i++)
		rte_fastmem_free_sized(ptrs[i], size, 0);
	return true;
}

static bool
fastmem_handle_burst(void **ptrs)
{
	for (unsigned int i = 0; i < BURST; i++)
		if ((ptrs[i] = rte_fastmem_halloc(handle, 0)) == NULL)
			return false;
	for (unsigned int i = 0; i < BURST; i++)
		rte_fastmem_hfree(handle, ptrs[i]);
	return true;
}

static bool
fastmem_bulk(void **ptrs)
{
	if (rte_fastmem_halloc_bulk(handle, ptrs, BURST, 0) != 0)
		return false;
	rte_fastmem_hfree_bulk(handle, ptrs, BURST);
	return true;
}

static bool
malloc_burst(void **ptrs)
{
	for (unsigned int i = 0; i < BURST; i++)
		if ((ptrs[i] = rte_malloc(NULL, size, 0)) == NULL)
			return false;
	for (unsigned int i = 0; i < BURST; i++)
		rte_free(ptrs[i]);
	return true;
}

static const struct way {
	const char *name;
	burst_t burst;
} ways[] = {
	{ "rte_mempool, singly", mempool_burst },
	{ "fastmem, singly", fastmem_burst },
	{ "fastmem, freed by size", fastmem_sized_burst },
	{ "fastmem, by handle", fastmem_handle_burst },
	{ "rte_malloc", malloc_burst },
	{ "rte_mempool, in bulk", mempool_bulk },
	{ "fastmem, in bulk", fastmem_bulk },
};

/* What an lcore found: cycles a pair, below 0: there was not enough. */
static double cycles[RTE_MAX_LCORE];
static burst_t measured;

static int
measure(void *arg)
{
	uint64_t time = rte_get_tsc_hz() / 1000 * TIME_MS, begin, end;
	double *mine = &cycles[rte_lcore_id()];
	uint64_t pairs = 0;
	void *ptrs[BURST];

	RTE_SET_USED(arg);
	*mine = -1;
	for (unsigned int i = 0; i < 100; i++)
		if (!measured(ptrs))
			return -1;
	begin = rte_rdtsc();
	do {
		/* So many that looking at the clock is nothing beside them. */
		for (unsigned int i = 0; i < 32; i++)
			if (!measured(ptrs))
				return -1;
		pairs += (uint64_t)32 * BURST;
		end = rte_rdtsc();
	} while (end - begin < time);
	*mine = (double)(end - begin) / (double)pairs;
	return 0;
}

/* The mean of the lcores that do it at the same time. */
static int
show(const struct way *way, bool on_all)
{
	unsigned int lcore, n = 0;
	double sum = 0;
	int ret;

	measured = way->burst;
	if (on_all) {
		TEST_ASSERT_SUCCESS(rte_eal_mp_remote_launch(measure, NULL, CALL_MAIN), "launch");
		rte_eal_mp_wait_lcore();
		RTE_LCORE_FOREACH(lcore) {
			TEST_ASSERT(cycles[lcore] >= 0, "%s: not enough memory", way->name);
			sum += cycles[lcore];
			n++;
		}
	} else {
		ret = measure(NULL);
		TEST_ASSERT_SUCCESS(ret, "%s: not enough memory", way->name);
		sum = cycles[rte_lcore_id()];
		n = 1;
	}
	printf("%-24s %6zu B %3u lcores %10.2f\n", way->name, size, n, sum / n);
	return TEST_SUCCESS;
}

static int
show_size(void)
{
	int ret;

	pool = rte_mempool_create("fastmem_perf", POOL_SIZE, (unsigned int)size, CACHE, 0, NULL,
				  NULL, NULL, NULL, (int)rte_socket_id(), 0);
	TEST_ASSERT_NOT_NULL(pool, "no mempool");
	ret = rte_fastmem_hlookup(size, 0, RTE_NUMA_NODE_ANY, &handle);
	for (unsigned int i = 0; i < RTE_DIM(ways) && ret == 0; i++) {
		ret = show(&ways[i], false);
		if (ret == 0 && rte_lcore_count() > 1)
			ret = show(&ways[i], true);
	}
	rte_mempool_free(pool);
	return ret;
}

static int
test_fastmem_perf(void)
{
	int ret = rte_fastmem_init();

	TEST_ASSERT_SUCCESS(ret, "init: %d", ret);
	ret = rte_fastmem_reserve(RESERVED, RTE_NUMA_NODE_ANY);
	if (ret == -ENOMEM) {
		printf("skipped: EAL has no %zu MiB that can be reserved\n", RESERVED >> 20);
		rte_fastmem_deinit();
		return TEST_SKIPPED;
	}
	printf("TSC cycles of a pair of allocate and free, %u taken and then given back:\n", BURST);
	for (unsigned int i = 0; i < RTE_DIM(sizes) && ret == 0; i++) {
		size = sizes[i];
		ret = show_size();
	}
	rte_fastmem_deinit();
	return ret;
}

REGISTER_TEST_COMMAND(fastmem_perf_autotest, test_fastmem_perf);
