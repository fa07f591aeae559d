/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Handles: a class of a node, looked up once, valid everywhere, with the errors of a look-up. */

#include "test_blocks.h"
#include "test_setup.h"

/* Volatile, or the compiler warns of what it sees would be written beyond the array. */
static volatile unsigned int beyond_any_count = UINT32_MAX;

static rte_fastmem_handle_t
handle_of(size_t size, size_t align)
{
	rte_fastmem_handle_t handle;

	assert_int_equal(rte_fastmem_hlookup(size, align, test_node(), &handle), 0);
	return handle;
}

static void
every_class_has_a_handle(void **state)
{
	size_t sizes[RTE_FASTMEM_MAX_CLASSES];
	unsigned int i, n = rte_fastmem_classes(sizes);
	rte_fastmem_handle_t handle;
	void *ptr;

	(void)state;
	for (i = 0; i < n; i++) {
		handle = handle_of(sizes[i], 0);
		assert_int_equal(handle, handle_of(sizes[i] - 1, 0));
		ptr = rte_fastmem_halloc(handle, 0);
		assert_non_null(ptr);
		assert_int_equal(rte_fastmem_usable_size(ptr), sizes[i]);
		assert_int_equal(rte_fastmem_node_of(ptr), test_node());
		assert_int_equal(class_stats_now(sizes[i]).in_use, 1);
		memset(ptr, 1, sizes[i]);
		rte_fastmem_hfree(handle, ptr);
		assert_int_equal(class_stats_now(sizes[i]).in_use, 0);
	}
}

static void
size_zero_has_the_smallest_class(void **state)
{
	(void)state;
	assert_int_equal(handle_of(0, 0), handle_of(1, 0));
}

static void
a_handle_honours_its_alignment(void **state)
{
	rte_fastmem_handle_t handle;
	size_t align, size;
	void *ptrs[3];
	int i;

	(void)state;
	for (align = 1; align <= MIB; align *= 2) {
		for (size = 1; size <= MIB; size = size * 5 + 1) {
			handle = handle_of(size, align);
			for (i = 0; i < 3; i++) {
				ptrs[i] = rte_fastmem_halloc(handle, 0);
				assert_non_null(ptrs[i]);
				assert_int_equal((uintptr_t)ptrs[i] % align, 0);
				assert_true(rte_fastmem_usable_size(ptrs[i]) >= size);
			}
			rte_fastmem_hfree_bulk(handle, ptrs, 3);
		}
	}
	assert_int_equal(stats_now().bytes_in_use, 0);
}

static void
lookup_refuses_what_it_must(void **state)
{
	rte_fastmem_handle_t handle = 4242;

	(void)state;
	assert_int_equal(rte_fastmem_hlookup(MIB + 1, 0, test_node(), &handle), -E2BIG);
	assert_int_equal(rte_fastmem_hlookup(SIZE_MAX, 0, test_node(), &handle), -E2BIG);
	assert_int_equal(rte_fastmem_hlookup(64, 2 * MIB, test_node(), &handle), -E2BIG);
	assert_int_equal(rte_fastmem_hlookup(64, 3, test_node(), &handle), -EINVAL);
	assert_int_equal(rte_fastmem_hlookup(SIZE_MAX, 3, test_node(), &handle), -EINVAL);
	assert_int_equal(rte_fastmem_hlookup(64, 0, -2, &handle), -EINVAL);
	assert_int_equal(rte_fastmem_hlookup(64, 0, RTE_NUMA_MAX_NODES, &handle), -EINVAL);
	assert_int_equal(rte_fastmem_hlookup(64, 3, INT32_MAX, &handle), -EINVAL);
	assert_int_equal(handle, 4242);
}

static void
any_is_the_callers_node(void **state)
{
	rte_fastmem_handle_t handle;

	(void)state;
	assert_int_equal(rte_fastmem_hlookup(64, 0, RTE_NUMA_NODE_ANY, &handle), 0);
	assert_int_equal(handle, handle_of(64, 0));
}

static void
bulk_gives_blocks_of_the_handles_class(void **state)
{
	static const size_t sizes[] = { 1, 64, 300, 1500, 2049, 10000, 100000, 600000 };
	rte_fastmem_handle_t handle;
	void *ptrs[20];
	size_t i, j;

	(void)state;
	for (i = 0; i < RTE_DIM(sizes); i++) {
		handle = handle_of(sizes[i], 0);
		assert_int_equal(rte_fastmem_halloc_bulk(handle, ptrs, RTE_DIM(ptrs), 0), 0);
		for (j = 0; j < RTE_DIM(ptrs); j++)
			assert_int_equal(rte_fastmem_usable_size(ptrs[j]), class_of(sizes[i]));
		assert_int_equal(class_stats_now(class_of(sizes[i])).in_use, RTE_DIM(ptrs));
		rte_fastmem_hfree_bulk(handle, ptrs, RTE_DIM(ptrs));
	}
	assert_int_equal(stats_now().bytes_in_use, 0);
}

static void
bulk_is_all_or_nothing(void **state)
{
	rte_fastmem_handle_t handle = handle_of(MIB, 0);
	void *ptrs[TEST_RESERVED / MIB + 1];
	size_t i;

	(void)state;
	for (i = 0; i < RTE_DIM(ptrs); i++)
		ptrs[i] = &ptrs[i];
	assert_int_equal(rte_fastmem_halloc_bulk(handle, ptrs, RTE_DIM(ptrs), 0), -ENOMEM);
	assert_int_equal(rte_fastmem_halloc_bulk(handle, ptrs, beyond_any_count, 0), -ENOMEM);
	for (i = 0; i < RTE_DIM(ptrs); i++)
		assert_ptr_equal(ptrs[i], &ptrs[i]);
	assert_int_equal(rte_fastmem_halloc_bulk(handle, ptrs, RTE_DIM(ptrs) - 1, 0), 0);
	assert_null(rte_fastmem_halloc(handle, 0));
	assert_int_equal(rte_errno, ENOMEM);
	rte_fastmem_hfree_bulk(handle, ptrs, RTE_DIM(ptrs) - 1);
}

static void
bulk_of_none_succeeds_after_the_arguments_are_checked(void **state)
{
	rte_fastmem_handle_t handle = handle_of(64, 0);
	void *ptr;

	(void)state;
	assert_int_equal(rte_fastmem_halloc_bulk(handle, &ptr, 0, 0), 0);
	assert_int_equal(rte_fastmem_halloc_bulk(handle, &ptr, 0, 1u << 31), -EINVAL);
	rte_fastmem_hfree_bulk(handle, &ptr, 0);
}

static void
halloc_clears_the_whole_class(void **state)
{
	rte_fastmem_handle_t handle = handle_of(1400, 0);
	size_t size = class_of(1400);
	void *ptrs[10];
	int i, round;

	(void)state;
	for (round = 0; round < 3; round++) {
		assert_int_equal(rte_fastmem_halloc_bulk(handle, ptrs, 9, RTE_FASTMEM_F_ZERO), 0);
		ptrs[9] = rte_fastmem_halloc(handle, RTE_FASTMEM_F_ZERO);
		assert_non_null(ptrs[9]);
		for (i = 0; i < 10; i++) {
			assert_true(test_all_zero(ptrs[i], size));
			memset(ptrs[i], 0xdd, size);
		}
		rte_fastmem_hfree_bulk(handle, ptrs, 10);
	}
}

static void
flags_and_numbers_that_are_no_handle_are_einval(void **state)
{
	static const rte_fastmem_handle_t wrong[] = { 0, 1, 0xfff, 0xf0000000, UINT32_MAX };
	void *ptr = &ptr;
	size_t i;

	(void)state;
	assert_null(rte_fastmem_halloc(handle_of(64, 0), 1u << 31));
	assert_int_equal(rte_errno, EINVAL);
	for (i = 0; i < RTE_DIM(wrong); i++) {
		assert_null(rte_fastmem_halloc(wrong[i], 0));
		assert_int_equal(rte_errno, EINVAL);
		assert_int_equal(rte_fastmem_halloc_bulk(wrong[i], &ptr, 1, 0), -EINVAL);
		assert_ptr_equal(ptr, &ptr);
	}
}

static void
handles_mix_with_the_plain_calls(void **state)
{
	rte_fastmem_handle_t handle = handle_of(500, 0);
	void *ptr;
	int i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		ptr = rte_fastmem_halloc(handle, 0);
		assert_non_null(ptr);
		rte_fastmem_free(ptr);
		ptr = rte_fastmem_alloc(500, 0, 0);
		assert_non_null(ptr);
		rte_fastmem_hfree(handle, ptr);
		ptr = rte_fastmem_halloc(handle, 0);
		rte_fastmem_free_sized(ptr, 500, 0);
	}
	assert_int_equal(stats_now().bytes_in_use, 0);
	assert_int_equal(stats_now().alloc_total, 3000);
}

static void
free_bulk_by_handle_skips_nulls(void **state)
{
	rte_fastmem_handle_t handle = handle_of(64, 0);
	void *ptrs[5] = { NULL };

	(void)state;
	ptrs[1] = rte_fastmem_halloc(handle, 0);
	ptrs[3] = rte_fastmem_halloc(handle, 0);
	rte_fastmem_hfree_bulk(handle, ptrs, 5);
	rte_fastmem_hfree(handle, NULL);
	assert_int_equal(stats_now().bytes_in_use, 0);
	assert_int_equal(stats_now().free_total, 2);
}

static void *
use_handle(void *arg)
{
	rte_fastmem_handle_t handle = *(rte_fastmem_handle_t *)arg;
	void *ptr = rte_fastmem_halloc(handle, 0);
	bool right = ptr != NULL && rte_fastmem_usable_size(ptr) == class_of(2000);

	rte_fastmem_hfree(handle, ptr);
	return right ? arg : NULL;
}

static void
a_handle_is_valid_in_every_thread(void **state)
{
	rte_fastmem_handle_t handle = handle_of(2000, 0);
	pthread_t thread;
	void *right;

	(void)state;
	test_thread_start(&thread, use_handle, &handle);
	pthread_join(thread, &right);
	assert_non_null(right);
	assert_int_equal(stats_now().bytes_in_use, 0);
}

static void
a_handle_of_another_node_serves_that_node(void **state)
{
	rte_fastmem_handle_t handle;
	int other;
	void *ptr;

	(void)state;
	other = reserve_on_other_node(2 * MIB);
	assert_int_equal(rte_fastmem_hlookup(64, 0, other, &handle), 0);
	ptr = rte_fastmem_halloc(handle, 0);
	assert_int_equal(rte_fastmem_node_of(ptr), other);
	rte_fastmem_hfree(handle, ptr);
}

int
main(int argc, char **argv)
{
#define RESERVED(test) cmocka_unit_test_setup_teardown(test, setup_reserved, teardown_deinit)
	const struct CMUnitTest tests[] = {
		RESERVED(every_class_has_a_handle),
		RESERVED(size_zero_has_the_smallest_class),
		RESERVED(a_handle_honours_its_alignment),
		RESERVED(lookup_refuses_what_it_must),
		RESERVED(any_is_the_callers_node),
		RESERVED(bulk_gives_blocks_of_the_handles_class),
		RESERVED(bulk_is_all_or_nothing),
		RESERVED(bulk_of_none_succeeds_after_the_arguments_are_checked),
		RESERVED(halloc_clears_the_whole_class),
		RESERVED(flags_and_numbers_that_are_no_handle_are_einval),
		RESERVED(handles_mix_with_the_plain_calls),
		RESERVED(free_bulk_by_handle_skips_nulls),
		RESERVED(a_handle_is_valid_in_every_thread),
		RESERVED(a_handle_of_another_node_serves_that_node),
	};

	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("fastmem/handle", tests, NULL, NULL);
}
