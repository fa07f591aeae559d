/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Before rte_fastmem_init(), before rte_eal_init() even, and after rte_fastmem_deinit(), every
 * function of the API gives its error, and none crashes. */

#include "test_setup.h"

static int no_such_node = RTE_NUMA_MAX_NODES;

static void
assert_null_with(void *ptr, int error)
{
	assert_null(ptr);
	assert_int_equal(rte_errno, error);
}

static void
allocation_says_enodev(void **state)
{
	(void)state;
	assert_null_with(rte_fastmem_alloc(64, 0, 0), ENODEV);
	assert_null_with(rte_fastmem_alloc(0, 0, 0), ENODEV);
	assert_null_with(rte_fastmem_alloc(100, 0, RTE_FASTMEM_F_ZERO), ENODEV);
	assert_null_with(rte_fastmem_alloc(MIB, 0, 0), ENODEV);
	assert_null_with(rte_fastmem_alloc(8 * MIB, 0, 0), ENODEV);
	assert_null_with(rte_fastmem_alloc_node(64, 0, 0, RTE_NUMA_NODE_ANY), ENODEV);
	assert_null_with(rte_fastmem_realloc(NULL, 64, 0), ENODEV);
}

static void
initialised_is_checked_after_node_and_before_alignment_and_size(void **state)
{
	(void)state;
	assert_null_with(rte_fastmem_alloc_node(64, 0, 0, no_such_node), EINVAL);
	assert_null_with(rte_fastmem_alloc(64, 3, 0), ENODEV);
	assert_null_with(rte_fastmem_alloc(SIZE_MAX, 0, 0), ENODEV);
	assert_null_with(rte_fastmem_alloc_node(SIZE_MAX, 3, 0, RTE_NUMA_NODE_ANY), ENODEV);
}

static void
bulk_allocation_says_enodev(void **state)
{
	void *ptrs[2] = { &no_such_node, &no_such_node };

	(void)state;
	assert_int_equal(rte_fastmem_alloc_bulk(ptrs, 2, 64, 0, 0), -ENODEV);
	assert_int_equal(rte_fastmem_alloc_bulk(ptrs, 0, 64, 0, 0), -ENODEV);
	assert_int_equal(rte_fastmem_alloc_bulk_node(ptrs, 2, 64, 0, 0, RTE_NUMA_NODE_ANY),
			 -ENODEV);
	assert_int_equal(rte_fastmem_alloc_bulk_node(ptrs, 2, 64, 0, 0, no_such_node), -EINVAL);
	assert_ptr_equal(ptrs[0], &no_such_node);
	assert_ptr_equal(ptrs[1], &no_such_node);
}

static void
handles_say_enodev(void **state)
{
	rte_fastmem_handle_t handle = 12345;
	void *ptrs[2] = { &no_such_node, &no_such_node };

	(void)state;
	assert_int_equal(rte_fastmem_hlookup(64, 0, RTE_NUMA_NODE_ANY, &handle), -ENODEV);
	assert_int_equal(rte_fastmem_hlookup(64, 0, no_such_node, &handle), -EINVAL);
	assert_int_equal(handle, 12345);
	assert_null_with(rte_fastmem_halloc(0, 0), ENODEV);
	assert_null_with(rte_fastmem_halloc(UINT32_MAX, 0), ENODEV);
	assert_int_equal(rte_fastmem_halloc_bulk(0, ptrs, 2, 0), -ENODEV);
	assert_int_equal(rte_fastmem_halloc_bulk(UINT32_MAX, ptrs, 2, 0), -ENODEV);
	assert_ptr_equal(ptrs[0], &no_such_node);
}

static void
reservation_and_limit_say_einval(void **state)
{
	(void)state;
	assert_int_equal(rte_fastmem_reserve(MIB, RTE_NUMA_NODE_ANY), -EINVAL);
	assert_int_equal(rte_fastmem_reserve_more(MIB, RTE_NUMA_NODE_ANY), -EINVAL);
	assert_int_equal(rte_fastmem_reserve_pages(MIB, 0, RTE_NUMA_NODE_ANY), -EINVAL);
	assert_int_equal(rte_fastmem_reserve(MIB, no_such_node), -EINVAL);
	assert_int_equal(rte_fastmem_set_limit(RTE_NUMA_NODE_ANY, MIB), -EINVAL);
	assert_int_equal(rte_fastmem_set_limit(no_such_node, MIB), -EINVAL);
	assert_int_equal(rte_fastmem_reserved(RTE_NUMA_NODE_ANY), 0);
	assert_int_equal(rte_fastmem_get_limit(RTE_NUMA_NODE_ANY), 0);
}

static void
growth_and_trim_say_enodev(void **state)
{
	(void)state;
	assert_int_equal(rte_fastmem_set_growth(RTE_NUMA_NODE_ANY, false), -ENODEV);
	assert_int_equal(rte_fastmem_get_growth(RTE_NUMA_NODE_ANY), -ENODEV);
	assert_int_equal(rte_fastmem_trim(RTE_NUMA_NODE_ANY), -ENODEV);
}

static void
statistics_say_enodev(void **state)
{
	struct rte_fastmem_lcore_class_stats lcore_class;
	struct rte_fastmem_class_stats class;
	struct rte_fastmem_lcore_stats lcore;
	struct rte_fastmem_node_stats node;
	struct rte_fastmem_stats stats;

	(void)state;
	assert_int_equal(rte_fastmem_stats(&stats), -ENODEV);
	assert_int_equal(rte_fastmem_stats_class(64, &class), -ENODEV);
	assert_int_equal(rte_fastmem_stats_lcore(0, &lcore), -ENODEV);
	assert_int_equal(rte_fastmem_stats_lcore_class(0, 64, &lcore_class), -ENODEV);
	assert_int_equal(rte_fastmem_stats_shared(&lcore), -ENODEV);
	assert_int_equal(rte_fastmem_stats_shared_class(64, &lcore_class), -ENODEV);
	assert_int_equal(rte_fastmem_stats_node(0, &node), -ENODEV);
	rte_fastmem_stats_reset();
}

static void
no_pointer_is_a_block(void **state)
{
	(void)state;
	assert_false(rte_fastmem_owns(&no_such_node));
	assert_false(rte_fastmem_owns(NULL));
	assert_int_equal(rte_fastmem_usable_size(&no_such_node), 0);
	assert_int_equal(rte_fastmem_node_of(&no_such_node), -1);
	assert_true(rte_fastmem_virt2iova(&no_such_node) == RTE_BAD_IOVA);
}

static void
freeing_does_not_crash(void **state)
{
	void *ptrs[2] = { NULL, &no_such_node };

	(void)state;
	rte_fastmem_free(NULL);
	rte_fastmem_free(&no_such_node);
	rte_fastmem_free_sized(NULL, 64, 0);
	rte_fastmem_free_sized(&no_such_node, 64, 0);
	rte_fastmem_free_bulk(ptrs, 2);
	rte_fastmem_free_bulk(NULL, 0);
	rte_fastmem_hfree(0, NULL);
	rte_fastmem_hfree(UINT32_MAX, &no_such_node);
	rte_fastmem_hfree_bulk(UINT32_MAX, ptrs, 2);
	rte_fastmem_cache_flush();
}

static void
what_needs_nothing_works(void **state)
{
	size_t sizes[RTE_FASTMEM_MAX_CLASSES] = { 0 };
	unsigned int n;

	(void)state;
	assert_int_equal(rte_fastmem_max_size(), MIB);
	n = rte_fastmem_classes(sizes);
	assert_in_range(n, 1, RTE_FASTMEM_MAX_CLASSES);
	assert_int_equal(sizes[n - 1], MIB);
}

static void
deinit_does_nothing(void **state)
{
	(void)state;
	rte_fastmem_deinit();
	assert_null_with(rte_fastmem_alloc(64, 0, 0), ENODEV);
}

static void
a_handle_and_a_pointer_from_before_deinit_are_refused(void **state)
{
	rte_fastmem_handle_t handle;
	void *ptr;

	(void)state;
	assert_int_equal(rte_fastmem_hlookup(64, 0, test_node(), &handle), 0);
	ptr = rte_fastmem_alloc(64, 0, 0);
	assert_non_null(ptr);
	rte_fastmem_deinit();
	assert_null_with(rte_fastmem_halloc(handle, 0), ENODEV);
	assert_false(rte_fastmem_owns(ptr));
	assert_int_equal(rte_fastmem_usable_size(ptr), 0);
	rte_fastmem_free(ptr);
	rte_fastmem_hfree(handle, ptr);
	assert_null_with(rte_fastmem_alloc(64, 0, 0), ENODEV);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest uninitialised[] = {
		cmocka_unit_test(allocation_says_enodev),
		cmocka_unit_test(initialised_is_checked_after_node_and_before_alignment_and_size),
		cmocka_unit_test(bulk_allocation_says_enodev),
		cmocka_unit_test(handles_say_enodev),
		cmocka_unit_test(reservation_and_limit_say_einval),
		cmocka_unit_test(growth_and_trim_say_enodev),
		cmocka_unit_test(statistics_say_enodev),
		cmocka_unit_test(no_pointer_is_a_block),
		cmocka_unit_test(freeing_does_not_crash),
		cmocka_unit_test(what_needs_nothing_works),
		cmocka_unit_test(deinit_does_nothing),
	};
	const struct CMUnitTest stale[] = {
		cmocka_unit_test_setup(a_handle_and_a_pointer_from_before_deinit_are_refused,
				       setup_reserved),
	};
	int failed;

	failed = cmocka_run_group_tests_name("fastmem before EAL", uninitialised, NULL, NULL);
	test_eal_start(argc, argv);
	failed += cmocka_run_group_tests_name("fastmem before init", uninitialised, NULL, NULL);
	failed += cmocka_run_group_tests_name("fastmem stale", stale, NULL, NULL);
	failed += cmocka_run_group_tests_name("fastmem after deinit", uninitialised, NULL, NULL);
	return failed;
}
