/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Statistics: exact where one thread works, told apart by lcore and by thread, the same seen from
 * every side, and reset without losing what is in use. */

#include <stdlib.h>

#include <rte_lcore.h>

#include "test_blocks.h"
#include "test_setup.h"

static void
all_is_zero_at_first(void **state)
{
	struct rte_fastmem_stats stats = stats_now();
	struct rte_fastmem_node_stats node = node_stats_now();
	struct rte_fastmem_lcore_stats lcore;

	(void)state;
	assert_int_equal(stats.bytes_backing, 0);
	assert_int_equal(stats.bytes_in_use, 0);
	assert_int_equal(stats.alloc_total, 0);
	assert_int_equal(stats.free_total, 0);
	assert_int_equal(stats.alloc_nomem, 0);
	assert_int_equal(stats.n_classes, rte_fastmem_classes(NULL));
	assert_int_equal(node.bytes_reserved, 0);
	assert_int_equal(node.bytes_backing, 0);
	assert_int_equal(node.bytes_cached, 0);
	assert_int_equal(node.free_slabs, 0);
	assert_int_equal(node.chunks, 0);
	assert_int_equal(node.page_size, 0);
	assert_int_equal(node.growths, 0);
	assert_int_equal(node.failed_growths, 0);
	assert_int_equal(rte_fastmem_stats_lcore(0, &lcore), 0);
	assert_true(test_all_zero(&lcore, sizeof(lcore)));
	assert_int_equal(rte_fastmem_stats_shared(&lcore), 0);
	assert_true(test_all_zero(&lcore, sizeof(lcore)));
}

static void
wrong_arguments_are_einval(void **state)
{
	struct rte_fastmem_lcore_class_stats lcore_class;
	struct rte_fastmem_class_stats class;
	struct rte_fastmem_lcore_stats lcore;
	struct rte_fastmem_node_stats node;

	(void)state;
	assert_int_equal(rte_fastmem_stats(NULL), -EINVAL);
	assert_int_equal(rte_fastmem_stats_class(64, NULL), -EINVAL);
	assert_int_equal(rte_fastmem_stats_class(63, &class), -EINVAL);
	assert_int_equal(rte_fastmem_stats_class(0, &class), -EINVAL);
	assert_int_equal(rte_fastmem_stats_class(2 * MIB, &class), -EINVAL);
	assert_int_equal(rte_fastmem_stats_class(SIZE_MAX, &class), -EINVAL);
	assert_int_equal(rte_fastmem_stats_lcore(0, NULL), -EINVAL);
	assert_int_equal(rte_fastmem_stats_lcore(RTE_MAX_LCORE, &lcore), -EINVAL);
	assert_int_equal(rte_fastmem_stats_lcore(LCORE_ID_ANY, &lcore), -EINVAL);
	assert_int_equal(rte_fastmem_stats_lcore_class(0, 64, NULL), -EINVAL);
	assert_int_equal(rte_fastmem_stats_lcore_class(0, 65, &lcore_class), -EINVAL);
	assert_int_equal(rte_fastmem_stats_lcore_class(RTE_MAX_LCORE, 64, &lcore_class), -EINVAL);
	assert_int_equal(rte_fastmem_stats_shared(NULL), -EINVAL);
	assert_int_equal(rte_fastmem_stats_shared_class(64, NULL), -EINVAL);
	assert_int_equal(rte_fastmem_stats_shared_class(65, &lcore_class), -EINVAL);
	assert_int_equal(rte_fastmem_stats_node(test_node(), NULL), -EINVAL);
	assert_int_equal(rte_fastmem_stats_node(RTE_NUMA_MAX_NODES, &node), -EINVAL);
	assert_int_equal(rte_fastmem_stats_node(-2, &node), -EINVAL);
}

/* Allocations and frees of one class by one lcore, as every view must tell them. */
static void
assert_class_counts(size_t class_size, uint64_t allocs, uint64_t frees)
{
	struct rte_fastmem_class_stats class = class_stats_now(class_size);
	struct rte_fastmem_lcore_class_stats lcore;

	assert_int_equal(class.class_size, class_size);
	assert_int_equal(class.in_use, allocs - frees);
	assert_int_equal(class.alloc_cache_hits + class.alloc_cache_misses, allocs);
	assert_int_equal(class.free_cache_hits + class.free_cache_misses, frees);
	assert_int_equal(class.alloc_nomem, 0);
	assert_int_equal(rte_fastmem_stats_lcore_class(0, class_size, &lcore), 0);
	assert_int_equal(lcore.class_size, class_size);
	assert_int_equal(lcore.alloc_cache_hits, class.alloc_cache_hits);
	assert_int_equal(lcore.alloc_cache_misses, class.alloc_cache_misses);
	assert_int_equal(lcore.free_cache_hits, class.free_cache_hits);
	assert_int_equal(lcore.free_cache_misses, class.free_cache_misses);
	assert_int_equal(lcore.alloc_nomem, 0);
}

static void
assert_totals(uint64_t allocs, uint64_t frees, uint64_t bytes)
{
	struct rte_fastmem_stats stats = stats_now();

	assert_int_equal(stats.alloc_total, allocs);
	assert_int_equal(stats.free_total, frees);
	assert_int_equal(stats.bytes_in_use, bytes);
	assert_int_equal(node_stats_now().bytes_in_use, bytes);
}

static void
single_operations_are_counted_one_by_one(void **state)
{
	size_t sizes[RTE_FASTMEM_MAX_CLASSES];
	unsigned int i, n = rte_fastmem_classes(sizes);
	uint64_t done = 0;
	void *ptrs[12];
	int j;

	(void)state;
	for (i = 0; i < n; i++) {
		for (j = 0; j < 12; j++) {
			ptrs[j] = rte_fastmem_alloc(sizes[i], 0, 0);
			assert_class_counts(sizes[i], j + 1, 0);
			assert_totals(done + j + 1, done, (j + 1) * sizes[i]);
		}
		for (j = 0; j < 12; j++) {
			rte_fastmem_free(ptrs[j]);
			assert_class_counts(sizes[i], 12, j + 1);
			assert_totals(done + 12, done + j + 1, (11 - j) * sizes[i]);
		}
		done += 12;
	}
}

static void
every_way_to_allocate_and_free_is_counted(void **state)
{
	rte_fastmem_handle_t handle;
	void *ptrs[100];
	void *ptr;

	(void)state;
	assert_int_equal(rte_fastmem_hlookup(256, 0, test_node(), &handle), 0);
	assert_int_equal(rte_fastmem_alloc_bulk(ptrs, 100, 256, 0, 0), 0);
	assert_class_counts(256, 100, 0);
	rte_fastmem_free_bulk(ptrs, 100);
	assert_class_counts(256, 100, 100);
	assert_int_equal(rte_fastmem_halloc_bulk(handle, ptrs, 70, 0), 0);
	assert_class_counts(256, 170, 100);
	rte_fastmem_hfree_bulk(handle, ptrs, 70);
	assert_class_counts(256, 170, 170);
	assert_int_equal(rte_fastmem_alloc_bulk_node(ptrs, 5, 256, 0, 0, test_node()), 0);
	rte_fastmem_free_sized(ptrs[0], 256, 0);
	rte_fastmem_hfree(handle, ptrs[1]);
	rte_fastmem_free_bulk(ptrs + 2, 3);
	assert_class_counts(256, 175, 175);
	ptr = rte_fastmem_alloc_node(256, 0, RTE_FASTMEM_F_ZERO, RTE_NUMA_NODE_ANY);
	assert_class_counts(256, 176, 175);
	assert_null(rte_fastmem_realloc(ptr, 0, 0));
	assert_class_counts(256, 176, 176);
	assert_totals(176, 176, 0);
}

/* With the cache flushed, magazines emptied and filled, the counts do not move. */
static void
moving_blocks_about_is_no_allocation(void **state)
{
	void *ptrs[1000];
	int round;

	(void)state;
	for (round = 1; round <= 20; round++) {
		assert_int_equal(rte_fastmem_alloc_bulk(ptrs, 1000, 128, 0, 0), 0);
		rte_fastmem_cache_flush();
		rte_fastmem_free_bulk(ptrs, 1000);
		rte_fastmem_cache_flush();
		rte_fastmem_trim(test_node());
		assert_class_counts(128, 1000 * round, 1000 * round);
	}
}

static void
large_blocks_count_too(void **state)
{
	void *ptr = rte_fastmem_alloc(5 * MIB, 0, 0);

	(void)state;
	assert_non_null(ptr);
	assert_totals(1, 0, rte_fastmem_usable_size(ptr));
	rte_fastmem_free(ptr);
	assert_totals(1, 1, 0);
}

static void
a_cached_block_is_a_hit(void **state)
{
	struct rte_fastmem_class_stats before, after;
	int i;

	(void)state;
#ifdef RTE_FASTMEM_DEBUG
	skip_because("a debug build caches nothing");
#endif
	rte_fastmem_free(rte_fastmem_alloc(64, 0, 0));
	before = class_stats_now(64);
	for (i = 0; i < 1000; i++)
		rte_fastmem_free(rte_fastmem_alloc(64, 0, 0));
	after = class_stats_now(64);
	assert_int_equal(after.alloc_cache_hits - before.alloc_cache_hits, 1000);
	assert_int_equal(after.free_cache_hits - before.free_cache_hits, 1000);
	assert_int_equal(after.alloc_cache_misses, before.alloc_cache_misses);
	assert_true(before.alloc_cache_misses > 0);
}

static void
failures_are_counted_and_take_nothing(void **state)
{
	struct rte_fastmem_lcore_stats lcore;
	struct test_blocks blocks = { 0 };
	void *ptrs[4];
	size_t n;

	(void)state;
	n = test_blocks_exhaust(&blocks, MIB, 0);
	assert_int_equal(stats_now().alloc_nomem, 1);
	assert_null(rte_fastmem_alloc(MIB, 0, 0));
	assert_null(rte_fastmem_alloc_node(MIB, 0, 0, RTE_NUMA_NODE_ANY));
	assert_int_equal(stats_now().alloc_nomem, 3);
	assert_int_equal(class_stats_now(MIB).alloc_nomem, 3);
	assert_int_equal(rte_fastmem_stats_lcore(0, &lcore), 0);
	assert_int_equal(lcore.alloc_nomem, 3);
	assert_int_equal(rte_fastmem_alloc_bulk(ptrs, 4, MIB, 0, 0), -ENOMEM);
	assert_true(stats_now().alloc_nomem > 3);
	assert_totals(n, 0, n * MIB);
	test_blocks_free(&blocks);
}

static void
bytes_add_up(void **state)
{
	struct test_rand r = test_rand_start(81);
	struct rte_fastmem_node_stats node;
	struct test_blocks blocks = { 0 };
	int i;

	(void)state;
	for (i = 0; i < 2000; i++) {
		if (test_rand_below(&r, 3) != 0)
			test_blocks_alloc(&blocks, test_rand_size(&r, 100000), 0);
		else if (blocks.n > 0)
			rte_fastmem_free(test_blocks_take(&blocks, 0).ptr);
		if (i % 100 != 0)
			continue;
		node = node_stats_now();
		assert_int_equal(node.bytes_in_use, test_blocks_bytes(&blocks));
		assert_int_equal(node.bytes_backing, TEST_RESERVED);
		assert_true(node.bytes_in_use + node.bytes_cached + node.free_slabs * SLAB <=
			    node.bytes_backing);
	}
	test_blocks_free(&blocks);
	rte_fastmem_cache_flush();
	assert_int_equal(rte_fastmem_trim(test_node()), 0);
	node = node_stats_now();
	assert_int_equal(node.bytes_in_use, 0);
	assert_int_equal(node.bytes_cached, 0);
	assert_int_equal(node.free_slabs, TEST_RESERVED / SLAB);
}

static void
the_node_tells_what_it_is_made_of(void **state)
{
	struct rte_fastmem_node_stats node = node_stats_now();

	(void)state;
	assert_int_equal(node.bytes_reserved, TEST_RESERVED);
	assert_int_equal(node.bytes_backing, TEST_RESERVED);
	assert_true(node.bytes_limit == UINT64_MAX);
	assert_int_equal(node.free_slabs, TEST_RESERVED / SLAB);
	assert_int_equal(node.chunks, zones_count());
	assert_int_equal(node.page_size, test_eal_page_size());
	assert_int_equal(node.growths, 0);
	assert_int_equal(node.failed_growths, 0);
}

static void
page_runs_are_acquired_and_released(void **state)
{
	struct rte_fastmem_class_stats class;
	struct test_blocks blocks = { 0 };

	(void)state;
	test_blocks_exhaust(&blocks, 512, 0);
	class = class_stats_now(512);
	assert_true(class.slab_acquires > 0);
	assert_int_equal(class.slab_acquires - class.slab_releases,
			 class.slabs_partial + class.slabs_full);
	test_blocks_free(&blocks);
	rte_fastmem_cache_flush();
	rte_fastmem_trim(test_node());
	test_blocks_exhaust(&blocks, MIB, 0);
	class = class_stats_now(512);
	assert_int_equal(class.slabs_partial + class.slabs_full, 0);
	assert_int_equal(class.slab_acquires, class.slab_releases);
	test_blocks_free(&blocks);
}

static uint64_t
allocs_of_lcore(unsigned int lcore_id)
{
	struct rte_fastmem_lcore_stats stats;

	assert_int_equal(rte_fastmem_stats_lcore(lcore_id, &stats), 0);
	return stats.alloc_cache_hits + stats.alloc_cache_misses;
}

static uint64_t
allocs_of_shared(void)
{
	struct rte_fastmem_lcore_stats stats;

	assert_int_equal(rte_fastmem_stats_shared(&stats), 0);
	return stats.alloc_cache_hits + stats.alloc_cache_misses;
}

static void
allocate_and_free(unsigned int n)
{
	while (n-- > 0)
		rte_fastmem_free(rte_fastmem_alloc(700, 0, 0));
}

static int
work_on_lcore(void *arg)
{
	allocate_and_free(*(unsigned int *)arg);
	return 0;
}

static void *
work_in_thread(void *arg)
{
	allocate_and_free(*(unsigned int *)arg);
	return NULL;
}

static void
each_lcore_and_other_threads_count_apart(void **state)
{
	unsigned int on_worker = 300, in_thread = 5000;
	struct rte_fastmem_lcore_class_stats shared;
	pthread_t thread;
	int i;

	(void)state;
	allocate_and_free(11);
	assert_int_equal(rte_eal_remote_launch(work_on_lcore, &on_worker, 1), 0);
	assert_int_equal(rte_eal_wait_lcore(1), 0);
	for (i = 1; i <= 3; i++) {
		test_thread_start(&thread, work_in_thread, &in_thread);
		pthread_join(thread, NULL);
		assert_int_equal(allocs_of_shared(), in_thread * i);
	}
	assert_int_equal(allocs_of_lcore(0), 11);
	assert_int_equal(allocs_of_lcore(1), 300);
	assert_int_equal(rte_fastmem_stats_shared_class(class_of(700), &shared), 0);
	assert_int_equal(shared.class_size, class_of(700));
	assert_int_equal(shared.alloc_cache_hits + shared.alloc_cache_misses, 15000);
	assert_int_equal(shared.free_cache_hits + shared.free_cache_misses, 15000);
	assert_int_equal(rte_fastmem_stats_shared_class(64, &shared), 0);
	assert_int_equal(shared.alloc_cache_hits + shared.alloc_cache_misses, 0);
	assert_totals(15311, 15311, 0);
}

static void
a_class_of_a_node_tells_what_is_held_and_cached(void **state)
{
	const size_t class = class_of(300);
	struct rte_fastmem_node_class_stats s;
	void *ptrs[50];

	(void)state;
	assert_int_equal(rte_fastmem_stats_node_class(test_node(), class, NULL), -EINVAL);
	assert_int_equal(rte_fastmem_stats_node_class(test_node(), class + 1, &s), -EINVAL);
	assert_int_equal(rte_fastmem_stats_node_class(-2, class, &s), -EINVAL);
	assert_int_equal(rte_fastmem_alloc_bulk(ptrs, 50, 300, 0, 0), 0);
	assert_int_equal(rte_fastmem_stats_node_class(test_node(), class, &s), 0);
	assert_int_equal(s.class_size, class);
	assert_int_equal(s.in_use, 50);
	assert_int_equal(s.cached * class, node_stats_now().bytes_cached);
	rte_fastmem_free_bulk(ptrs, 50);
	assert_int_equal(rte_fastmem_stats_node_class(test_node(), class, &s), 0);
	assert_int_equal(s.in_use, 0);
	assert_int_equal(s.cached * class, node_stats_now().bytes_cached);
	rte_fastmem_cache_flush();
	rte_fastmem_trim(test_node());
	assert_int_equal(rte_fastmem_stats_node_class(test_node(), class, &s), 0);
	assert_int_equal(s.cached, 0);
}

static void
reset_keeps_what_is_in_use(void **state)
{
	void *ptrs[50];

	(void)state;
	assert_int_equal(rte_fastmem_alloc_bulk(ptrs, 50, 300, 0, 0), 0);
	rte_fastmem_stats_reset();
	assert_totals(0, 0, 50 * class_of(300));
	assert_int_equal(class_stats_now(class_of(300)).in_use, 50);
	assert_int_equal(class_stats_now(class_of(300)).alloc_cache_misses, 0);
	assert_int_equal(allocs_of_lcore(0), 0);
	rte_fastmem_free_bulk(ptrs, 50);
	assert_totals(0, 50, 0);
	allocate_and_free(7);
	assert_totals(7, 57, 0);
	assert_int_equal(allocs_of_lcore(0), 7);
}

static void
reset_covers_every_counter(void **state)
{
	struct rte_fastmem_lcore_stats lcore;
	struct rte_fastmem_class_stats class;
	struct test_blocks blocks = { 0 };
	unsigned int in_thread = 100;
	pthread_t thread;

	(void)state;
	test_thread_start(&thread, work_in_thread, &in_thread);
	pthread_join(thread, NULL);
	test_blocks_exhaust(&blocks, 64 << 10, 0);
	test_blocks_free(&blocks);
	rte_fastmem_stats_reset();
	assert_int_equal(stats_now().alloc_nomem, 0);
	assert_int_equal(rte_fastmem_stats_lcore(0, &lcore), 0);
	assert_true(test_all_zero(&lcore, sizeof(lcore)));
	assert_int_equal(rte_fastmem_stats_shared(&lcore), 0);
	assert_true(test_all_zero(&lcore, sizeof(lcore)));
	class = class_stats_now(class_of(64 << 10));
	assert_int_equal(class.alloc_cache_hits + class.alloc_cache_misses + class.alloc_nomem +
				 class.free_cache_hits + class.free_cache_misses,
			 0);
	assert_int_equal(stats_now().bytes_backing, TEST_RESERVED);
}

int
main(int argc, char **argv)
{
#define RESERVED(test) cmocka_unit_test_setup_teardown(test, setup_reserved, teardown_deinit)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_is_zero_at_first, setup_init, teardown_deinit),
		RESERVED(wrong_arguments_are_einval),
		RESERVED(single_operations_are_counted_one_by_one),
		RESERVED(every_way_to_allocate_and_free_is_counted),
		RESERVED(moving_blocks_about_is_no_allocation),
		RESERVED(large_blocks_count_too),
		RESERVED(a_cached_block_is_a_hit),
		RESERVED(failures_are_counted_and_take_nothing),
		RESERVED(bytes_add_up),
		RESERVED(the_node_tells_what_it_is_made_of),
		RESERVED(page_runs_are_acquired_and_released),
		RESERVED(each_lcore_and_other_threads_count_apart),
		RESERVED(a_class_of_a_node_tells_what_is_held_and_cached),
		RESERVED(reset_keeps_what_is_in_use),
		RESERVED(reset_covers_every_counter),
	};

	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("fastmem/stats", tests, NULL, NULL);
}
