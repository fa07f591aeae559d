/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Trim gives wholly free chunks back to EAL: all that growth took, nothing that was reserved and
 * nothing that is in use. */

#include "test_blocks.h"
#include "test_setup.h"

static void
nothing_to_give_back_is_zero(void **state)
{
	(void)state;
	assert_int_equal(rte_fastmem_trim(test_node()), 0);
	assert_int_equal(rte_fastmem_trim(RTE_NUMA_NODE_ANY), 0);
	assert_int_equal(rte_fastmem_reserve(4 * MIB, test_node()), 0);
	assert_int_equal(rte_fastmem_trim(test_node()), 0);
	assert_int_equal(rte_fastmem_trim(RTE_NUMA_NODE_ANY), 0);
	assert_int_equal(stats_now().bytes_backing, 4 * MIB);
}

static void
a_node_that_does_not_exist_is_einval(void **state)
{
	(void)state;
	assert_int_equal(rte_fastmem_trim(RTE_NUMA_MAX_NODES), -EINVAL);
	assert_int_equal(rte_fastmem_trim(-2), -EINVAL);
}

static void
growth_goes_back_to_eal(void **state)
{
	struct test_blocks blocks = { 0 };
	uint64_t backing;
	size_t heap;

	(void)state;
	heap = eal_heap_bytes();
	while (blocks.n < 20)
		assert_true(test_blocks_alloc(&blocks, MIB, 0));
	backing = stats_now().bytes_backing;
	assert_true(backing >= 20 * MIB);
	test_blocks_free(&blocks);
	rte_fastmem_cache_flush();
	assert_int_equal(rte_fastmem_trim(test_node()), backing);
	assert_int_equal(stats_now().bytes_backing, 0);
	assert_int_equal(node_stats_now().chunks, 0);
	assert_int_equal(zones_count(), 0);
	assert_true(eal_heap_bytes() <= heap + SLAB);
}

static void
small_blocks_everywhere_go_back_too(void **state)
{
	struct test_rand r = test_rand_start(111);
	struct test_blocks blocks = { 0 };
	uint64_t backing;

	(void)state;
	while (stats_now().bytes_backing < 6 * SLAB)
		assert_true(test_blocks_alloc(&blocks, 1 + test_rand_size(&r, 3000), 0));
	backing = stats_now().bytes_backing;
	test_blocks_shuffle(&blocks, &r);
	test_blocks_free(&blocks);
	rte_fastmem_cache_flush();
	assert_int_equal(rte_fastmem_trim(RTE_NUMA_NODE_ANY), backing);
	assert_int_equal(zones_count(), 0);
}

static void
what_was_reserved_stays(void **state)
{
	struct test_blocks blocks = { 0 };

	(void)state;
	assert_int_equal(rte_fastmem_reserve(8 * MIB, test_node()), 0);
	while (blocks.n < 24)
		assert_true(test_blocks_alloc(&blocks, MIB, 0));
	assert_true(stats_now().bytes_backing > 8 * MIB);
	test_blocks_free(&blocks);
	rte_fastmem_cache_flush();
	assert_true(rte_fastmem_trim(test_node()) > 0);
	assert_int_equal(rte_fastmem_reserved(test_node()), 8 * MIB);
	assert_true(stats_now().bytes_backing >= 8 * MIB);
	assert_int_equal(rte_fastmem_set_growth(test_node(), false), 0);
	assert_true(test_blocks_exhaust(&blocks, MIB, 0) >= 8);
	test_blocks_free(&blocks);
}

static void
what_is_in_use_stays(void **state)
{
	struct test_blocks blocks = { 0 }, kept = { 0 };
	int64_t given;
	uint64_t backing;

	(void)state;
	while (blocks.n < 12) {
		assert_true(test_blocks_alloc(&blocks, MIB, 0));
		if (blocks.n == 6)
			assert_true(test_blocks_alloc(&kept, 5000, 0));
	}
	backing = stats_now().bytes_backing;
	test_blocks_free(&blocks);
	rte_fastmem_cache_flush();
	given = rte_fastmem_trim(test_node());
	assert_true(given >= 0 && (uint64_t)given < backing);
	assert_int_equal(stats_now().bytes_backing, backing - given);
	assert_true(rte_fastmem_owns(kept.at[0].ptr));
	assert_true(test_blocks_intact(&kept));
	test_blocks_free(&kept);
	rte_fastmem_cache_flush();
	assert_int_equal(rte_fastmem_trim(test_node()), backing - given);
	assert_int_equal(zones_count(), 0);
}

static void
it_grows_again_after_a_trim(void **state)
{
	struct test_blocks blocks = { 0 };
	int round;

	(void)state;
	for (round = 0; round < 10; round++) {
		while (blocks.n < 5)
			assert_true(test_blocks_alloc(&blocks, MIB, 0));
		assert_true(test_blocks_alloc(&blocks, 3 * MIB, 0));
		while (blocks.n < 500)
			assert_true(test_blocks_alloc(&blocks, 1000, 0));
		assert_true(test_blocks_intact(&blocks));
		assert_true(test_blocks_disjoint(&blocks));
		test_blocks_free(&blocks);
		rte_fastmem_cache_flush();
		assert_true(rte_fastmem_trim(test_node()) > 0);
		assert_int_equal(stats_now().bytes_backing, 0);
	}
}

static void
a_reservation_after_a_trim_has_it_all(void **state)
{
	struct test_blocks blocks = { 0 };

	(void)state;
	assert_true(test_blocks_alloc(&blocks, MIB, 0));
	test_blocks_free(&blocks);
	rte_fastmem_cache_flush();
	rte_fastmem_trim(test_node());
	assert_int_equal(rte_fastmem_reserve(8 * MIB, test_node()), 0);
	assert_int_equal(rte_fastmem_set_growth(test_node(), false), 0);
	assert_int_equal(test_blocks_exhaust(&blocks, MIB, 0), 8);
	test_blocks_free(&blocks);
}

static void
contents_beside_a_trim_are_left_alone(void **state)
{
	struct test_rand r = test_rand_start(112);
	struct test_blocks blocks = { 0 };
	int i;

	(void)state;
	for (i = 0; i < 600; i++) {
		if (blocks.n < 40)
			assert_true(test_blocks_alloc(&blocks, 1 + test_rand_size(&r, MIB - 1), 0));
		else
			rte_fastmem_free(test_blocks_take(&blocks, test_rand_below(&r, 40)).ptr);
		if (i % 20 != 0)
			continue;
		assert_true(rte_fastmem_trim(test_node()) >= 0);
		assert_true(test_blocks_intact(&blocks));
	}
	test_blocks_free(&blocks);
	rte_fastmem_cache_flush();
	rte_fastmem_trim(test_node());
	assert_int_equal(zones_count(), 0);
}

struct beside {
	volatile bool stop;
	unsigned int wrong;
};

static void *
allocate_beside_trim(void *arg)
{
	struct beside *beside = arg;
	struct test_rand r = test_rand_start(113);
	struct test_blocks own = { 0 };

	while (!beside->stop) {
		while (own.n < 6)
			beside->wrong +=
				!test_blocks_alloc(&own, 1 + test_rand_size(&r, MIB - 1), 0);
		beside->wrong += !test_blocks_intact(&own);
		test_blocks_free(&own);
		rte_fastmem_cache_flush();
	}
	return NULL;
}

static void
a_thread_allocates_while_another_trims(void **state)
{
	struct beside beside = { 0 };
	pthread_t threads[2];
	int i;

	(void)state;
	for (i = 0; i < 2; i++)
		test_thread_start(&threads[i], allocate_beside_trim, &beside);
	for (i = 0; i < 300; i++)
		assert_true(rte_fastmem_trim(test_node()) >= 0);
	beside.stop = true;
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(beside.wrong, 0);
	rte_fastmem_trim(test_node());
	assert_int_equal(zones_count(), 0);
}

static void
what_grew_before_a_further_reservation_goes_back(void **state)
{
	struct test_blocks blocks = { 0 };

	(void)state;
	assert_int_equal(rte_fastmem_reserve(4 * MIB, test_node()), 0);
	while (stats_now().bytes_backing < 12 * MIB)
		assert_true(test_blocks_alloc(&blocks, MIB, 0));
	assert_int_equal(rte_fastmem_reserve_more(2 * MIB, test_node()), 0);
	assert_int_equal(rte_fastmem_reserved(test_node()), 6 * MIB);
	test_blocks_free(&blocks);
	assert_true(rte_fastmem_trim(test_node()) > 0);
	assert_true(stats_now().bytes_backing >= 6 * MIB);
	assert_true(stats_now().bytes_backing < 12 * MIB);
}

static void
less_memory_follows_where_much_was_trimmed(void **state)
{
	struct test_blocks blocks = { 0 };
	size_t sizes[RTE_FASTMEM_MAX_CLASSES];
	unsigned int i, k, n = rte_fastmem_classes(sizes);
	size_t heap = eal_heap_bytes();
	void *large = rte_fastmem_alloc(100 * SLAB, 0, 0);

	(void)state;
	if (large == NULL)
		skip_because("EAL has too little memory for a chunk of so many slabs");
	rte_fastmem_free(large);
	/* Magazines lie behind the slabs' records: have something written in them. */
	for (i = 0; i < n && sizes[i] < 20000; i++)
		for (k = 0; k < 300; k++)
			assert_true(test_blocks_alloc(&blocks, sizes[i], 0));
	test_blocks_free(&blocks);
	rte_fastmem_cache_flush();
	assert_true(rte_fastmem_trim(test_node()) > 0);
	/* Looked for from the last slab that there is said to be. */
	while (blocks.n < 100)
		assert_true(test_blocks_alloc(&blocks, 18000, 0));
	assert_true(eal_heap_bytes() < heap + 100 * SLAB);
	assert_true(test_blocks_disjoint(&blocks));
	assert_true(test_blocks_intact(&blocks));
	test_blocks_free(&blocks);
}

static void *
trim_until_told(void *arg)
{
	struct beside *beside = arg;

	while (!beside->stop)
		beside->wrong += rte_fastmem_trim(test_node()) != 0;
	return NULL;
}

static void
a_chunk_that_trim_could_not_have_is_found_again(void **state)
{
	struct beside beside = { 0 };
	struct test_blocks blocks = { 0 };
	uint64_t backing;
	pthread_t thread;
	void *kept, *ptr;
	int i;

	(void)state;
	ptr = rte_fastmem_alloc(16 * SLAB, 0, 0);
	assert_non_null(ptr);
	assert_int_equal(rte_fastmem_set_growth(test_node(), false), 0);
	rte_fastmem_free(ptr);
	backing = stats_now().bytes_backing;
	/* In the last slab: trim takes all others before it finds that it cannot. */
	kept = rte_fastmem_alloc(MIB, 0, 0);
	assert_non_null(kept);
	test_thread_start(&thread, trim_until_told, &beside);
	for (i = 0; i < 50000; i++) {
		rte_fastmem_free(rte_fastmem_alloc(4096, 0, 0));
		rte_fastmem_cache_flush();
	}
	beside.stop = true;
	pthread_join(thread, NULL);
	assert_int_equal(beside.wrong, 0);
	assert_int_equal(test_blocks_exhaust(&blocks, 4096, 0), (backing - MIB) / 4096);
	test_blocks_free(&blocks);
	rte_fastmem_free(kept);
}

int
main(int argc, char **argv)
{
#define INIT(test) cmocka_unit_test_setup_teardown(test, setup_init, teardown_deinit)
	const struct CMUnitTest tests[] = {
		INIT(nothing_to_give_back_is_zero),
		INIT(a_node_that_does_not_exist_is_einval),
		INIT(growth_goes_back_to_eal),
		INIT(small_blocks_everywhere_go_back_too),
		INIT(what_was_reserved_stays),
		INIT(what_grew_before_a_further_reservation_goes_back),
		INIT(what_is_in_use_stays),
		INIT(it_grows_again_after_a_trim),
		INIT(a_reservation_after_a_trim_has_it_all),
		INIT(contents_beside_a_trim_are_left_alone),
		INIT(a_thread_allocates_while_another_trims),
		INIT(less_memory_follows_where_much_was_trimmed),
		INIT(a_chunk_that_trim_could_not_have_is_found_again),
	};

	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("fastmem/trim", tests, NULL, NULL);
}
