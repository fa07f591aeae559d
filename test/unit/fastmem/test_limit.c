/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Limits to the byte, growth switched off, and that one free is enough after ENOMEM. */

#include <semaphore.h>

#include "test_blocks.h"
#include "test_setup.h"

static void
there_is_no_limit_at_first(void **state)
{
	(void)state;
	assert_int_equal(rte_fastmem_get_limit(test_node()), SIZE_MAX);
	assert_int_equal(rte_fastmem_get_limit(RTE_NUMA_NODE_ANY), SIZE_MAX);
	assert_true(node_stats_now().bytes_limit == UINT64_MAX);
}

static void
a_limit_reads_back_to_the_byte(void **state)
{
	(void)state;
	assert_int_equal(rte_fastmem_set_limit(test_node(), 12345678), 0);
	assert_int_equal(rte_fastmem_get_limit(test_node()), 12345678);
	assert_int_equal(node_stats_now().bytes_limit, 12345678);
	assert_int_equal(rte_fastmem_set_limit(test_node(), 0), 0);
	assert_int_equal(rte_fastmem_get_limit(test_node()), 0);
	assert_int_equal(rte_fastmem_set_limit(test_node(), SIZE_MAX), 0);
	assert_int_equal(rte_fastmem_get_limit(test_node()), SIZE_MAX);
}

static void
any_sets_every_node(void **state)
{
	const struct rte_numa_topology *topo = rte_numa_topology_self();
	int node;

	(void)state;
	assert_int_equal(rte_fastmem_set_limit(RTE_NUMA_NODE_ANY, 7777), 0);
	RTE_NUMA_FOREACH_NODE(node, topo, RTE_NUMA_WITH_MEMORY)
		assert_int_equal(rte_fastmem_get_limit(node), 7777);
	assert_int_equal(rte_fastmem_get_limit(RTE_NUMA_NODE_ANY), 7777);
}

static void
a_node_that_does_not_exist_has_no_limit(void **state)
{
	(void)state;
	assert_int_equal(rte_fastmem_set_limit(RTE_NUMA_MAX_NODES, 1), -EINVAL);
	assert_int_equal(rte_fastmem_set_limit(-2, 1), -EINVAL);
	assert_int_equal(rte_fastmem_get_limit(RTE_NUMA_MAX_NODES), 0);
	assert_int_equal(rte_fastmem_get_limit(-2), 0);
}

static void
one_byte_short_reserves_nothing(void **state)
{
	(void)state;
	assert_int_equal(rte_fastmem_set_limit(test_node(), 8 * MIB - 1), 0);
	assert_int_equal(rte_fastmem_reserve(8 * MIB, test_node()), -ENOMEM);
	assert_int_equal(rte_fastmem_reserve_more(8 * MIB, test_node()), -ENOMEM);
	assert_int_equal(stats_now().bytes_backing, 0);
	assert_int_equal(zones_count(), 0);
	assert_int_equal(rte_fastmem_set_limit(test_node(), 8 * MIB), 0);
	assert_int_equal(rte_fastmem_reserve(8 * MIB, test_node()), 0);
	assert_int_equal(stats_now().bytes_backing, 8 * MIB);
	assert_int_equal(rte_fastmem_reserve_more(1, test_node()), -ENOMEM);
	assert_int_equal(rte_fastmem_reserved(test_node()), 8 * MIB);
}

static void
growth_goes_up_to_the_limit_and_not_a_byte_beyond(void **state)
{
	static const size_t limits[] = { 0,	   1,	    SLAB - 1,	  SLAB,
					 SLAB + 1, 5 * MIB, 16 * MIB - 1, 16 * MIB };
	struct test_blocks blocks = { 0 };
	size_t i, n;

	(void)state;
	for (i = 0; i < RTE_DIM(limits); i++) {
		assert_int_equal(rte_fastmem_set_limit(test_node(), limits[i]), 0);
		while (test_blocks_alloc(&blocks, MIB, 0))
			;
		n = blocks.n;
		assert_int_equal(rte_errno, ENOMEM);
		assert_true(stats_now().bytes_backing <= limits[i]);
		/* Growth leaves room for EAL's header where it takes more than is needed. */
		assert_true(n <= limits[i] / MIB);
		assert_true(n + node_stats_now().growths >= limits[i] / SLAB * 2);
		assert_true(node_stats_now().failed_growths > 0);
	}
	test_blocks_free(&blocks);
}

static void
a_limit_below_what_is_there_stops_growth_only(void **state)
{
	struct test_blocks blocks = { 0 };
	struct rte_fastmem_node_stats before;
	size_t n;

	(void)state;
	assert_int_equal(rte_fastmem_reserve(8 * MIB, test_node()), 0);
	assert_true(test_blocks_alloc(&blocks, 5000, 0));
	before = node_stats_now();
	assert_int_equal(rte_fastmem_set_limit(test_node(), 100), 0);
	assert_true(test_blocks_intact(&blocks));
	n = test_blocks_exhaust(&blocks, 64 << 10, 0);
	assert_true(n >= (8 * MIB - SLAB) / (64 << 10));
	assert_int_equal(node_stats_now().bytes_backing, before.bytes_backing);
	assert_int_equal(node_stats_now().bytes_reserved, before.bytes_reserved);
	test_blocks_free(&blocks);
	assert_int_equal(rte_fastmem_reserve(8 * MIB, test_node()), 0);
}

static void
raising_the_limit_lets_it_grow_again(void **state)
{
	struct test_blocks blocks = { 0 };

	(void)state;
	assert_int_equal(rte_fastmem_set_limit(test_node(), SLAB), 0);
	assert_int_equal(test_blocks_exhaust(&blocks, MIB, 0), 2);
	assert_int_equal(rte_fastmem_set_limit(test_node(), 3 * SLAB), 0);
	assert_int_equal(test_blocks_exhaust(&blocks, MIB, 0), 4);
	test_blocks_free(&blocks);
}

static void
without_growth_nothing_is_taken(void **state)
{
	struct test_blocks blocks = { 0 };
	unsigned int zones = zones_count();
	size_t heap = eal_heap_bytes();

	(void)state;
	assert_int_equal(test_blocks_exhaust(&blocks, MIB, 0), TEST_RESERVED / MIB);
	assert_null(rte_fastmem_alloc(64, 0, 0));
	assert_null(rte_fastmem_alloc(3 * MIB, 0, 0));
	assert_null(rte_fastmem_alloc_node(64, 0, 0, test_node()));
	assert_int_equal(zones_count(), zones);
	assert_int_equal(eal_heap_bytes(), heap);
	assert_int_equal(node_stats_now().growths, 0);
	assert_int_equal(rte_fastmem_set_growth(test_node(), true), 0);
	assert_true(test_blocks_alloc(&blocks, MIB, 0));
	assert_int_equal(node_stats_now().growths, 1);
	assert_true(zones_count() > zones);
	test_blocks_free(&blocks);
}

static void
check_one_free_is_enough(size_t size)
{
	struct test_rand r = test_rand_start(41);
	struct test_blocks blocks = { 0 };
	int i;

	for (i = 0; i < 200; i++) {
		test_blocks_exhaust(&blocks, size, 0);
		assert_true(blocks.n > 0);
		rte_fastmem_free(test_blocks_take(&blocks, test_rand_below(&r, blocks.n)).ptr);
		if (!test_blocks_alloc(&blocks, size, 0))
			fail_msg("try %d of %zu bytes fails after a free", i, size);
	}
	test_blocks_shuffle(&blocks, &r);
	test_blocks_free(&blocks);
}

static void
after_enomem_one_free_is_enough(void **state)
{
	static const size_t sizes[] = { 64,    300,    1024, 2049,    4096,   10000,
					40000, 300000, MIB,  2 * MIB, 3 * MIB };
	size_t i;

	(void)state;
	for (i = 0; i < RTE_DIM(sizes); i++)
		check_one_free_is_enough(sizes[i]);
}

static void
after_enomem_one_free_by_handle_is_enough(void **state)
{
	rte_fastmem_handle_t handle;
	struct test_blocks blocks = { 0 };
	void *ptr;

	(void)state;
	assert_int_equal(rte_fastmem_hlookup(1000, 0, test_node(), &handle), 0);
	test_blocks_exhaust(&blocks, 1000, 0);
	assert_null(rte_fastmem_halloc(handle, 0));
	rte_fastmem_hfree(handle, test_blocks_take(&blocks, 0).ptr);
	ptr = rte_fastmem_halloc(handle, 0);
	assert_non_null(ptr);
	rte_fastmem_hfree(handle, ptr);
	test_blocks_free(&blocks);
}

/* A thread that frees one block each time it is told to, and lives on with what it caches. */
struct helper {
	pthread_t thread;
	sem_t go;
	sem_t done;
	void *ptr;
};

static void *
free_when_told(void *arg)
{
	struct helper *helper = arg;

	for (;;) {
		sem_wait(&helper->go);
		if (helper->ptr == NULL)
			return NULL;
		rte_fastmem_free(helper->ptr);
		sem_post(&helper->done);
	}
}

static void
helper_start(struct helper *helper)
{
	sem_init(&helper->go, 0, 0);
	sem_init(&helper->done, 0, 0);
	test_thread_start(&helper->thread, free_when_told, helper);
}

static void
helper_free(struct helper *helper, void *ptr)
{
	helper->ptr = ptr;
	sem_post(&helper->go);
	sem_wait(&helper->done);
}

static void
helper_stop(struct helper *helper)
{
	helper->ptr = NULL;
	sem_post(&helper->go);
	pthread_join(helper->thread, NULL);
}

/* How many of some tries got the block that the other thread had freed just before. */
static int
served_after_other_thread_freed(size_t size, int tries)
{
	struct test_blocks blocks = { 0 };
	struct helper helper;
	int i, served = 0;

	helper_start(&helper);
	/* It has begun to cache blocks of this size before memory runs out. */
	helper_free(&helper, rte_fastmem_alloc(size, 0, 0));
	for (i = 0; i < tries; i++) {
		test_blocks_exhaust(&blocks, size, 0);
		helper_free(&helper, test_blocks_take(&blocks, blocks.n / 2).ptr);
		served += test_blocks_alloc(&blocks, size, 0);
	}
	helper_stop(&helper);
	test_blocks_free(&blocks);
	return served;
}

static void
after_enomem_one_free_by_another_thread_is_enough(void **state)
{
	static const size_t sizes[] = { 64, 1024, 2049, 4096, 40000, MIB, 3 * MIB };
	size_t i;

	(void)state;
	for (i = 0; i < RTE_DIM(sizes); i++)
		assert_int_equal(served_after_other_thread_freed(sizes[i], 50), 50);
}

int
main(int argc, char **argv)
{
#define INIT(test)     cmocka_unit_test_setup_teardown(test, setup_init, teardown_deinit)
#define RESERVED(test) cmocka_unit_test_setup_teardown(test, setup_reserved, teardown_deinit)
	const struct CMUnitTest tests[] = {
		INIT(there_is_no_limit_at_first),
		INIT(a_limit_reads_back_to_the_byte),
		INIT(any_sets_every_node),
		INIT(a_node_that_does_not_exist_has_no_limit),
		INIT(one_byte_short_reserves_nothing),
		INIT(growth_goes_up_to_the_limit_and_not_a_byte_beyond),
		INIT(a_limit_below_what_is_there_stops_growth_only),
		INIT(raising_the_limit_lets_it_grow_again),
		RESERVED(without_growth_nothing_is_taken),
		RESERVED(after_enomem_one_free_is_enough),
		RESERVED(after_enomem_one_free_by_handle_is_enough),
		RESERVED(after_enomem_one_free_by_another_thread_is_enough),
	};

	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("fastmem/limit", tests, NULL, NULL);
}
