/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Memory that is given to a size class ahead: how many runs of pages a class gets later is asked. */

#include <rte_common.h>

#include "test_blocks.h"
#include "test_setup.h"

static const size_t sizes[] = { 64, 300, 2048, 9000, 65536, MIB };

static uint64_t
runs(size_t size)
{
	return class_stats_now(class_of(size)).slab_acquires;
}

static void
allocate(void **block, unsigned int n, size_t size)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		block[i] = rte_fastmem_alloc_node(size, 0, 0, test_node());
		assert_non_null(block[i]);
	}
}

static void
what_was_warmed_needs_no_more_pages(void **state)
{
	static void *block[3000];
	uint64_t before;
	unsigned int n;
	size_t i;

	(void)state;
	for (i = 0; i < RTE_DIM(sizes); i++) {
		n = RTE_MIN(RTE_DIM(block), (unsigned int)(4 * MIB / sizes[i]));
		assert_int_equal(rte_fastmem_warm(n, sizes[i], 0, test_node()), 0);
		before = runs(sizes[i]);
		assert_true(before * 512 * 4096 >= n);
		allocate(block, n, sizes[i]);
		assert_int_equal(runs(sizes[i]), before);
		rte_fastmem_free_bulk(block, n);
		rte_fastmem_cache_flush();
	}
	assert_int_equal(node_stats_now().bytes_in_use, 0);
	assert_int_equal(node_stats_now().growths, 0);
}

static void
in_bulk_too(void **state)
{
	static void *block[1024];
	unsigned int i;
	uint64_t before;

	(void)state;
	assert_int_equal(rte_fastmem_warm(RTE_DIM(block), 1500, 0, test_node()), 0);
	before = runs(1500);
	for (i = 0; i < RTE_DIM(block); i += 32)
		assert_int_equal(
			rte_fastmem_alloc_bulk_node(block + i, 32, 1500, 0, 0, test_node()), 0);
	assert_int_equal(runs(1500), before);
	rte_fastmem_free_bulk(block, RTE_DIM(block));
}

static void
warming_adds_up(void **state)
{
	static void *block[2000];
	uint64_t before;

	(void)state;
	assert_int_equal(rte_fastmem_warm(1000, 64, 0, test_node()), 0);
	assert_int_equal(rte_fastmem_warm(1000, 1, 64, RTE_NUMA_NODE_ANY), 0);
	before = runs(64);
	allocate(block, 2000, 64);
	assert_int_equal(runs(64), before);
	rte_fastmem_free_bulk(block, 2000);
}

static void
threads_need_what_their_caches_keep(void **state)
{
	(void)state;
	/* Of that, each of the threads keeps back 256 blocks at most. */
	assert_int_equal(rte_fastmem_warm(4 * 500 + 3 * 256, 64, 0, test_node()), 0);
}

/* In the end every block has been given back, and all of the memory serves any class. */
static void
what_was_used_serves_all_again(void **state)
{
	struct test_blocks blocks = { 0 };
	static void *block[4096];
	size_t n, first;

	(void)state;
	first = test_blocks_exhaust(&blocks, MIB, 0);
	test_blocks_free(&blocks);
	assert_int_equal(rte_fastmem_warm(RTE_DIM(block) - 512, 2048, 0, test_node()), 0);
	n = test_blocks_exhaust(&blocks, MIB, 0);
	assert_in_range(n, first - 8, first - 7); /* not of what was warmed */
	test_blocks_free(&blocks);
	/* Of 8 MiB that were warmed and all else. */
	n = test_blocks_exhaust(&blocks, 2048, 0);
	assert_true(n >= TEST_RESERVED / 2048 * 97 / 100);
	test_blocks_free(&blocks);
	assert_int_equal(test_blocks_exhaust(&blocks, MIB, 0), first);
	test_blocks_free(&blocks);
}

static void
too_much_changes_nothing(void **state)
{
	struct rte_fastmem_class_stats before, after;
	struct test_blocks blocks = { 0 };
	size_t n = test_blocks_exhaust(&blocks, MIB, 0);

	(void)state;
	test_blocks_free(&blocks);
	before = class_stats_now(64);
	assert_int_equal(rte_fastmem_warm(TEST_RESERVED / 64, 64, 0, test_node()), -ENOMEM);
	assert_int_equal(rte_fastmem_warm(SIZE_MAX, 64, 0, test_node()), -ENOMEM);
	after = class_stats_now(64);
	assert_int_equal(after.slabs_partial, before.slabs_partial);
	assert_int_equal(after.slab_acquires - after.slab_releases,
			 before.slab_acquires - before.slab_releases);
	assert_int_equal(test_blocks_exhaust(&blocks, MIB, 0), n);
	test_blocks_free(&blocks);
}

static void
wrong_arguments_are_told(void **state)
{
	(void)state;
	assert_int_equal(rte_fastmem_warm(1, MIB + 1, 0, test_node()), -E2BIG);
	assert_int_equal(rte_fastmem_warm(1, 64, 8192, test_node()), -E2BIG);
	assert_int_equal(rte_fastmem_warm(1, 64, 48, test_node()), -EINVAL);
	assert_int_equal(rte_fastmem_warm(1, 64, 0, RTE_NUMA_MAX_NODES), -EINVAL);
	assert_int_equal(rte_fastmem_warm(0, 64, 0, test_node()), 0);
	assert_int_equal(rte_fastmem_warm(1, 0, 4096, test_node()), 0);
}

static void
several_are_warmed_or_none(void **state)
{
	struct rte_fastmem_warmth what[] = {
		{ .n = 1000, .size = 64, .node_id = test_node() },
		{ .n = 500, .size = 2048, .align = 2048, .node_id = RTE_NUMA_NODE_ANY },
		{ .n = TEST_RESERVED / 4096, .size = 4096, .node_id = test_node() },
	};
	struct test_blocks blocks = { 0 };
	unsigned int failed = 99;
	size_t n = test_blocks_exhaust(&blocks, MIB, 0);
	static void *block[1000];
	uint64_t before;

	(void)state;
	test_blocks_free(&blocks);
	assert_int_equal(rte_fastmem_warm_all(what, 3, &failed), -ENOMEM);
	assert_int_equal(failed, 2);
	assert_int_equal(test_blocks_exhaust(&blocks, MIB, 0), n);
	test_blocks_free(&blocks);
	what[1].align = 3;
	assert_int_equal(rte_fastmem_warm_all(what, 2, NULL), -EINVAL);
	what[1].align = 0;
	assert_int_equal(rte_fastmem_warm_all(what, 2, NULL), 0);
	assert_int_equal(rte_fastmem_warm_all(NULL, 0, NULL), 0);
	before = runs(64) + runs(2048);
	allocate(block, 1000, 64);
	rte_fastmem_free_bulk(block, 1000);
	allocate(block, 500, 2048);
	rte_fastmem_free_bulk(block, 500);
	assert_int_equal(runs(64) + runs(2048), before);
}

static _Atomic bool stop;

/* Allocates and frees of the classes that are warmed meanwhile. */
static void *
churn(void *arg)
{
	void *block[64];
	unsigned int i;

	(void)arg;
	while (!stop) {
		for (i = 0; i < RTE_DIM(block); i++)
			block[i] =
				rte_fastmem_alloc_node(i % 2 != 0 ? 64 : 4096, 0, 0, test_node());
		for (i = 0; i < RTE_DIM(block); i++)
			rte_fastmem_free(block[i]);
		rte_fastmem_cache_flush();
	}
	return NULL;
}

static void
others_allocate_meanwhile(void **state)
{
	struct test_blocks blocks = { 0 };
	pthread_t thread[3];
	unsigned int i;
	size_t n, k;

	(void)state;
	n = test_blocks_exhaust(&blocks, 4096, 0);
	test_blocks_free(&blocks);
	stop = false;
	for (i = 0; i < RTE_DIM(thread); i++)
		test_thread_start(&thread[i], churn, NULL);
	for (i = 0; i < 40; i++)
		assert_int_equal(rte_fastmem_warm(100, i % 2 != 0 ? 64 : 4096, 0, test_node()), 0);
	/* More than there is: taken bit by bit, and given back. */
	for (i = 0; i < 20; i++)
		assert_int_equal(rte_fastmem_warm(TEST_RESERVED / 4096, 4096, 0, test_node()),
				 -ENOMEM);
	stop = true;
	for (i = 0; i < RTE_DIM(thread); i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	/* Used once, nothing is missing. */
	for (k = 0; k < 2; k++) {
		assert_true(test_blocks_exhaust(&blocks, k == 0 ? 64 : 4096, 0) > 0);
		assert_true(test_blocks_intact(&blocks));
		test_blocks_free(&blocks);
	}
	assert_in_range(test_blocks_exhaust(&blocks, 4096, 0), n - 64, n + 64);
	test_blocks_free(&blocks);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup_reserved, teardown_deinit)
		TEST(what_was_warmed_needs_no_more_pages),
		TEST(in_bulk_too),
		TEST(warming_adds_up),
		TEST(threads_need_what_their_caches_keep),
		TEST(what_was_used_serves_all_again),
		TEST(too_much_changes_nothing),
		TEST(several_are_warmed_or_none),
		TEST(wrong_arguments_are_told),
		TEST(others_allocate_meanwhile),
	};

	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("fastmem/warm", tests, NULL, NULL);
}
