/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Single blocks: every size and alignment, no two overlap, zeroed when asked, and each error in
 * the order that is promised. */

#include <stdlib.h>

#include "test_blocks.h"
#include "test_setup.h"

static void
assert_null_with(void *ptr, int error)
{
	assert_null(ptr);
	assert_int_equal(rte_errno, error);
}

/* Sizes that sit on and beside each class. */
static void
for_sizes_around_classes(void (*check)(size_t size))
{
	size_t sizes[RTE_FASTMEM_MAX_CLASSES];
	unsigned int i, n = rte_fastmem_classes(sizes);

	for (i = 0; i < n; i++) {
		check(sizes[i] - 1);
		check(sizes[i]);
		if (i + 1 < n)
			check(sizes[i] + 1);
	}
}

static void
classes_ascend_to_the_largest(void **state)
{
	size_t sizes[RTE_FASTMEM_MAX_CLASSES + 1];
	unsigned int i, n;

	(void)state;
	memset(sizes, 0xff, sizeof(sizes));
	n = rte_fastmem_classes(sizes);
	assert_in_range(n, 2, RTE_FASTMEM_MAX_CLASSES);
	assert_int_equal(rte_fastmem_classes(NULL), n);
	for (i = 1; i < n; i++)
		assert_true(sizes[i - 1] < sizes[i]);
	assert_int_equal(sizes[n - 1], rte_fastmem_max_size());
	assert_int_equal(sizes[n], SIZE_MAX);
}

static void
check_block_of_size(size_t size)
{
	void *ptr = rte_fastmem_alloc(size, 0, 0);

	assert_non_null(ptr);
	assert_int_equal((uintptr_t)ptr % RTE_CACHE_LINE_SIZE, 0);
	assert_int_equal(rte_fastmem_usable_size(ptr), class_of(size));
	assert_true(rte_fastmem_owns(ptr));
	assert_int_equal(rte_fastmem_node_of(ptr), test_node());
	memset(ptr, 0xa5, rte_fastmem_usable_size(ptr));
	rte_fastmem_free(ptr);
}

static void
every_size_gets_the_smallest_class_that_holds_it(void **state)
{
	size_t size;

	(void)state;
	for (size = 0; size <= 20000; size++)
		check_block_of_size(size);
	for_sizes_around_classes(check_block_of_size);
	assert_int_equal(stats_now().bytes_in_use, 0);
}

static void
interior_pointers_belong_to_their_block(void **state)
{
	size_t sizes[RTE_FASTMEM_MAX_CLASSES];
	unsigned int i, n = rte_fastmem_classes(sizes);
	char *ptr;

	(void)state;
	for (i = 0; i < n; i++) {
		ptr = rte_fastmem_alloc(sizes[i], 0, 0);
		assert_non_null(ptr);
		assert_int_equal(rte_fastmem_node_of(ptr + sizes[i] / 2), test_node());
		assert_int_equal(rte_fastmem_node_of(ptr + sizes[i] - 1), test_node());
		assert_int_equal(rte_fastmem_usable_size(ptr + sizes[i] / 2), sizes[i]);
		assert_int_equal(rte_fastmem_usable_size(ptr + sizes[i] - 1), sizes[i]);
		assert_true(rte_fastmem_owns(ptr + sizes[i] - 1));
		rte_fastmem_free(ptr);
	}
}

static void
size_zero_gives_a_block_of_the_smallest_class(void **state)
{
	void *a, *b;

	(void)state;
	a = rte_fastmem_alloc(0, 0, 0);
	b = rte_fastmem_alloc(0, 0, 0);
	assert_non_null(a);
	assert_non_null(b);
	assert_ptr_not_equal(a, b);
	assert_int_equal(rte_fastmem_usable_size(a), class_of(0));
	rte_fastmem_free(a);
	rte_fastmem_free(b);
	assert_int_equal(stats_now().bytes_in_use, 0);
}

static void
every_alignment_is_honoured_for_every_size(void **state)
{
	static const size_t sizes[] = { 0,    1,    63,	   64,	  65,	  100,	  192,	   1000,
					1500, 4096, 10000, 65536, 100000, 524288, 1000000, 1048576 };
	struct test_blocks blocks = { 0 };
	size_t align, i;
	void *ptr;

	(void)state;
	for (align = 1; align <= MIB; align *= 2) {
		for (i = 0; i < RTE_DIM(sizes); i++) {
			ptr = rte_fastmem_alloc(sizes[i], align, 0);
			assert_non_null(ptr);
			assert_int_equal((uintptr_t)ptr % align, 0);
			assert_true(rte_fastmem_usable_size(ptr) >= sizes[i]);
			test_blocks_add(&blocks, ptr, sizes[i]);
		}
		assert_true(test_blocks_intact(&blocks));
		assert_true(test_blocks_disjoint(&blocks));
		test_blocks_free(&blocks);
	}
	assert_int_equal(stats_now().bytes_in_use, 0);
}

/* Several of one alignment at once: not only the first of a page run is aligned. */
static void
many_blocks_of_one_alignment_are_all_aligned(void **state)
{
	struct test_blocks blocks = { 0 };
	size_t align, size, i;

	(void)state;
	for (align = 64; align <= 64 << 10; align *= 2) {
		for (size = 64; size <= 100000; size = size * 3 / 2) {
			while (blocks.n < 50)
				assert_true(test_blocks_alloc(&blocks, size, align));
			for (i = 0; i < blocks.n; i++)
				assert_int_equal((uintptr_t)blocks.at[i].ptr % align, 0);
			test_blocks_free(&blocks);
		}
	}
}

static void
blocks_do_not_overlap(void **state)
{
	struct test_rand r = test_rand_start(11);
	struct test_blocks blocks = { 0 };
	int round;

	(void)state;
	for (round = 0; round < 3; round++) {
		while (test_blocks_alloc(&blocks, test_rand_size(&r, MIB), 0))
			;
		assert_true(blocks.n > 30);
		assert_true(test_blocks_intact(&blocks));
		assert_true(test_blocks_disjoint(&blocks));
		test_blocks_shuffle(&blocks, &r);
		test_blocks_free(&blocks);
	}
}

/* Dirty a block as a whole, free it, and ask for zeroes: first where a refill serves it, then
 * from the cache. */
static void
check_zeroed(size_t size)
{
	void *ptrs[3];
	int round, i;

	for (round = 0; round < 2; round++) {
		for (i = 0; i < 3; i++) {
			ptrs[i] = rte_fastmem_alloc(size, 0, 0);
			assert_non_null(ptrs[i]);
			memset(ptrs[i], 0xff, rte_fastmem_usable_size(ptrs[i]));
		}
		rte_fastmem_free_bulk(ptrs, 3);
		if (round == 0)
			rte_fastmem_cache_flush();
		for (i = 0; i < 3; i++) {
			ptrs[i] = rte_fastmem_alloc(size, 0, RTE_FASTMEM_F_ZERO);
			assert_non_null(ptrs[i]);
			assert_true(test_all_zero(ptrs[i], size));
		}
		rte_fastmem_free_bulk(ptrs, 3);
	}
}

static void
f_zero_clears_the_block(void **state)
{
	(void)state;
	for_sizes_around_classes(check_zeroed);
	check_zeroed(0);
	check_zeroed(3 * MIB + 5);
}

static void
f_zero_clears_on_any_path(void **state)
{
	struct test_blocks blocks = { 0 };
	void *ptr;

	(void)state;
	/* Everything that the reservation has is dirty. */
	while (test_blocks_alloc(&blocks, MIB, 0))
		;
	test_blocks_free(&blocks);
	ptr = rte_fastmem_alloc_node(10000, 0, RTE_FASTMEM_F_ZERO, test_node());
	assert_true(test_all_zero(ptr, 10000));
	rte_fastmem_free(ptr);
	ptr = rte_fastmem_alloc_node(700, 4096, RTE_FASTMEM_F_ZERO, RTE_NUMA_NODE_ANY);
	assert_true(test_all_zero(ptr, 700));
	rte_fastmem_free(ptr);
	ptr = rte_fastmem_alloc(200000, 0, RTE_FASTMEM_F_ZERO | RTE_FASTMEM_F_IOVA_CONTIG);
	assert_true(test_all_zero(ptr, 200000));
	rte_fastmem_free(ptr);
}

static void
alloc_node_serves_that_node(void **state)
{
	void *ptr;

	(void)state;
	ptr = rte_fastmem_alloc_node(1000, 0, 0, test_node());
	assert_int_equal(rte_fastmem_node_of(ptr), test_node());
	rte_fastmem_free(ptr);
	ptr = rte_fastmem_alloc_node(1000, 0, 0, RTE_NUMA_NODE_ANY);
	assert_int_equal(rte_fastmem_node_of(ptr), test_node());
	rte_fastmem_free(ptr);
}

/* Growth is off and only the caller's node has memory: its neighbour's name gets none of it. */
static void
alloc_node_serves_no_other_node(void **state)
{
	int other = test_other_node();

	(void)state;
	if (other < 0)
		skip_because("no other node has memory");
	assert_null_with(rte_fastmem_alloc_node(64, 0, 0, other), ENOMEM);
}

static void
any_goes_on_to_the_next_node_and_alloc_does_not(void **state)
{
	struct test_blocks blocks = { 0 };
	int other;
	void *ptr;

	(void)state;
	other = reserve_on_other_node(4 * MIB);
	test_blocks_exhaust(&blocks, MIB, 0);
	assert_null_with(rte_fastmem_alloc(MIB, 0, 0), ENOMEM);
	ptr = rte_fastmem_alloc_node(MIB, 0, 0, RTE_NUMA_NODE_ANY);
	assert_int_equal(rte_fastmem_node_of(ptr), other);
	rte_fastmem_free(ptr);
	test_blocks_free(&blocks);
}

static void
wrong_arguments_are_einval(void **state)
{
	(void)state;
	assert_null_with(rte_fastmem_alloc(64, 3, 0), EINVAL);
	assert_null_with(rte_fastmem_alloc(64, 96, 0), EINVAL);
	assert_null_with(rte_fastmem_alloc(64, SIZE_MAX, 0), EINVAL);
	assert_null_with(rte_fastmem_alloc(64, 0, 1u << 31), EINVAL);
	assert_null_with(rte_fastmem_alloc(64, 0, RTE_FASTMEM_F_ZERO | 1u << 20), EINVAL);
	assert_null_with(rte_fastmem_alloc_node(64, 0, 0, -2), EINVAL);
	assert_null_with(rte_fastmem_alloc_node(64, 0, 0, RTE_NUMA_MAX_NODES), EINVAL);
	assert_null_with(rte_fastmem_alloc_node(64, 48, 0, RTE_NUMA_NODE_ANY), EINVAL);
	assert_int_equal(stats_now().alloc_total, 0);
}

static void
wrong_arguments_are_einval_when_blocks_are_cached(void **state)
{
	(void)state;
	rte_fastmem_free(rte_fastmem_alloc(64, 0, 0));
	rte_fastmem_stats_reset();
	wrong_arguments_are_einval(state);
}

static void
beyond_any_memory_is_e2big(void **state)
{
	(void)state;
	assert_null_with(rte_fastmem_alloc(SIZE_MAX, 0, 0), E2BIG);
	assert_null_with(rte_fastmem_alloc(SIZE_MAX - 4096, 0, 0), E2BIG);
	assert_null_with(rte_fastmem_alloc((size_t)1 << 62, 0, 0), E2BIG);
	assert_null_with(rte_fastmem_alloc(64, 2 * MIB, 0), E2BIG);
	assert_null_with(rte_fastmem_alloc(64, (size_t)1 << 63, 0), E2BIG);
	assert_null_with(rte_fastmem_alloc_node(SIZE_MAX, 0, 0, test_node()), E2BIG);
}

static void
checks_come_in_the_promised_order(void **state)
{
	struct test_blocks blocks = { 0 };

	(void)state;
	test_blocks_exhaust(&blocks, MIB, 0);
	/* Alignment before size. */
	assert_null_with(rte_fastmem_alloc(SIZE_MAX, 3, 0), EINVAL);
	/* Size before memory. */
	assert_null_with(rte_fastmem_alloc(SIZE_MAX, 0, 0), E2BIG);
	assert_null_with(rte_fastmem_alloc(MIB, 2 * MIB, 0), E2BIG);
	/* Alignment before memory. */
	assert_null_with(rte_fastmem_alloc(MIB, 3, 0), EINVAL);
	assert_null_with(rte_fastmem_alloc(MIB, 0, 0), ENOMEM);
	test_blocks_free(&blocks);
}

static void
free_of_null_does_nothing(void **state)
{
	struct rte_fastmem_stats before;

	(void)state;
	before = stats_now();
	rte_fastmem_free(NULL);
	rte_fastmem_free_sized(NULL, 100, 0);
	rte_fastmem_free_sized(NULL, 2 * MIB, 0);
	assert_stats_equal(stats_now(), before);
}

static void
check_free_sized(size_t size)
{
	struct test_blocks blocks = { 0 };
	size_t i;

	for (i = 0; i < 5; i++)
		assert_true(test_blocks_alloc(&blocks, size, 0));
	assert_int_equal(class_stats_now(class_of(size)).in_use, 5);
	while (blocks.n > 0)
		rte_fastmem_free_sized(test_blocks_take(&blocks, 0).ptr, size, 0);
	assert_int_equal(class_stats_now(class_of(size)).in_use, 0);
	test_blocks_free(&blocks);
}

static void
free_sized_takes_each_size_back(void **state)
{
	(void)state;
	for_sizes_around_classes(check_free_sized);
	assert_int_equal(stats_now().bytes_in_use, 0);
}

/* A larger alignment moves a block to another class than its size alone: it goes back there. */
static void
free_sized_takes_each_alignment_back(void **state)
{
	struct test_blocks blocks = { 0 };
	size_t align, size;
	void *ptr;

	(void)state;
	for (align = 1; align <= MIB; align *= 2) {
		for (size = 1; size <= MIB; size = size * 2 + 1) {
			ptr = rte_fastmem_alloc(size, align, 0);
			assert_non_null(ptr);
			rte_fastmem_free_sized(ptr, size, align);
			assert_int_equal(stats_now().bytes_in_use, 0);
		}
	}
	while (test_blocks_alloc(&blocks, 3000, 0))
		;
	assert_true(test_blocks_disjoint(&blocks));
	assert_true(test_blocks_intact(&blocks));
	test_blocks_free(&blocks);
}

static void
without_a_reservation_it_grows(void **state)
{
	struct rte_fastmem_node_stats node;
	void *ptr;

	(void)state;
	ptr = rte_fastmem_alloc(1000, 0, 0);
	assert_non_null(ptr);
	node = node_stats_now();
	assert_int_equal(node.bytes_reserved, 0);
	assert_true(node.bytes_backing >= SLAB);
	assert_true(node.growths >= 1);
	assert_int_equal(node.chunks, zones_count());
	rte_fastmem_free(ptr);
}

int
main(int argc, char **argv)
{
#define RESERVED(test) cmocka_unit_test_setup_teardown(test, setup_reserved, teardown_deinit)
	const struct CMUnitTest tests[] = {
		RESERVED(classes_ascend_to_the_largest),
		RESERVED(every_size_gets_the_smallest_class_that_holds_it),
		RESERVED(interior_pointers_belong_to_their_block),
		RESERVED(size_zero_gives_a_block_of_the_smallest_class),
		RESERVED(every_alignment_is_honoured_for_every_size),
		RESERVED(many_blocks_of_one_alignment_are_all_aligned),
		RESERVED(blocks_do_not_overlap),
		RESERVED(f_zero_clears_the_block),
		RESERVED(f_zero_clears_on_any_path),
		RESERVED(alloc_node_serves_that_node),
		RESERVED(alloc_node_serves_no_other_node),
		RESERVED(any_goes_on_to_the_next_node_and_alloc_does_not),
		RESERVED(wrong_arguments_are_einval),
		RESERVED(wrong_arguments_are_einval_when_blocks_are_cached),
		RESERVED(beyond_any_memory_is_e2big),
		RESERVED(checks_come_in_the_promised_order),
		RESERVED(free_of_null_does_nothing),
		RESERVED(free_sized_takes_each_size_back),
		RESERVED(free_sized_takes_each_alignment_back),
		cmocka_unit_test_setup_teardown(without_a_reservation_it_grows, setup_init,
						teardown_deinit),
	};

	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("fastmem/alloc", tests, NULL, NULL);
}
