/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Memory freed in one size class serves every other without growth, however it was spread and in
 * whichever order it was freed. */

#include "test_blocks.h"
#include "test_setup.h"

/* Of the reservation, the percentage that blocks of a class must fill at least; its own rounding
 * within a page run or a slab is all that may be missing. */
static unsigned int
expected_percent(size_t class_size)
{
	if (class_size <= 16384)
		return 97;
	return (unsigned int)(SLAB / class_size * class_size * 100 / SLAB);
}

static void
assert_fills_the_reservation(struct test_blocks *blocks, size_t class_size)
{
	size_t n = test_blocks_exhaust(blocks, class_size, 0);

	if (n * class_size * 100 < TEST_RESERVED * expected_percent(class_size))
		fail_msg("%zu blocks of %zu bytes fill %zu %% only", n, class_size,
			 n * class_size * 100 / TEST_RESERVED);
	assert_true(test_blocks_intact(blocks));
}

static void
each_class_after_each_other_has_it_all(void **state)
{
	struct test_rand r = test_rand_start(101);
	size_t sizes[RTE_FASTMEM_MAX_CLASSES];
	unsigned int i, n = rte_fastmem_classes(sizes);
	struct test_blocks blocks = { 0 };
	unsigned int zones = zones_count();

	(void)state;
	for (i = 0; i < 3 * n; i++) {
		assert_fills_the_reservation(&blocks, sizes[test_rand_below(&r, n)]);
		test_blocks_shuffle(&blocks, &r);
		test_blocks_free(&blocks);
	}
	assert_int_equal(zones_count(), zones);
	assert_int_equal(node_stats_now().growths, 0);
}

/* A few blocks stay behind, in every slab: what is free around them serves the other class. */
static void
survivors_do_not_hold_their_slab(void **state)
{
	struct test_rand r = test_rand_start(102);
	struct test_blocks blocks = { 0 }, kept = { 0 }, others = { 0 };
	size_t n, i;

	(void)state;
	n = test_blocks_exhaust(&blocks, 64, 0);
	test_blocks_shuffle(&blocks, &r);
	for (i = 0; i < 64; i++)
		test_blocks_add(&kept, test_blocks_take(&blocks, blocks.n - 1).ptr, 64);
	test_blocks_free(&blocks);
	assert_true(n > 0);
	/* Each survivor can hold its own 4 KiB page, or a short run of them, and no more. */
	n = test_blocks_exhaust(&others, 4096, 0);
	assert_true(n >= TEST_RESERVED / 4096 * 97 / 100 - 64 * 4);
	assert_true(test_blocks_intact(&kept));
	test_blocks_free(&others);
	test_blocks_free(&kept);
}

/* Generation after generation of random sizes with a few long-lived ones among them. */
static void
turnover_of_random_sizes_does_not_eat_the_memory(void **state)
{
	struct test_rand r = test_rand_start(103);
	struct test_blocks blocks = { 0 };
	uint64_t bytes = 0;
	struct test_block *block;
	int i, failed = 0;
	size_t size;

	(void)state;
	for (i = 0; i < 200000; i++) {
		size = 1 + test_rand_size(&r, 8192);
		while (bytes + size > TEST_RESERVED / 2) {
			block = &blocks.at[test_rand_below(&r, blocks.n)];
			bytes -= block->size;
			rte_fastmem_free(test_blocks_take(&blocks, block - blocks.at).ptr);
		}
		if (test_blocks_alloc(&blocks, size, 0))
			bytes += size;
		else
			failed++;
	}
	assert_int_equal(failed, 0);
	assert_true(test_blocks_intact(&blocks));
	test_blocks_free(&blocks);
	assert_fills_the_reservation(&blocks, MIB);
	test_blocks_free(&blocks);
}

static void
small_mixed_sizes_fill_most_of_it(void **state)
{
	struct test_rand r = test_rand_start(104);
	struct test_blocks blocks = { 0 };
	uint64_t bytes = 0;
	size_t size;

	(void)state;
	do {
		size = 64 + test_rand_below(&r, 1500);
		bytes += size;
	} while (test_blocks_alloc(&blocks, size, 0));
	assert_true(bytes * 100 >= TEST_RESERVED * 85);
	test_blocks_shuffle(&blocks, &r);
	test_blocks_free(&blocks);
	assert_fills_the_reservation(&blocks, class_of(600000));
	test_blocks_free(&blocks);
}

int
main(int argc, char **argv)
{
#define RESERVED(test) cmocka_unit_test_setup_teardown(test, setup_reserved, teardown_deinit)
	const struct CMUnitTest tests[] = {
		RESERVED(each_class_after_each_other_has_it_all),
		RESERVED(survivors_do_not_hold_their_slab),
		RESERVED(turnover_of_random_sizes_does_not_eat_the_memory),
		RESERVED(small_mixed_sizes_fill_most_of_it),
	};

	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("fastmem/reuse", tests, NULL, NULL);
}
