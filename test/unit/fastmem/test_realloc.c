/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Resizing: content, node and, while the class fits, the pointer stay; on failure all does. */

#include <stdlib.h>

#include "test_blocks.h"
#include "test_setup.h"

static void
null_allocates(void **state)
{
	void *ptr;

	(void)state;
	ptr = rte_fastmem_realloc(NULL, 1000, 256);
	assert_non_null(ptr);
	assert_int_equal((uintptr_t)ptr % 256, 0);
	assert_int_equal(rte_fastmem_node_of(ptr), test_node());
	rte_fastmem_free(ptr);
	assert_int_equal(stats_now().bytes_in_use, 0);
}

static void
size_zero_frees(void **state)
{
	(void)state;
	assert_null(rte_fastmem_realloc(rte_fastmem_alloc(1000, 0, 0), 0, 0));
	assert_int_equal(stats_now().bytes_in_use, 0);
	assert_int_equal(stats_now().free_total, 1);
	assert_null(rte_fastmem_realloc(rte_fastmem_alloc(3 * MIB, 0, 0), 0, 0));
	assert_int_equal(stats_now().bytes_in_use, 0);
}

static void
null_to_size_zero_leaks_nothing(void **state)
{
	void *ptr;

	(void)state;
	ptr = rte_fastmem_realloc(NULL, 0, 0);
	rte_fastmem_free(ptr);
	assert_int_equal(stats_now().bytes_in_use, 0);
}

static void
the_pointer_stays_while_the_class_fits(void **state)
{
	size_t sizes[RTE_FASTMEM_MAX_CLASSES];
	unsigned int i, n = rte_fastmem_classes(sizes);
	size_t below;
	void *ptr;

	(void)state;
	for (i = 0; i < n; i++) {
		below = i == 0 ? 1 : sizes[i - 1] + 1;
		ptr = rte_fastmem_alloc(below, 0, 0);
		assert_non_null(ptr);
		assert_ptr_equal(rte_fastmem_realloc(ptr, sizes[i], 0), ptr);
		assert_ptr_equal(rte_fastmem_realloc(ptr, below, 0), ptr);
		assert_ptr_equal(rte_fastmem_realloc(ptr, rte_fastmem_usable_size(ptr), 0), ptr);
		rte_fastmem_free(ptr);
	}
	assert_int_equal(stats_now().bytes_in_use, 0);
}

static void
content_is_kept(void **state)
{
	struct test_rand r = test_rand_start(31);
	size_t size = 100, next;
	void *ptr, *moved;
	int i;

	(void)state;
	ptr = rte_fastmem_alloc(size, 0, 0);
	test_pattern_write(ptr, size, 0);
	for (i = 1; i < 400; i++) {
		next = test_rand_size(&r, 6 * MIB) + 1;
		moved = rte_fastmem_realloc(ptr, next, 0);
		assert_non_null(moved);
		assert_true(rte_fastmem_usable_size(moved) >= next);
		/* The last, cut word of a pattern differs with its length: compare whole ones. */
		assert_true(test_pattern_intact(moved, RTE_MIN(size, next) / 8 * 8, i - 1));
		ptr = moved;
		size = next;
		test_pattern_write(ptr, size, i);
	}
	rte_fastmem_free(ptr);
	assert_int_equal(stats_now().bytes_in_use, 0);
}

static void
a_larger_alignment_is_honoured(void **state)
{
	size_t align;
	void *ptr = rte_fastmem_alloc(100, 0, 0);

	(void)state;
	test_pattern_write(ptr, 96, 5);
	for (align = 64; align <= MIB; align *= 2) {
		ptr = rte_fastmem_realloc(ptr, 100, align);
		assert_non_null(ptr);
		assert_int_equal((uintptr_t)ptr % align, 0);
		assert_true(test_pattern_intact(ptr, 96, 5));
	}
	rte_fastmem_free(ptr);
	assert_int_equal(stats_now().bytes_in_use, 0);
}

static void
assert_fails_and_keeps(void *ptr, size_t size, size_t align, int error)
{
	assert_null(rte_fastmem_realloc(ptr, size, align));
	assert_int_equal(rte_errno, error);
	assert_true(rte_fastmem_owns(ptr));
	assert_int_equal(rte_fastmem_usable_size(ptr), class_of(1000));
	assert_true(test_pattern_intact(ptr, 1000, 8));
	assert_int_equal(class_stats_now(class_of(1000)).in_use, 1);
}

static void
failure_leaves_the_block_as_it_is(void **state)
{
	struct test_blocks blocks = { 0 };
	void *ptr = rte_fastmem_alloc(1000, 0, 0);

	(void)state;
	test_pattern_write(ptr, 1000, 8);
	assert_fails_and_keeps(ptr, 2000, 3, EINVAL);
	assert_fails_and_keeps(ptr, SIZE_MAX, 0, E2BIG);
	assert_fails_and_keeps(ptr, 2000, 2 * MIB, E2BIG);
	assert_fails_and_keeps(ptr, TEST_RESERVED, 0, ENOMEM);
	test_blocks_exhaust(&blocks, MIB, 0);
	assert_fails_and_keeps(ptr, MIB, 0, ENOMEM);
	assert_ptr_equal(rte_fastmem_realloc(ptr, 1001, 0), ptr);
	test_blocks_free(&blocks);
	rte_fastmem_free(ptr);
	assert_int_equal(stats_now().bytes_in_use, 0);
}

static void
what_is_no_block_is_einval(void **state)
{
	char local[64];
	void *heap = malloc(64);

	(void)state;
	assert_null(rte_fastmem_realloc(local, 100, 0));
	assert_int_equal(rte_errno, EINVAL);
	assert_null(rte_fastmem_realloc(heap, 100, 0));
	assert_int_equal(rte_errno, EINVAL);
	assert_int_equal(stats_now().bytes_in_use, 0);
	free(heap);
}

static void
the_node_stays(void **state)
{
	int other;
	size_t size;
	void *ptr;

	(void)state;
	other = reserve_on_other_node(4 * MIB);
	ptr = rte_fastmem_alloc_node(64, 0, 0, other);
	for (size = 64; size <= MIB; size *= 3) {
		ptr = rte_fastmem_realloc(ptr, size, 0);
		assert_int_equal(rte_fastmem_node_of(ptr), other);
	}
	rte_fastmem_free(ptr);
}

int
main(int argc, char **argv)
{
#define RESERVED(test) cmocka_unit_test_setup_teardown(test, setup_reserved, teardown_deinit)
	const struct CMUnitTest tests[] = {
		RESERVED(null_allocates),
		RESERVED(size_zero_frees),
		RESERVED(null_to_size_zero_leaks_nothing),
		RESERVED(the_pointer_stays_while_the_class_fits),
		RESERVED(content_is_kept),
		RESERVED(a_larger_alignment_is_honoured),
		RESERVED(failure_leaves_the_block_as_it_is),
		RESERVED(what_is_no_block_is_einval),
		RESERVED(the_node_stays),
	};

	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("fastmem/realloc", tests, NULL, NULL);
}
