/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of pools: capacity, what is refused, threads that come and go, fragmentation, and
 *   that blocks are where the region says, as the kernel shows it.
 * Must not: repeat what test_memalloc_conform.c checks for every kind.
 * Called by: meson test.
 */

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <rte_memalloc_pool.h>

#include "witness.h"

#define KIB ((size_t)1 << 10)

static const struct rte_memregion_opts small = { .pages = RTE_MEMREGION_PAGES_SMALL };

static struct rte_memalloc_pool *
create(size_t block_size, size_t align, uint32_t capacity, uint32_t cache_size)
{
	struct rte_memalloc_pool_opts opts = {
		.block_size = block_size,
		.align = align,
		.capacity = capacity,
		.cache_size = cache_size,
		.flags = cache_size == 0 ? RTE_MEMALLOC_POOL_F_NO_CACHE : 0,
		.region = &small,
	};
	struct rte_memalloc_pool *pool = NULL;

	if (rte_memalloc_pool_create(&opts, &pool) != 0)
		fail_msg("%s", rte_memalloc_error());
	assert_non_null(pool);
	return pool;
}

static void
destroy(struct rte_memalloc_pool *pool)
{
	if (rte_memalloc_destroy(rte_memalloc_pool_base(pool)) != 0)
		fail_msg("%s", rte_memalloc_error());
}

static struct rte_memalloc_stats
stats_of(struct rte_memalloc_pool *pool)
{
	struct rte_memalloc_stats stats;

	assert_int_equal(rte_memalloc_stats(rte_memalloc_pool_base(pool), &stats), 0);
	return stats;
}

static int
by_address(const void *a, const void *b)
{
	uintptr_t one = *(const uintptr_t *)a, other = *(const uintptr_t *)b;

	return one < other ? -1 : one > other;
}

/* Take all there are: capacity blocks, each another one, in the region. */
static void **
take_all(struct rte_memalloc_pool *pool, size_t size, uint32_t capacity)
{
	uintptr_t start = (uintptr_t)rte_memregion_addr(rte_memalloc_pool_region(pool));
	uintptr_t end = start + rte_memregion_size(rte_memalloc_pool_region(pool));
	void **blocks = calloc(capacity, sizeof(*blocks));
	uintptr_t *sorted = calloc(capacity, sizeof(*sorted));

	assert_non_null(blocks);
	assert_non_null(sorted);
	for (uint32_t i = 0; i < capacity; i++) {
		blocks[i] = rte_memalloc_pool_get(pool);
		if (blocks[i] == NULL)
			fail_msg("%u of %u: %s", i, capacity, rte_memalloc_error());
		sorted[i] = (uintptr_t)blocks[i];
		memset(blocks[i], (int)i, size);
	}
	qsort(sorted, capacity, sizeof(*sorted), by_address);
	for (uint32_t i = 0; i < capacity; i++) {
		assert_true(sorted[i] >= start && sorted[i] + size <= end);
		assert_true(i == 0 || sorted[i] - sorted[i - 1] >= size);
	}
	free(sorted);
	errno = 0;
	assert_null(rte_memalloc_pool_get(pool));
	assert_int_equal(errno, ENOMEM);
	assert_non_null(strstr(rte_memalloc_error(), "none left"));
	return blocks;
}

static void
put_all(struct rte_memalloc_pool *pool, void **blocks, uint32_t capacity)
{
	for (uint32_t i = 0; i < capacity; i++)
		assert_int_equal(rte_memalloc_pool_put(pool, blocks[i]), 0);
	free(blocks);
}

static void
it_has_as_many_blocks_as_asked_for(void **state)
{
	static const uint32_t capacities[] = { 1, 2, 63, 64, 65, 1000, 5000 };
	static const uint32_t caches[] = { 0, 1, 2, 7, 64, RTE_MEMALLOC_POOL_CACHE_MAX };
	static const size_t sizes[] = { 1, 24, 64, 100, 4096 };

	(void)state;
	for (unsigned int i = 0; i < 7; i++) {
		for (unsigned int j = 0; j < 6; j++) {
			size_t size = sizes[(i + j) % 5];
			struct rte_memalloc_pool *pool = create(size, 8, capacities[i], caches[j]);

			for (int round = 0; round < 3; round++)
				put_all(pool, take_all(pool, size, capacities[i]), capacities[i]);
			assert_int_equal(stats_of(pool).nb_failed, 3);
			assert_int_equal(stats_of(pool).nb_allocs, 3 * capacities[i]);
			assert_int_equal(stats_of(pool).nb_frees, 3 * capacities[i]);
			destroy(pool);
		}
	}
}

static void
whatever_is_no_block_is_refused(void **state)
{
	static const size_t sizes[] = { 1, 3, 8, 24, 48, 64, 96, 100, 1000, 4096, 6000 };

	(void)state;
	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct rte_memalloc_pool *pool = create(sizes[i], 1, 37, i % 2 == 0 ? 0 : 8);
		void **blocks = take_all(pool, sizes[i], 37);
		uintptr_t start = (uintptr_t)rte_memregion_addr(rte_memalloc_pool_region(pool));

		/* Each byte of the pool, and around it, but for where blocks begin. */
		for (uintptr_t at = start - 500; at < start + 37 * sizes[i] + 500; at++) {
			bool is_block = at >= start && at < start + 37 * sizes[i] &&
					(at - start) % sizes[i] == 0;

			assert_int_equal(rte_memalloc_usable_size(rte_memalloc_pool_base(pool),
								  (void *)at),
					 is_block ? sizes[i] : 0);
			if (!is_block)
				assert_int_equal(rte_memalloc_pool_put(pool, (void *)at), -EINVAL);
		}
		assert_non_null(strstr(rte_memalloc_error(), "is no block of the pool of 37"));
		assert_int_equal(stats_of(pool).nb_frees, 0);
		put_all(pool, blocks, 37);
		destroy(pool);
	}
}

static void
a_block_is_freed_once(void **state)
{
	static const uint32_t caches[] = { 0, 2, 16 };

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		struct rte_memalloc_pool *pool = create(64, 0, 100, caches[i]);
		struct rte_memalloc_pool *other = create(64, 0, 100, caches[i]);
		void *mem = rte_memalloc_pool_get(pool);

		assert_int_equal(rte_memalloc_pool_put(other, mem), -EINVAL);
		assert_int_equal(rte_memalloc_pool_put(pool, mem), 0);
		assert_int_equal(rte_memalloc_pool_put(pool, mem), -EINVAL);
		assert_non_null(strstr(rte_memalloc_error(), "freed twice"));
		assert_int_equal(rte_memalloc_pool_put(pool, NULL), 0);
		put_all(pool, take_all(pool, 64, 100), 100);
		assert_int_equal(rte_memalloc_pool_put(pool, mem), -EINVAL);
		destroy(pool);
		destroy(other);
	}
}

static void
a_surplus_block_is_dropped(void **state)
{
	struct rte_memalloc_pool *pool = create(64, 0, 100, 16);
	void *mem = rte_memalloc_pool_get(pool);

	(void)state;
	/* As two threads leave it that free a block at the same moment: both saw that it is out. */
	assert_int_equal(rte_memalloc_pool_put(pool, mem), 0);
	pool->is_out[rte_memalloc_pool_index(pool, mem)] = 1;
	assert_int_equal(rte_memalloc_pool_put(pool, mem), 0);
	for (int round = 0; round < 2; round++)
		put_all(pool, take_all(pool, 64, 100), 100);
	assert_int_equal(stats_of(pool).allocated, 0);
	destroy(pool);
}

static void
sizes_and_alignments_are_those_of_its_blocks(void **state)
{
	struct rte_memalloc_pool *pool = create(100, 64 * KIB, 20, 0);
	struct rte_memalloc *alloc = rte_memalloc_pool_base(pool);
	void **blocks, *mem, *moved;

	(void)state;
	blocks = take_all(pool, 64 * KIB, 20);
	for (int i = 0; i < 20; i++)
		assert_int_equal((uintptr_t)blocks[i] % (64 * KIB), 0);
	put_all(pool, blocks, 20);
	assert_int_equal(rte_memalloc_alloc(alloc, 64 * KIB + 1, 0, &mem), -EINVAL);
	assert_int_equal(rte_memalloc_alloc(alloc, 1, 128 * KIB, &mem), -EINVAL);
	assert_non_null(strstr(rte_memalloc_error(), "a pool of blocks of 65536 bytes"));
	assert_int_equal(rte_memalloc_alloc(alloc, 64 * KIB, 64 * KIB, &mem), 0);
	assert_int_equal(rte_memalloc_realloc(alloc, mem, 5, 0, &moved), 0);
	assert_ptr_equal(moved, mem);
	assert_int_equal(rte_memalloc_realloc(alloc, mem, 64 * KIB + 1, 0, &moved), -EINVAL);
	assert_int_equal(rte_memalloc_destroy(alloc), -EBUSY);
	assert_non_null(strstr(rte_memalloc_error(), "of which 1 are in use"));
	assert_int_equal(rte_memalloc_free(alloc, mem), 0);
	destroy(pool);
}

static void
the_peak_of_one_thread_is_exact(void **state)
{
	static const uint32_t caches[] = { 0, 2, 16, 100 };
	void *blocks[300];

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		struct rte_memalloc_pool *pool = create(64, 0, 1000, caches[i]);

		for (unsigned int peak = 1; peak <= 300; peak += peak / 3 + 1) {
			assert_int_equal(rte_memalloc_reset_peak(rte_memalloc_pool_base(pool)), 0);
			for (unsigned int n = 0; n < peak; n++)
				blocks[n] = rte_memalloc_pool_get(pool);
			for (unsigned int n = 0; n < peak; n++)
				assert_int_equal(rte_memalloc_pool_put(pool, blocks[n]), 0);
			assert_ptr_not_equal(blocks[0] = rte_memalloc_pool_get(pool), NULL);
			assert_int_equal(stats_of(pool).peak, 64 * peak);
			assert_int_equal(stats_of(pool).allocated, 64);
			assert_int_equal(rte_memalloc_pool_put(pool, blocks[0]), 0);
		}
		destroy(pool);
	}
}

static void
fragmentation_is_one_less_the_largest_run(void **state)
{
	struct rte_memalloc_pool *pool = create(64, 0, 100, 8);
	void *blocks[100];

	(void)state;
	assert_true(rte_memalloc_pool_fragmentation(pool) == 0);
	for (int i = 0; i < 100; i++)
		blocks[i] = rte_memalloc_pool_get(pool);
	qsort(blocks, 100, sizeof(blocks[0]), by_address);
	assert_true(rte_memalloc_pool_fragmentation(pool) == 0);
	for (int i = 0; i < 100; i += 2)
		rte_memalloc_pool_put(pool, blocks[i]);
	assert_true(rte_memalloc_pool_fragmentation(pool) == 1 - 1 / 50.0);
	for (int i = 1; i < 50; i += 2)
		rte_memalloc_pool_put(pool, blocks[i]);
	/* 51 in one run, 24 each alone. */
	assert_true(rte_memalloc_pool_fragmentation(pool) == 1 - 51 / 75.0);
	for (int i = 51; i < 100; i += 2)
		rte_memalloc_pool_put(pool, blocks[i]);
	assert_true(rte_memalloc_pool_fragmentation(pool) == 0);
	destroy(pool);
}

/* Those for whose caches threads have no room do without. */
static void
there_may_be_any_number_of_pools(void **state)
{
	struct rte_memalloc_pool *pools[RTE_MEMALLOC_POOL_IDS + 50];
	unsigned int nb = sizeof(pools) / sizeof(pools[0]);

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (unsigned int i = 0; i < nb; i++)
			pools[i] = create(64, 0, 40, 8);
		for (unsigned int i = 0; i < nb; i++) {
			void **blocks = take_all(pools[i], 64, 40);

			assert_null(rte_memalloc_pool_get(pools[i]));
			assert_int_equal(stats_of(pools[i]).allocated, 64 * 40);
			put_all(pools[i], blocks, 40);
			assert_int_equal(stats_of(pools[i]).allocated, 0);
			assert_int_equal(stats_of(pools[i]).nb_allocs, 40);
		}
		/* Their numbers are given again. */
		for (unsigned int i = 0; i < nb; i++)
			destroy(pools[i * 7 % nb]);
	}
}

/* Takes and gives back so many that its cache is full, and ends. */
static void *
use_and_end(void *arg)
{
	struct rte_memalloc_pool *pool = arg;
	void *blocks[100];

	for (int i = 0; i < 100; i++)
		blocks[i] = rte_memalloc_pool_get(pool);
	for (int i = 0; i < 100; i++) {
		if (blocks[i] == NULL || rte_memalloc_pool_put(pool, blocks[i]) != 0)
			return (void *)1;
	}
	return NULL;
}

static void
threads_that_end_leave_nothing_behind(void **state)
{
	struct rte_memalloc_pool *pool = create(64, 0, 200, 64);
	pthread_t thread;
	void *failed;

	(void)state;
	for (int i = 0; i < 20; i++) {
		assert_int_equal(pthread_create(&thread, NULL, use_and_end, pool), 0);
		assert_int_equal(pthread_join(thread, &failed), 0);
		assert_null(failed);
	}
	assert_int_equal(stats_of(pool).nb_allocs, 2000);
	assert_int_equal(stats_of(pool).nb_frees, 2000);
	put_all(pool, take_all(pool, 64, 200), 200);
	destroy(pool);
}

/* A thread that lives on while pools come and go. */
static struct {
	pthread_barrier_t turn;
	struct rte_memalloc_pool *pool; /* NULL: end */
	bool failed;
} guest;

static void *
be_guest(void *arg)
{
	(void)arg;
	for (;;) {
		pthread_barrier_wait(&guest.turn);
		if (guest.pool == NULL)
			return NULL;
		guest.failed = use_and_end(guest.pool) != NULL;
		pthread_barrier_wait(&guest.turn);
	}
}

static void
pools_come_and_go_while_a_thread_stays(void **state)
{
	struct rte_memalloc_pool *kept[5] = { NULL };
	pthread_t thread;

	(void)state;
	pthread_barrier_init(&guest.turn, NULL, 2);
	assert_int_equal(pthread_create(&thread, NULL, be_guest, NULL), 0);
	for (int i = 0; i < 50; i++) {
		/* Numbers are given again, and new ones come; both threads have caches. */
		if (kept[i % 5] != NULL)
			destroy(kept[i % 5]);
		guest.pool = kept[i % 5] = create(16 + (size_t)i, 8, 300, 32);
		pthread_barrier_wait(&guest.turn);
		assert_null(use_and_end(guest.pool));
		pthread_barrier_wait(&guest.turn);
		assert_false(guest.failed);
		assert_int_equal(stats_of(guest.pool).nb_allocs, 200);
		assert_int_equal(stats_of(guest.pool).allocated, 0);
	}
	guest.pool = NULL;
	pthread_barrier_wait(&guest.turn);
	assert_int_equal(pthread_join(thread, NULL), 0);
	/* What the thread had at hand is back. */
	for (int i = 0; i < 5; i++) {
		put_all(kept[i], take_all(kept[i], 16 + 45 + (size_t)i, 300), 300);
		destroy(kept[i]);
	}
	pthread_barrier_destroy(&guest.turn);
}

static void
blocks_are_where_its_region_has_to_be(void **state)
{
	struct rte_memregion_opts region = {
		.policy = RTE_MEMBIND_BIND,
		.pages = RTE_MEMREGION_PAGES_SMALL,
		.flags = RTE_MEMREGION_F_STRICT,
		.name = "a pool",
	};
	struct rte_memalloc_pool_opts opts = {
		.block_size = 4096, .align = 4096, .capacity = 50, .region = &region
	};
	int nodes[64], nb_nodes = witness_nodes(nodes, 64);
	struct rte_memalloc_pool *pool;
	struct witness_pages pages;
	void **blocks;

	(void)state;
	for (int i = 0; i < nb_nodes; i++) {
		rte_numa_mask_only(&region.nodes, nodes[i]);
		assert_int_equal(rte_memalloc_pool_create(&opts, &pool), 0);
		blocks = take_all(pool, 4096, 50);
		for (int j = 0; j < 50; j++) {
			witness_pages(blocks[j], 4096, &pages);
			assert_int_equal(pages.on_node[nodes[i]], 4096);
		}
		assert_true(witness_name(rte_memregion_addr(rte_memalloc_pool_region(pool)),
					 rte_memregion_size(rte_memalloc_pool_region(pool)),
					 "a pool"));
		put_all(pool, blocks, 50);
		destroy(pool);
	}
	rte_numa_mask_only(&region.nodes, 900);
	pool = (void *)&opts;
	assert_int_equal(rte_memalloc_pool_create(&opts, &pool), -ENODEV);
	assert_non_null(strstr(rte_memalloc_error(), "900"));
	assert_ptr_equal(pool, &opts);
}

static void
what_cannot_be_a_pool_is_refused(void **state)
{
	const struct rte_memalloc_pool_opts good = { .block_size = 64, .capacity = 10 };
	struct rte_memalloc_pool_opts opts = good;
	struct rte_memalloc_pool *pool = (void *)&opts;

	(void)state;
	assert_int_equal(rte_memalloc_pool_create(NULL, &pool), -EINVAL);
	assert_int_equal(rte_memalloc_pool_create(&opts, NULL), -EINVAL);
	opts.block_size = 0;
	assert_int_equal(rte_memalloc_pool_create(&opts, &pool), -EINVAL);
	opts = good;
	opts.align = 24;
	assert_int_equal(rte_memalloc_pool_create(&opts, &pool), -EINVAL);
	opts = good;
	opts.capacity = 0;
	assert_int_equal(rte_memalloc_pool_create(&opts, &pool), -EINVAL);
	opts.capacity = RTE_MEMALLOC_POOL_CAPACITY_MAX + 1;
	assert_int_equal(rte_memalloc_pool_create(&opts, &pool), -EINVAL);
	opts = good;
	opts.cache_size = RTE_MEMALLOC_POOL_CACHE_MAX + 1;
	assert_int_equal(rte_memalloc_pool_create(&opts, &pool), -EINVAL);
	opts = good;
	opts.flags = 1u << 7;
	assert_int_equal(rte_memalloc_pool_create(&opts, &pool), -EINVAL);
	opts = good;
	opts.block_size = (size_t)1 << 62;
	assert_int_equal(rte_memalloc_pool_create(&opts, &pool), -ENOMEM);
	assert_ptr_equal(pool, &opts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_has_as_many_blocks_as_asked_for),
		cmocka_unit_test(whatever_is_no_block_is_refused),
		cmocka_unit_test(a_block_is_freed_once),
		cmocka_unit_test(a_surplus_block_is_dropped),
		cmocka_unit_test(sizes_and_alignments_are_those_of_its_blocks),
		cmocka_unit_test(the_peak_of_one_thread_is_exact),
		cmocka_unit_test(fragmentation_is_one_less_the_largest_run),
		cmocka_unit_test(there_may_be_any_number_of_pools),
		cmocka_unit_test(threads_that_end_leave_nothing_behind),
		cmocka_unit_test(pools_come_and_go_while_a_thread_stays),
		cmocka_unit_test(blocks_are_where_its_region_has_to_be),
		cmocka_unit_test(what_cannot_be_a_pool_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
