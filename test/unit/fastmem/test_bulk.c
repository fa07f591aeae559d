/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Bulk: all or nothing, the pointers untouched on failure, frees of anything mixed. */

#include <stdlib.h>

#include "test_blocks.h"
#include "test_setup.h"

#define MAX_BULK 2000

static char untouched;

/* Volatile, or the compiler warns of what it sees would be written beyond the array. */
static volatile unsigned int beyond_any_count = UINT32_MAX;

static void
mark(void **ptrs, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		ptrs[i] = &untouched;
}

static bool
still_marked(void **ptrs, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (ptrs[i] != &untouched)
			return false;
	return true;
}

static void
check_bulk(unsigned int n, size_t size, size_t align)
{
	struct test_blocks blocks = { 0 };
	void *ptrs[MAX_BULK];
	unsigned int i;

	mark(ptrs, MAX_BULK);
	assert_int_equal(rte_fastmem_alloc_bulk(ptrs, n, size, align, 0), 0);
	assert_true(still_marked(ptrs + n, MAX_BULK - n));
	for (i = 0; i < n; i++) {
		if (align != 0)
			assert_int_equal((uintptr_t)ptrs[i] % align, 0);
		assert_true(rte_fastmem_usable_size(ptrs[i]) >= size);
		test_blocks_add(&blocks, ptrs[i], size);
	}
	assert_true(test_blocks_disjoint(&blocks));
	assert_true(test_blocks_intact(&blocks));
	rte_fastmem_free_bulk(ptrs, n);
	free(blocks.at);
	assert_int_equal(stats_now().bytes_in_use, 0);
}

static void
bulk_gives_n_different_blocks(void **state)
{
	static const unsigned int counts[] = {
		1, 2, 7, 31, 32, 33, 63, 64, 65, 127, 128, 500, 1999
	};
	static const size_t sizes[] = { 0, 1, 64, 200, 1024, 2049, 5000, 10000 };
	size_t i, j;

	(void)state;
	for (i = 0; i < RTE_DIM(counts); i++)
		for (j = 0; j < RTE_DIM(sizes); j++)
			check_bulk(counts[i], sizes[j], 0);
	check_bulk(20, 100000, 0);
	check_bulk(12, MIB, 0);
	check_bulk(3, 3 * MIB, 0);
	check_bulk(100, 100, 4096);
	check_bulk(100, 100, 8);
}

static void
bulk_of_none_succeeds_after_the_arguments_are_checked(void **state)
{
	void *ptr = &untouched;

	(void)state;
	assert_int_equal(rte_fastmem_alloc_bulk(&ptr, 0, 64, 0, 0), 0);
	assert_int_equal(rte_fastmem_alloc_bulk(NULL, 0, 64, 0, 0), 0);
	assert_int_equal(rte_fastmem_alloc_bulk_node(&ptr, 0, 64, 0, 0, test_node()), 0);
	assert_int_equal(rte_fastmem_alloc_bulk(&ptr, 0, 64, 3, 0), -EINVAL);
	assert_int_equal(rte_fastmem_alloc_bulk(&ptr, 0, 64, 0, 1u << 31), -EINVAL);
	assert_int_equal(rte_fastmem_alloc_bulk(&ptr, 0, SIZE_MAX, 0, 0), -E2BIG);
	assert_int_equal(rte_fastmem_alloc_bulk_node(&ptr, 0, 64, 0, 0, -7), -EINVAL);
	rte_fastmem_free_bulk(&ptr, 0);
	rte_fastmem_free_bulk(NULL, 0);
	assert_ptr_equal(ptr, &untouched);
	assert_int_equal(stats_now().alloc_total, 0);
}

static void
bulk_errors_are_those_of_alloc(void **state)
{
	void *ptrs[4];

	(void)state;
	mark(ptrs, 4);
	assert_int_equal(rte_fastmem_alloc_bulk(ptrs, 4, SIZE_MAX, 3, 0), -EINVAL);
	assert_int_equal(rte_fastmem_alloc_bulk(ptrs, 4, SIZE_MAX, 0, 0), -E2BIG);
	assert_int_equal(rte_fastmem_alloc_bulk(ptrs, 4, 64, 2 * MIB, 0), -E2BIG);
	assert_int_equal(rte_fastmem_alloc_bulk(ptrs, 4, 64, 0, 1u << 30), -EINVAL);
	assert_int_equal(rte_fastmem_alloc_bulk_node(ptrs, 4, 64, 0, 0, RTE_NUMA_MAX_NODES),
			 -EINVAL);
	assert_true(still_marked(ptrs, 4));
}

/* One more than fits: nothing is taken, and what fits still does. */
static void
check_failing_bulk(size_t size)
{
	unsigned int n = TEST_RESERVED / size;
	void **ptrs = malloc((n + 1) * sizeof(*ptrs));

	mark(ptrs, n + 1);
	assert_int_equal(rte_fastmem_alloc_bulk(ptrs, n + 1, size, 0, 0), -ENOMEM);
	assert_true(still_marked(ptrs, n + 1));
	assert_int_equal(stats_now().bytes_in_use, 0);
	assert_int_equal(rte_fastmem_alloc_bulk(ptrs, n - n / 16, size, 0, 0), 0);
	rte_fastmem_free_bulk(ptrs, n - n / 16);
	free(ptrs);
}

static void
bulk_that_fails_takes_nothing(void **state)
{
	(void)state;
	check_failing_bulk(64);
	check_failing_bulk(4096);
	check_failing_bulk(64 << 10);
	check_failing_bulk(MIB);
	check_failing_bulk(4 * MIB);
}

static void
bulk_beyond_any_count_fails(void **state)
{
	void *ptrs[4];

	(void)state;
	mark(ptrs, 4);
	rte_fastmem_free(rte_fastmem_alloc(64, 0, 0));
	assert_int_equal(rte_fastmem_alloc_bulk(ptrs, beyond_any_count, 64, 0, 0), -ENOMEM);
	assert_int_equal(rte_fastmem_alloc_bulk(ptrs, beyond_any_count, MIB, 0, 0), -ENOMEM);
	assert_true(still_marked(ptrs, 4));
	assert_int_equal(stats_now().bytes_in_use, 0);
}

/* The cache holds some of them, the node the rest: both come together, or neither. */
static void
bulk_larger_than_the_cache_uses_it_too(void **state)
{
	struct test_blocks blocks = { 0 };
	void *ptrs[40];
	int i;

	(void)state;
	assert_true(test_blocks_exhaust(&blocks, 256 << 10, 0) > 40);
	for (i = 0; i < 20; i++)
		rte_fastmem_free(test_blocks_take(&blocks, 0).ptr);
	mark(ptrs, 40);
	assert_int_equal(rte_fastmem_alloc_bulk(ptrs, 21, 256 << 10, 0, 0), -ENOMEM);
	assert_true(still_marked(ptrs, 40));
	assert_int_equal(rte_fastmem_alloc_bulk(ptrs, 20, 256 << 10, 0, 0), 0);
	rte_fastmem_free_bulk(ptrs, 20);
	test_blocks_free(&blocks);
}

static void
bulk_clears_when_asked(void **state)
{
	void *ptrs[100];
	int i, round;

	(void)state;
	for (round = 0; round < 2; round++) {
		assert_int_equal(rte_fastmem_alloc_bulk(ptrs, 100, 900, 0, RTE_FASTMEM_F_ZERO), 0);
		for (i = 0; i < 100; i++) {
			assert_true(test_all_zero(ptrs[i], 900));
			memset(ptrs[i], 0xee, 900);
		}
		rte_fastmem_free_bulk(ptrs, 100);
	}
}

static void
bulk_on_a_node_serves_that_node(void **state)
{
	const int nodes[] = { test_node(), RTE_NUMA_NODE_ANY };
	void *ptrs[50];
	size_t i, j;

	(void)state;
	for (i = 0; i < RTE_DIM(nodes); i++) {
		assert_int_equal(rte_fastmem_alloc_bulk_node(ptrs, 50, 1500, 0, 0, nodes[i]), 0);
		for (j = 0; j < 50; j++)
			assert_int_equal(rte_fastmem_node_of(ptrs[j]), test_node());
		rte_fastmem_free_bulk(ptrs, 50);
	}
	assert_int_equal(stats_now().bytes_in_use, 0);
}

static void
free_bulk_takes_mixed_sizes_and_nulls(void **state)
{
	struct test_rand r = test_rand_start(21);
	void *ptrs[300];
	int i, round;

	(void)state;
	for (round = 0; round < 20; round++) {
		for (i = 0; i < 300; i++) {
			ptrs[i] = NULL;
			if (i != 7 && test_rand_below(&r, 4) != 0)
				ptrs[i] = rte_fastmem_alloc(test_rand_size(&r, 64 << 10), 0, 0);
		}
		ptrs[7] = rte_fastmem_alloc(2 * MIB + 1, 0, 0);
		assert_non_null(ptrs[7]);
		rte_fastmem_free_bulk(ptrs, 300);
		assert_int_equal(stats_now().bytes_in_use, 0);
	}
}

static void
free_bulk_takes_blocks_of_several_nodes(void **state)
{
	int other;
	void *ptrs[3];

	(void)state;
	other = reserve_on_other_node(2 * MIB);
	ptrs[0] = rte_fastmem_alloc_node(64, 0, 0, other);
	ptrs[1] = NULL;
	ptrs[2] = rte_fastmem_alloc(64, 0, 0);
	assert_int_equal(rte_fastmem_node_of(ptrs[0]), other);
	rte_fastmem_free_bulk(ptrs, 3);
	assert_int_equal(stats_now().bytes_in_use, 0);
}

static void
blocks_from_bulk_are_freed_singly_and_the_reverse(void **state)
{
	void *ptrs[64];
	int i;

	(void)state;
	assert_int_equal(rte_fastmem_alloc_bulk(ptrs, 64, 128, 0, 0), 0);
	for (i = 0; i < 64; i++)
		rte_fastmem_free(ptrs[i]);
	for (i = 0; i < 64; i++)
		ptrs[i] = rte_fastmem_alloc(128, 0, 0);
	rte_fastmem_free_bulk(ptrs, 64);
	assert_int_equal(stats_now().bytes_in_use, 0);
	assert_int_equal(stats_now().alloc_total, 128);
	assert_int_equal(stats_now().free_total, 128);
}

/* A slot that holds some blocks and is refilled while the node runs dry gives those back first. */
static void
bulk_takes_the_last_of_the_memory(void **state)
{
	static const unsigned int counts[] = { 20, 37, 64, 100, 150 };
	struct test_blocks blocks = { 0 };
	unsigned int i, k, round;
	void *ptrs[150];
	size_t all;

	(void)state;
	test_blocks_exhaust(&blocks, 256, 0);
	all = blocks.n;
	for (round = 0; round < 4 * RTE_DIM(counts); round++) {
		k = counts[round % RTE_DIM(counts)];
		for (i = 0; i < 700; i++)
			rte_fastmem_free(test_blocks_take(&blocks, (i * 7919) % blocks.n).ptr);
		while (rte_fastmem_alloc_bulk(ptrs, k, 256, 0, 0) == 0)
			for (i = 0; i < k; i++)
				test_blocks_add(&blocks, ptrs[i], 256);
		assert_true(blocks.n > all - k);
		test_blocks_exhaust(&blocks, 256, 0);
		assert_int_equal(blocks.n, all);
		assert_true(test_blocks_disjoint(&blocks));
		assert_true(test_blocks_intact(&blocks));
	}
	test_blocks_free(&blocks);
	assert_int_equal(stats_now().bytes_in_use, 0);
}

int
main(int argc, char **argv)
{
#define RESERVED(test) cmocka_unit_test_setup_teardown(test, setup_reserved, teardown_deinit)
	const struct CMUnitTest tests[] = {
		RESERVED(bulk_gives_n_different_blocks),
		RESERVED(bulk_of_none_succeeds_after_the_arguments_are_checked),
		RESERVED(bulk_errors_are_those_of_alloc),
		RESERVED(bulk_that_fails_takes_nothing),
		RESERVED(bulk_beyond_any_count_fails),
		RESERVED(bulk_larger_than_the_cache_uses_it_too),
		RESERVED(bulk_clears_when_asked),
		RESERVED(bulk_on_a_node_serves_that_node),
		RESERVED(free_bulk_takes_mixed_sizes_and_nulls),
		RESERVED(free_bulk_takes_blocks_of_several_nodes),
		RESERVED(blocks_from_bulk_are_freed_singly_and_the_reverse),
		RESERVED(bulk_takes_the_last_of_the_memory),
	};

	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("fastmem/bulk", tests, NULL, NULL);
}
