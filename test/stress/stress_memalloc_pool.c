/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns: the stress test of pools as a whole: threads take blocks, give back their own and each
 *       other's, and others begin, use the pool and end meanwhile.
 * Must not: synchronise the threads by anything but the code under test, but where one hands another
 *       a block.
 * Called by: meson test, plain, with race windows and under ThreadSanitizer.
 */

#include <string.h>

#include "rte_memalloc_pool.h"
#include "stress.h"

#define CAPACITY   600
#define CACHE_SIZE 16
#define MAX_HELD   40

struct block {
	/* Plain memory, so that ThreadSanitizer sees who is not ordered. */
	uint32_t mark;
	uint32_t rest[15];
};

static struct rte_memalloc_pool *pool;
static struct block *_Atomic handed[STRESS_THREADS];

static struct block *
take(uint32_t me)
{
	struct block *block = rte_memalloc_pool_get(pool);

	/* There are enough for all that is held and lies in caches. */
	CHECK(block != NULL && block->mark == 0);
	block->mark = me;
	return block;
}

static void
give(struct block *block)
{
	CHECK(block->mark != 0);
	block->mark = 0;
	CHECK(rte_memalloc_pool_put(pool, block) == 0);
}

/* A thread that ends with a full cache. */
static void *
be_short(void *arg)
{
	struct block *held[MAX_HELD];

	for (int i = 0; i < MAX_HELD; i++)
		held[i] = take((uint32_t)(uintptr_t)arg);
	for (int i = 0; i < MAX_HELD; i++)
		give(held[i]);
	return NULL;
}

static void *
work(void *arg)
{
	struct stress_thread *t = arg;
	struct block *held[MAX_HELD], *block;
	unsigned int n = 0, i;
	pthread_t child;

	while (stress_goes_on()) {
		if (n < MAX_HELD && (n == 0 || stress_rand(t) % 2 == 0)) {
			held[n++] = take(t->me);
			t->done++;
			continue;
		}
		i = stress_rand(t) % n;
		block = held[i];
		held[i] = held[--n];
		CHECK(block->mark == t->me);
		if (stress_rand(t) % 4 == 0) {
			block = atomic_exchange(&handed[stress_rand(t) % STRESS_THREADS], block);
			if (block == NULL)
				continue;
		}
		give(block);
		if (stress_rand(t) % 4096 == 0) {
			CHECK(pthread_create(&child, NULL, be_short,
					     (void *)(uintptr_t)(100 + t->me)) == 0);
			CHECK(pthread_join(child, NULL) == 0);
		}
	}
	while (n > 0)
		give(held[--n]);
	return NULL;
}

static void
look(void)
{
	struct rte_memalloc_stats stats;

	CHECK(rte_memalloc_stats(rte_memalloc_pool_base(pool), &stats) == 0);
	CHECK(stats.allocated <= CAPACITY * sizeof(struct block));
	CHECK(stats.peak <= CAPACITY * sizeof(struct block));
	CHECK(stats.nb_frees <= stats.nb_allocs && stats.nb_failed == 0);
	CHECK(rte_memalloc_pool_fragmentation(pool) < 1);
}

int
main(void)
{
	struct rte_memregion_opts region = { .pages = RTE_MEMREGION_PAGES_SMALL };
	struct rte_memalloc_pool_opts opts = {
		.block_size = sizeof(struct block),
		.capacity = CAPACITY,
		.cache_size = CACHE_SIZE,
		.region = &region,
	};
	struct rte_memalloc_stats stats;
	struct block *block;
	uint64_t done;
	int n = 0;

	CHECK(rte_memalloc_pool_create(&opts, &pool) == 0);
	done = stress_run(work, stress_ms(), look);
	for (int i = 0; i < STRESS_THREADS; i++) {
		block = atomic_load(&handed[i]);
		if (block != NULL)
			give(block);
	}
	CHECK(rte_memalloc_stats(rte_memalloc_pool_base(pool), &stats) == 0);
	CHECK(stats.allocated == 0 && stats.nb_allocs == stats.nb_frees);
	/* All threads have ended, and each block is there. */
	while ((block = rte_memalloc_pool_get(pool)) != NULL) {
		CHECK(block->mark == 0);
		block->mark = 1;
		n++;
	}
	CHECK(n == CAPACITY);
	printf("%llu blocks were taken\n", (unsigned long long)done);
	return 0;
}
